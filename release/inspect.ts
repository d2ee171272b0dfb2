/** `release inspect`: what a file is, and whether it is sound. */
import { DamagedError, errorMessage, UpdaterError } from '../lib/errors.ts';
import { looksLikePackage } from '../lib/package/index.ts';
import type { Source } from '../lib/platform/files.ts';
import { KEY_FILE_TYPE, type TrustedRoot } from '../lib/trust/index.ts';
import { MAX_DOCUMENT } from '../lib/version/json.ts';
import { type Command, readArguments } from './command.ts';
import { withInput } from './files.ts';
import { inspectKeyFile, inspectRoot } from './inspect-keys.ts';
import { inspectPackage } from './inspect-package.ts';
import { inspectPatch, looksLikePatch } from './inspect-patch.ts';
import { type Inspector, type Note, wholeOf } from './inspector.ts';
import { loadRoot } from './keyring.ts';

const HELP = `Usage: release inspect <file> [--root <root.json>] [--json]

Says what a package, patch, root or key file is and whether it is sound: every digest is checked, no passphrase is
needed. Exit code 11 where it is damaged.

  --root <root.json>   check the signatures of a package against this root (exit code 10 where it is not trusted)
  --json               one JSON object
`;

const INSPECTORS: { kind: string; recognizes: (source: Source) => boolean; inspect: Inspector }[] = [
  { kind: 'package', recognizes: looksLikePackage, inspect: inspectPackage },
  { kind: 'patch', recognizes: looksLikePatch, inspect: inspectPatch },
  { kind: 'root', recognizes: (source) => documentType(source) === 'root', inspect: inspectRoot },
  {
    kind: 'key file',
    recognizes: (source) => documentType(source) === KEY_FILE_TYPE,
    inspect: inspectKeyFile,
  },
];

export const inspect: Command = {
  name: 'inspect',
  summary: 'say what a file is and whether it is sound',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['file'], {
      root: { type: 'string' },
      json: { type: 'boolean', default: false },
    });
    const [file = ''] = operands;
    const root = values.root === undefined ? null : loadRoot(values.root);
    await withInput(file, async (source) => {
      const facts: [string, unknown][] = [['file', file]];
      const note: Note = (name, value) => facts.push([name, value]);
      const problem = await examine(source, note, root);
      note('sound', problem === null);
      if (problem !== null) note('problem', errorMessage(problem));
      if (problem instanceof UpdaterError) note('exitCode', problem.exitCode);
      process.stdout.write(values.json ? `${JSON.stringify(Object.fromEntries(facts))}\n` : table(facts));
      if (problem !== null) throw problem;
    });
  },
};

async function examine(source: Source, note: Note, root: TrustedRoot | null): Promise<unknown> {
  try {
    const found = INSPECTORS.find(({ recognizes }) => recognizes(source));
    note('kind', found?.kind ?? 'unknown');
    note('size', source.size);
    if (found === undefined) {
      throw new DamagedError('wanted a package, a patch, a root or a key file, found none of these');
    }
    await found.inspect(source, note, root);
    return null;
  } catch (error) {
    return error;
  }
}

/** The type that a JSON document gives itself, at its top or in its signed part; null where it is no such document. */
function documentType(source: Source): unknown {
  if (source.size > MAX_DOCUMENT) return null;
  try {
    const value = JSON.parse(new TextDecoder().decode(wholeOf(source)));
    return value?.signed?._type ?? value?._type ?? null;
  } catch {
    return null;
  }
}

/** One fact a line; what has parts is told part by part below it. */
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
  return String(value);
}
