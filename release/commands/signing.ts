/** The options of every command that changes a repository: where it is, and where the keys are. */

import { BusyError, UsageError } from '../../lib/errors.ts';
import { shellWord } from '../../lib/format/printable.ts';
import type { Host } from '../../lib/platform/host.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import type { SigningKey } from '../../lib/trust/index.ts';
import { required } from '../command.ts';
import { readInput, requireOutput, requireOutside, writeOutput } from '../files.ts';
import { keyringSigners, listKeys } from '../keys/keyring.ts';
import {
  askPassphrase,
  PASSPHRASE_HELP,
  PASSPHRASE_OPTIONS,
  type PassphraseValues,
} from '../keys/passphrase.ts';
import type { Signers } from '../keys/signers.ts';
import { hint } from '../platform/terminal.ts';
import { repositoryLayout } from '../repository/layout.ts';
import { requirePinnedRoot } from '../repository/pinned-root.ts';
import { readSettings } from '../repository/settings.ts';
import { RemoteSession, SignaturesWanted } from '../repository/signing/remote-signing.ts';
import { decodeSignatures } from '../repository/signing/sign-request.ts';

export const SIGNING_OPTIONS = {
  repo: { type: 'string' },
  keys: { type: 'string', multiple: true, default: [] as string[] },
  'sign-request': { type: 'string' },
  signatures: { type: 'string', multiple: true, default: [] as string[] },
  without: { type: 'string', multiple: true, default: [] as string[] },
  ...PASSPHRASE_OPTIONS,
} as const;

export const SIGNING_HELP = `\
  --repo <dir>             the repository
  --keys <keys>            the folder of \`release keys init\`, or one with some of its keys; may be repeated. The
                           passphrase is prompted for, or taken from DGMO_KEY_PASSPHRASE
${PASSPHRASE_HELP}\
  --sign-request <file>    if keys are on another machine: writes what they have to sign to <file>, publishes nothing,
                           and ends with 14. Sign it with \`release keys sign\`, then run the same command with
  --signatures <file>      the answer; may be repeated. Two or three rounds may be needed
  --without <key id>       a key that is not asked (the beginning of its id); may be repeated
`;

export interface SigningValues extends PassphraseValues {
  repo?: string | undefined;
  keys: string[];
  'sign-request'?: string | undefined;
  signatures: string[];
  without: string[];
  /** Of commands that can show what they would do: nothing is signed then. */
  'dry-run'?: boolean;
}

export interface Signing {
  /** With remote keys its clock is stopped, so that each round signs the same bytes. */
  host: Host;
  repo: string;
  /** Folders with keys, at least one. */
  keys: [string, ...string[]];
  passphrase: string;
  signers: Signers;
  /** The same for other folders. Keys that are `leaving` are not asked to sign. */
  signersOf(folders: readonly string[], leaving?: readonly string[]): Signers;
}

/** The command and its operands. Together with the options they identify the work. */
export type Work = readonly [command: string, ...operands: string[]];

/**
 * Runs `run` with the keys. If signatures from another machine are needed first, writes the request for them and throws
 * BusyError.
 */
export async function withSigning<Result>(
  work: Work,
  values: SigningValues,
  run: (signing: Signing) => Promise<Result>,
): Promise<Result> {
  const request = values['sign-request'];
  if (values['dry-run'] === true && request !== undefined) {
    throw new UsageError('wanted --dry-run or --sign-request, found both');
  }
  const repo = required('--repo', values.repo);
  const [first, ...others] = values.keys;
  if (first === undefined) throw new UsageError('--keys is wanted, and was not given');
  const keys: Signing['keys'] = [first, ...others];
  const native = nativeHost();
  if (work[0] !== 'init') {
    readSettings(native.disk, repositoryLayout(repo));
    requirePinnedRoot(native, repo, keys);
  }
  for (const folder of keys) requireFolder(folder);
  const session = request === undefined ? null : openSession(native, repo, work, values);
  if (session === null && values.signatures.length > 0) {
    throw new UsageError(
      '--signatures is wanted together with --sign-request, which may ask for more of them',
    );
  }
  const passphrase = session !== null && listKeys(keys).length === 0 ? '' : await askPassphrase(values);
  const opened = new Map<string, SigningKey>();
  const signersOf: Signing['signersOf'] = (folders, leaving) => {
    const here = keyringSigners(folders, passphrase, opened);
    return session === null ? here : session.signers(here, leaving);
  };
  const host = session?.host ?? native;
  const signers = signersOf(keys);
  if (request !== undefined) {
    requireOutput(request);
    requireOutside(request, repo);
  }
  try {
    const result = await run({ host, repo, keys, passphrase, signers, signersOf });
    session?.end();
    return result;
  } catch (error) {
    if (!(error instanceof SignaturesWanted) || request === undefined) throw error;
    await writeOutput(request, (write) => write(error.request));
    throw new BusyError(`${error.message}; the request is in ${request}`, {
      ...(error.advice !== undefined && { advice: error.advice }),
    });
  }
}

/** After a change of the feed. */
export function tellNext({ repo }: Pick<SigningValues, 'repo'>): void {
  hint(
    `\`release publish --repo ${repo === undefined ? '<dir>' : shellWord(repo)} --to <folder or s3://bucket/prefix>\` brings it to where it is served; \`release serve\` does so from here.\n`,
  );
}

function requireFolder(keys: string): void {
  const { disk } = nativeHost();
  const kind = disk.status(keys) === null ? null : disk.status(disk.resolve(keys))?.kind;
  if (kind === 'directory') return;
  throw new UsageError(`--keys: wanted a folder with keys, found ${kind ?? 'nothing'} at ${keys}`);
}

function openSession(host: Host, repo: string, work: Work, values: SigningValues): RemoteSession {
  const {
    keys: _keys,
    'sign-request': _request,
    'passphrase-file': _file,
    'passphrase-fd': _descriptor,
    signatures,
    without,
    ...options
  } = values;
  return new RemoteSession(host, repositoryLayout(repo), {
    work: JSON.stringify([work, options]),
    title: work.join(' '),
    signatures: signatures.flatMap((file) => decodeSignatures(readInput(file))),
    without,
  });
}
