/**
 * What is sent to the check API besides the question itself, and only where a person has said `config set telemetry on`.
 * Four fields, none of which names an installation, a machine or a person; README.md lists them.
 */

import type { Choices } from '../../home/choices.ts';
import type { Telemetry } from './check-api.ts';

/** `updater`: the version of the updater itself. */
export function telemetryOf(updater: string, { lastUpdate }: Pick<Choices, 'lastUpdate'>): Telemetry {
  return {
    updater,
    ...(lastUpdate === null ? {} : { lastUpdate: lastUpdate.ended }),
    ...(lastUpdate?.route == null ? {} : { lastRoute: lastUpdate.route }),
    ...(lastUpdate?.duration == null ? {} : { lastDuration: lastUpdate.duration }),
  };
}
