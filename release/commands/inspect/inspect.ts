/** `release inspect`: says what a file is and whether it is sound. */

import { DamagedError, errorMessage, TrustError, UpdaterError, UsageError } from '../../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../../lib/format/json.ts';
import { localTimeWithOffset } from '../../../lib/format/local-time.ts';
import { looksLikePackage } from '../../../lib/package/index.ts';
import { readSource, type Source } from '../../../lib/platform/files.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { KEY_FILE_TYPE } from '../../../lib/trust/index.ts';
import { type Command, readArguments } from '../../command.ts';
import { withInput } from '../../files.ts';
import { loadRoot } from '../../keys/keyring.ts';
import { print } from '../../platform/terminal.ts';
import type { Given, Inspector, Note } from './inspector.ts';
import { inspectKeyFile, inspectRoot } from './keys.ts';
import {
  inspectIndex,
  inspectManifest,
  inspectPage,
  inspectSnapshot,
  inspectTargets,
  inspectTimestamp,
} from './metadata.ts';
import { inspectPackage } from './package.ts';
import { inspectPatch, looksLikePatch } from './patch.ts';

const HELP = `Usage: release inspect <file> [--root <root.json>] [--old <binary>] [--json]

Describes a package, patch, root, key file or file of a repository (metadata, index, page, manifest) and checks every
digest in it. No passphrase is needed. Exit code 11 if the file is damaged.

  --root <root.json>   check the signatures of a package or of metadata against this root (exit code 10 if it is not
                       trusted)
  --old <binary>       the binary that a patch was made from: what each part of the patch costs is told in detail
  --json               one JSON object
`;

const INDEX_FIELDS = ['channel', 'releases', 'revoked'];
const PAGE_FIELDS = ['releases', 'older'];
const MANIFEST_FIELDS = ['binaries', 'updates', 'rollback'];

const INSPECTORS: { kind: string; recognizes: (source: Source) => boolean; inspect: Inspector }[] = [
  { kind: 'package', recognizes: looksLikePackage, inspect: inspectPackage },
  { kind: 'patch', recognizes: looksLikePatch, inspect: inspectPatch },
  { kind: 'root', recognizes: (source) => documentType(source) === 'root', inspect: inspectRoot },
  {
    kind: 'key file',
    recognizes: (source) => documentType(source) === KEY_FILE_TYPE,
    inspect: inspectKeyFile,
  },
  {
    kind: 'timestamp',
    recognizes: (source) => documentType(source) === 'timestamp',
    inspect: inspectTimestamp,
  },
  { kind: 'snapshot', recognizes: (source) => documentType(source) === 'snapshot', inspect: inspectSnapshot },
  { kind: 'targets', recognizes: (source) => documentType(source) === 'targets', inspect: inspectTargets },
  { kind: 'index', recognizes: (source) => hasFields(source, INDEX_FIELDS), inspect: inspectIndex },
  { kind: 'page', recognizes: (source) => hasFields(source, PAGE_FIELDS), inspect: inspectPage },
  { kind: 'manifest', recognizes: (source) => hasFields(source, MANIFEST_FIELDS), inspect: inspectManifest },
];

export const inspect: Command = {
  name: 'inspect',
  summary: 'say what a file is and whether it is sound',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['file'], {
      root: { type: 'string' },
      old: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const [file = ''] = operands;
    const root = values.root === undefined ? null : loadRoot(values.root);
    const inspectFile = async (source: Source, old: Source | null) => {
      const facts: [string, unknown][] = [['file', file]];
      const note: Note = (name, value) => facts.push([name, value]);
      const problem = await examine(file, source, note, { root, old });
      note('sound', problem === null);
      if (problem !== null) note('problem', errorMessage(problem));
      if (problem instanceof UpdaterError) note('exitCode', problem.exitCode);
      print(values.json ? `${JSON.stringify(Object.fromEntries(facts))}\n` : table(facts));
      if (problem !== null) throw ofFile(file, problem);
    };
    await withInput(file, (source) => {
      if (values.old === undefined) return inspectFile(source, null);
      if (!looksLikePatch(source)) throw new UsageError(`--old is for a patch, and ${file} is none`);
      return withInput(values.old, (old) => inspectFile(source, old));
    });
  },
};

async function examine(file: string, source: Source, note: Note, given: Given): Promise<unknown> {
  try {
    const found = INSPECTORS.find(({ recognizes }) => recognizes(source));
    note('kind', found?.kind ?? 'unknown');
    note('size', source.size);
    if (found === undefined) {
      throw new DamagedError(
        `${file}: wanted a package, a patch, a key file or a file of a repository, found none of these`,
      );
    }
    await found.inspect(source, note, given);
    return null;
  } catch (error) {
    return error;
  }
}

/** The problem with the name of the file, as it is told without the facts. */
function ofFile(file: string, problem: unknown): unknown {
  if (!(problem instanceof UpdaterError) || problem.message.startsWith(file)) return problem;
  const { message, advice = 'Copy it again from where it was made.', cause } = problem;
  const told = `${file}: ${message}`;
  if (problem instanceof DamagedError) return new DamagedError(told, { advice, cause });
  if (problem instanceof TrustError)
    return new TrustError(told, { advice: problem.advice ?? WRONG_ROOT, cause });
  return problem;
}

const WRONG_ROOT = 'Nobody should install it, unless another root than the one of --root is meant.';

/** The `_type` of a JSON document, at its top or in its signed part; null if there is none. */
function documentType(source: Source): unknown {
  const value = jsonOf(source);
  const signed = value?.signed;
  const inner = typeof signed === 'object' && signed !== null && '_type' in signed ? signed._type : undefined;
  return inner ?? value?._type ?? null;
}

function hasFields(source: Source, names: string[]): boolean {
  const value = jsonOf(source);
  return value !== null && names.every((name) => Object.hasOwn(value, name));
}

/** Null if it is not a JSON object, or too long for one of ours. */
function jsonOf(source: Source): Record<string, unknown> | null {
  if (source.size > MAX_DOCUMENT) return null;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(readSource(source)));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** One fact on each line. Parts of a fact are indented below it. */
function table(facts: [string, unknown][], indent = ''): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts
    .map(([name, value]) =>
      hasParts(value)
        ? `${indent}${name}\n${table(Object.entries(value), `${indent}  `)}`
        : `${indent}${name.padEnd(width)}  ${cell(value)}\n`,
    )
    .join('');
}

function hasParts(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return !Array.isArray(value) || value.some((item) => typeof item === 'object');
}

function cell(value: unknown): string {
  if (typeof value === 'number') return value.toLocaleString('en-US');
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  if (typeof value === 'string' && TIME.test(value))
    return localTimeWithOffset(Date.parse(value), nativeHost().localOffset);
  return String(value);
}

/** As documents have it, and `--json`. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;
