/** An answer, with what the access log and the metrics record of it. */

const ROUTES = ['metadata', 'targets', 'page', 'check', 'health', 'metrics', 'other'] as const;
export type Route = (typeof ROUTES)[number];

export interface Reply {
  response: Response;
  /** Bytes of its body. */
  bytes: number;
}

const JSON_TYPE = 'application/json';

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  return jsonBytes(status, new TextEncoder().encode(`${JSON.stringify(value)}\n`), headers);
}

export function jsonBytes(status: number, bytes: Uint8Array, headers: Record<string, string> = {}): Reply {
  return text(status, bytes, { 'Content-Type': JSON_TYPE, 'Cache-Control': 'no-store', ...headers });
}

export function text(status: number, bytes: Uint8Array, headers: Record<string, string>): Reply {
  return { response: new Response(bytes, { status, headers }), bytes: bytes.length };
}

export function refusal(status: number, error: string, headers: Record<string, string> = {}): Reply {
  return json(status, { error }, headers);
}

/** Null if the method is allowed. */
export function wrongMethod(method: string, allowed: readonly string[]): Reply | null {
  if (allowed.includes(method)) return null;
  return refusal(405, `wanted ${allowed.join(' or ')}`, { Allow: allowed.join(', ') });
}

/** The answer to HEAD: the headers of GET, including its length, and no body (RFC 9110, section 9.3.2). */
export function withoutBody({ response, bytes }: Reply): Reply {
  const headers = new Headers(response.headers);
  headers.set('Content-Length', String(bytes));
  return { response: new Response(null, { status: response.status, headers }), bytes: 0 };
}
