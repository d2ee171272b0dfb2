/**
 * Whom a request goes to, and what goes wrong without its doing or saying anything. The rest is in failures.ts, which is loaded
 * only then: it takes a file descriptor.
 */
import { errorCode, MachineError } from '../../errors.ts';
import { NetworkFailure } from './network.ts';

export interface Peer {
  /** With its port, if that is not the default. */
  host: string;
  /** Host and port of the proxy, null for a direct connection. */
  proxy: string | null;
}

export const LATER = 'Check the connection, then try again.';

/** What lies between us and the host may be the cause as well. */
export function nameOf({ host, proxy }: Peer): string {
  return proxy === null ? host : `${host} (through the proxy ${proxy})`;
}

/** @param what follows the host, as in "sent no answer" */
export function tooLate(peer: Peer, what: string, milliseconds: number): NetworkFailure {
  return new NetworkFailure('timeout', `${nameOf(peer)} ${what} within ${milliseconds / 1000} s`, {
    advice: LATER,
  });
}

/** What this machine has run out of: the network is not to blame. */
const EXHAUSTED: Record<string, string> = {
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open on this machine',
  ENOMEM: 'no memory is left',
  ENOBUFS: 'no memory is left for connections',
};

/** Null if this machine lacks nothing. */
export function exhausted(error: unknown, peer: Peer): MachineError | null {
  const code = errorCode(error) ?? '';
  const lacking = EXHAUSTED[code];
  if (lacking === undefined) return null;
  return new MachineError(`the connection to ${nameOf(peer)} could not be opened: ${lacking} (${code})`, {
    advice: 'Close some programs, or raise the limits of open files and memory, then try again.',
    cause: error,
  });
}
