/** Whose certificates are accepted: those of the built-in authorities, and of the user's own. Loaded by the first https request. */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { errorMessage, MachineError } from '../../errors.ts';
import { asUpdaterError } from '../failures.ts';
import { readFile } from '../files.ts';
import { nativeDisk } from '../native-disk.ts';
import type { NetworkSettings } from './network.ts';

const TLS_1_3 = 0x0304;
/** 4 MiB: the authorities of a system have a few hundred KB. */
const MAX_CERTIFICATES = 1 << 22;
const WHO_NAMES_IT =
  '--ca-file names that file, or the setting caFile: `dgmo-updater config explain caFile` says who has decided it.';

/**
 * A session builds its TLS context once; with `tls` in each call, fetch would compare 118 authorities every time. Throws
 * MachineError if the file of certificates cannot be read, or there is none in it.
 */
export function secureSession(settings: NetworkSettings): Bun.FetchSession {
  // bun-types 1.4.5 does not know `minVersion`; as a number fetch obeys it, as a string it does not.
  const tls = { ca: authorities(settings), minVersion: TLS_1_3, rejectUnauthorized: true };
  return new Bun.FetchSession({ tls, keepAlive: false });
}

function authorities({ certificateFile, environment }: NetworkSettings): string[] {
  const file = certificateFile ?? environment.NODE_EXTRA_CA_CERTS ?? '';
  if (file === '') return [...rootCertificates];
  const named = certificateFile === undefined ? `NODE_EXTRA_CA_CERTS: ${file}` : file;
  let pem: string;
  try {
    pem = readCertificates(file);
  } catch (error) {
    const failure = asUpdaterError(error, file);
    if (!(failure instanceof MachineError)) throw failure;
    if (certificateFile === undefined) {
      throw new MachineError(`NODE_EXTRA_CA_CERTS: ${failure.message}`, {
        advice: 'Correct that variable of the environment, or unset it.',
        cause: error,
      });
    }
    throw new MachineError(failure.message, { advice: failure.advice ?? WHO_NAMES_IT, cause: error });
  }
  try {
    // fetch would fail as if it could not open a socket.
    new X509Certificate(pem);
  } catch (error) {
    throw new MachineError(`${named}: not a PEM certificate (${errorMessage(error)})`, {
      advice: 'Pass a file of PEM certificates with --ca-file or NODE_EXTRA_CA_CERTS.',
      cause: error,
    });
  }
  return [...rootCertificates, pem];
}

/** Throws an error with an errno name, or MachineError if the file is too large to be one of certificates. */
function readCertificates(file: string): string {
  const size = nativeDisk.status(nativeDisk.resolve(file))?.size ?? 0;
  if (size > MAX_CERTIFICATES) {
    throw new MachineError(
      `${file}: wanted a file of PEM certificates of at most ${MAX_CERTIFICATES} bytes, found ${size} bytes`,
      { advice: 'Name the file with the authorities that are missing.' },
    );
  }
  return Buffer.from(readFile(nativeDisk, file, MAX_CERTIFICATES) ?? new Uint8Array(0)).toString('latin1');
}
