import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { InterruptedError } from '../../lib/errors.ts';
import { writeOutput } from '../../release/files.ts';
import { freshFolder } from './run.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('an output', () => {
  test('is written whole, over what stood there', async () => {
    using folder = freshFolder();
    writeFileSync(folder.at('out'), 'something longer');
    const checked: string[] = [];
    const fill = (write: (bytes: Uint8Array) => void) => {
      write(bytes('one '));
      write(bytes('two'));
      expect(readFileSync(folder.at('out'), 'utf8')).toBe('something longer');
    };
    await writeOutput(folder.at('out'), fill, {
      check: async (written) => {
        checked.push(readFileSync(written, 'utf8'));
      },
    });
    expect(checked).toEqual(['one two']);
    expect(readFileSync(folder.at('out'), 'utf8')).toBe('one two');
    expect(readdirSync(folder.at())).toEqual(['out']);
  });

  const failures: [when: string, stop: () => void][] = [
    [
      'its content fails',
      () => {
        throw new RangeError('no content');
      },
    ],
    ['Ctrl-C comes', () => process.emit('SIGINT')],
    ['it is told to end', () => process.emit('SIGTERM')],
  ];
  for (const [when, stop] of failures) {
    test(`stays what it was when ${when}`, async () => {
      using folder = freshFolder();
      writeFileSync(folder.at('out'), 'as before');
      const written = writeOutput(folder.at('out'), (write) => {
        write(bytes('half'));
        stop();
        write(bytes('and half'));
      });
      await expect(written).rejects.toThrow(when === 'its content fails' ? RangeError : InterruptedError);
      expect(readFileSync(folder.at('out'), 'utf8')).toBe('as before');
      expect(readdirSync(folder.at())).toEqual(['out']);
      expect([process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')]).toEqual([0, 0]);
    });
  }

  test('stays what it was when the check of it fails', async () => {
    using folder = freshFolder();
    const written = writeOutput(folder.at('out'), (write) => write(bytes('bad')), {
      check: () => Promise.reject(new RangeError('bad')),
    });
    await expect(written).rejects.toThrow(RangeError);
    expect(readdirSync(folder.at())).toEqual([]);
  });
});
