/**
 * Counters in the Prometheus text format (version 0.0.4). Each of several processes has its own, labelled with its
 * `worker` and `pid`, and a scrape reaches one of them: scrape often, and sum the last value of each worker.
 */
import type { Telemetry } from '../../lib/update/check/check-api.ts';
import type { Route } from './reply.ts';

const CHECK_OUTCOMES = ['update', 'current', 'unknown', 'refused', 'failed'] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

/** Upper bounds in seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

interface RouteTotals {
  statuses: Map<number, number>;
  bytes: number;
  /** The last one counts values above all bounds. */
  buckets: number[];
  seconds: number;
  count: number;
}

type Labels = Record<string, string | number>;

export class Metrics {
  readonly #own: Labels;
  readonly #routes = new Map<Route, RouteTotals>();
  readonly #checks = new Map<CheckOutcome, number>();
  readonly #updates = new Map<string, number>();

  constructor(own: { worker: number; pid: number }) {
    this.#own = own;
  }

  request(route: Route, status: number, bytes: number, seconds: number): void {
    let totals = this.#routes.get(route);
    if (totals === undefined) {
      const buckets = Array.from({ length: BUCKETS.length + 1 }, () => 0);
      totals = { statuses: new Map(), bytes: 0, buckets, seconds: 0, count: 0 };
      this.#routes.set(route, totals);
    }
    totals.statuses.set(status, (totals.statuses.get(status) ?? 0) + 1);
    totals.bytes += bytes;
    totals.seconds += seconds;
    totals.count += 1;
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    const at = bucket < 0 ? BUCKETS.length : bucket;
    totals.buckets[at] = (totals.buckets[at] ?? 0) + 1;
  }

  check(outcome: CheckOutcome): void {
    this.#checks.set(outcome, (this.#checks.get(outcome) ?? 0) + 1);
  }

  /** Counts what installations report whose owner opted in; nothing else of it is kept. */
  reported(telemetry: Telemetry | undefined): void {
    if (telemetry?.lastUpdate === undefined) return;
    const { lastUpdate, lastRoute = '', lastDuration = '' } = telemetry;
    const key = this.#labels({ outcome: lastUpdate, route: lastRoute, duration: lastDuration });
    this.#updates.set(key, (this.#updates.get(key) ?? 0) + 1);
  }

  /** `gauges`: by name. */
  text(gauges: Record<string, { help: string; value: number }>): string {
    const lines: string[] = [];
    const family = (name: string, type: string, help: string, samples: string[]) => {
      if (samples.length > 0) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples);
    };
    const routes = [...this.#routes];
    family(
      'dgmo_requests_total',
      'counter',
      'Requests answered.',
      routes.flatMap(([route, { statuses }]) =>
        [...statuses].map(
          ([status, count]) => `dgmo_requests_total${this.#labels({ route, status })} ${count}`,
        ),
      ),
    );
    family(
      'dgmo_response_bytes_total',
      'counter',
      'Bytes of the bodies of answers, as announced.',
      routes.map(([route, { bytes }]) => `dgmo_response_bytes_total${this.#labels({ route })} ${bytes}`),
    );
    family(
      'dgmo_request_duration_seconds',
      'histogram',
      'Time from a request to the head of its answer.',
      routes.flatMap(([route, totals]) => this.#histogram('dgmo_request_duration_seconds', route, totals)),
    );
    family(
      'dgmo_checks_total',
      'counter',
      'Requests to the check API, by outcome.',
      CHECK_OUTCOMES.map(
        (outcome) => `dgmo_checks_total${this.#labels({ outcome })} ${this.#checks.get(outcome) ?? 0}`,
      ),
    );
    family(
      'dgmo_reported_updates_total',
      'counter',
      'Last updates as reported by installations whose owner opted in.',
      [...this.#updates].map(([labels, count]) => `dgmo_reported_updates_total${labels} ${count}`),
    );
    for (const [name, { help, value }] of Object.entries(gauges)) {
      family(name, 'gauge', help, [`${name}${this.#labels({})} ${value}`]);
    }
    return `${lines.join('\n')}\n`;
  }

  #histogram(name: string, route: Route, { buckets, seconds, count }: RouteTotals): string[] {
    let below = 0;
    const lines = BUCKETS.map((bound, index) => {
      below += buckets[index] ?? 0;
      return `${name}_bucket${this.#labels({ route, le: bound })} ${below}`;
    });
    return [
      ...lines,
      `${name}_bucket${this.#labels({ route, le: '+Inf' })} ${count}`,
      `${name}_sum${this.#labels({ route })} ${seconds}`,
      `${name}_count${this.#labels({ route })} ${count}`,
    ];
  }

  /** Values are numbers or come from fixed lists: none needs escaping. */
  #labels(labels: Labels): string {
    const pairs = Object.entries({ ...labels, ...this.#own });
    return `{${pairs.map(([name, value]) => `${name}="${value}"`).join(',')}}`;
  }
}
