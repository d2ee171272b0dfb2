/** A file that another process replaces again and again while it is read: whoever reads finds one of its contents, whole. */
import { afterAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openSource, readFile, readSource } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';

const READS = 4000;
const CONTENTS = ['a', 'b'.repeat(3000)];

const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-replaced-')));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test.skipIf(process.platform === 'win32')('a file that is replaced while it is read', () => {
  const file = path.join(folder, 'file');
  CONTENTS.forEach((content, nth) => {
    fs.writeFileSync(path.join(folder, String(nth)), content);
  });
  fs.copyFileSync(path.join(folder, '0'), file);
  const script =
    'while [ -d "$0" ]; do for n in 0 1; do cp "$0/$n" "$0/next" && mv "$0/next" "$0/file"; done; done';
  const writer = Bun.spawn(['/bin/sh', '-c', script, folder], { stderr: 'ignore' });
  const found = new Set<string>();
  try {
    for (let read = 0; read < READS || found.size < CONTENTS.length; read++) {
      found.add(Buffer.from(readFile(nativeDisk, file, 4000) ?? []).toString());
      const source = openSource(nativeDisk, file);
      found.add(Buffer.from(readSource(source)).toString());
      source.close();
      expect(nativeDisk.resolve(file)).toBe(file);
    }
  } finally {
    writer.kill();
  }
  expect([...found].sort()).toEqual(CONTENTS);
});
