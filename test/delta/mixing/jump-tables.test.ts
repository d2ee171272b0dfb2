/** Jump tables, which are found by the instructions that refer to them: both decoders know where they are. */
import { test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { comesBack } from '../both-decoders.ts';
import { make } from '../support.ts';
import { samples } from './executables.ts';

const [CODE, POINTERS, ENTRIES] = [1, 4, 40];

/** The executable with a table in its data, of places in its code, and an instruction in the code that refers to it. */
function withTable(file: Uint8Array): Uint8Array {
  const { regions } = regionsOf(file, true);
  const code = regions.find(({ kind }) => kind === CODE);
  const data = regions.findLast(({ kind }) => kind === POINTERS);
  if (code === undefined || data === undefined) throw new Error('the sample has other regions');
  const made = file.slice();
  const view = new DataView(made.buffer);
  const table = data.address;
  for (let i = 0; i < ENTRIES; i++)
    view.setInt32(data.offset + 4 * i, code.address + ((i * 1117) % code.size) - table, true);
  // Before it 16 times nop, so that an instruction begins there: lea rdx, [rip + distance].
  made.fill(0x90, code.offset + 64, code.offset + 80);
  made.set([0x48, 0x8d, 0x15], code.offset + 80);
  view.setInt32(code.offset + 83, table - (code.address + 87), true);
  return made;
}

test('a table is decoded by both', async () => {
  const sample = samples().find(({ name }) => name === 'elf-x86-64');
  const [old, fresh] = [sample?.old, sample?.fresh].map((file) => withTable(file ?? new Uint8Array()));
  if (old === undefined || fresh === undefined) throw new Error('there is no such sample');
  const patch = await make(old, fresh, { algorithm: 'mixing' });
  await comesBack(patch, old, fresh);
});
