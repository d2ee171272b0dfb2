/** Which errors of the drive mean that a kept file is not there, and which stop the work. */
import { expect, test } from 'bun:test';
import { MachineError } from '../../../lib/errors.ts';
import { MetadataFolder } from '../../../lib/trust/feed/metadata-folder.ts';
import { SimulatedDisk, systemError } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';

const folder = '/home/.dgmo/trust';

/** A folder with `root.json`, whose reading fails. */
function failing(error: Error): MetadataFolder {
  const disk = new SimulatedDisk();
  disk.place(`${folder}/root.json`, new Uint8Array(2));
  const host = simulatedHost({ disk, versionOf: () => null });
  const read = () => {
    throw error;
  };
  return new MetadataFolder({ ...host, disk: { ...host.disk, read }, folder });
}

test.each(['EIO', 'EISDIR'])(
  '%s: as if it were not there, since it can be read again from the feed',
  (code) => {
    expect(failing(systemError(code, 'read')).read('root.json', 100)).toBeNull();
  },
);

test.each(['EACCES', 'EMFILE', 'ENOTDIR'])('%s: the machine, with the path', (code) => {
  const read = () => failing(systemError(code, 'read')).read('root.json', 100);
  expect(read).toThrow(MachineError);
  expect(read).toThrow(`${folder}/root.json`);
});

test('an error of the program comes through as it is', () => {
  const fault = new TypeError('undefined is not a function');
  expect(() => failing(fault).read('root.json', 100)).toThrow(fault);
});
