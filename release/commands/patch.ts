/** `release patch`: applies a patch to a file, as the updater does. */
import { applyPatch } from '../../lib/delta/index.ts';
import { type Command, readArguments, required } from '../command.ts';
import { withInput, writeOutput } from '../files.ts';
import { print } from '../platform/terminal.ts';
import { bytes } from '../progress.ts';

const HELP = `Usage: release patch <old> <patch> -o <new>

Applies a DGMO_PATCH_V1 file to <old>, which must be exactly the file that it was made from, and writes <new>.
`;

export const patch: Command = {
  name: 'patch',
  summary: 'apply a patch to a binary',
  help: HELP,
  async run(args) {
    const { values, operands } = readArguments(args, ['old', 'patch'], {
      output: { type: 'string', short: 'o' },
    });
    const [oldFile = '', patchFile = ''] = operands;
    const output = required('-o <new>', values.output);
    await withInput(oldFile, (old) =>
      withInput(patchFile, async (source) => {
        let size = 0;
        await writeOutput(output, async (write) => {
          ({ size } = await applyPatch({ patch: source, old, write, verifyOld: true }));
        });
        print(`${output}: ${bytes(size)}\n`);
      }),
    );
  },
};
