/** `release diff`: makes the patch between two files. */
import { APPLY_LIMIT } from '../../lib/delta/index.ts';
import { digestBytes } from '../../lib/platform/files.ts';
import { applyLimit, type Command, readArguments, required } from '../command.ts';
import { readInput, requireOutput, writeOutput } from '../files.ts';
import { requireVersion } from '../manifest/options.ts';
import { print } from '../platform/terminal.ts';
import { bytes } from '../progress.ts';
import { makePayload } from '../work/make-payload.ts';

const HELP = `Usage: release diff <old> <new> -o <patch> [--from <version>] [--to <version>] [--apply-limit <bytes>]

Writes the DGMO_PATCH_V1 file that turns <old> into <new>. The versions (default 0.0.0) are in its header for people to
read: what it applies to is decided by digest. The smaller one of two algorithms is kept, and applied and compared before it
is written.

  --apply-limit <bytes>    how many bytes may have to be modelled when it is applied, about a million in one or two seconds
                           (default ${APPLY_LIMIT}). 0 makes a patch that applies fastest, and is larger
`;

export const diff: Command = {
  name: 'diff',
  summary: 'make the patch between two binaries',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['old', 'new'], {
      output: { type: 'string', short: 'o' },
      from: { type: 'string', default: '0.0.0' },
      to: { type: 'string', default: '0.0.0' },
      'apply-limit': { type: 'string' },
    });
    const [oldFile = '', newFile = ''] = operands;
    const output = required('-o <patch>', values.output);
    requireVersion('--from', values.from);
    requireVersion('--to', values.to);
    const limit = applyLimit(values['apply-limit']);
    const from = { version: values.from, file: oldFile, digest: digestBytes(readInput(oldFile)) };
    const to = { version: values.to, file: newFile, digest: digestBytes(readInput(newFile)) };
    requireOutput(output);
    const patch = await makePayload({ kind: 'patch', label: 'diff', from, to, applyLimit: limit }, output);
    await writeOutput(output, (write) => write(patch));
    print(`${output}: ${bytes(patch.length)}\n`);
  },
};
