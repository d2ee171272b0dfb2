/** Every error of the system that a person may meet is a sentence. */
import { expect, test } from 'bun:test';
import { MachineError } from '../../lib/errors.ts';
import { asUpdaterError } from '../../lib/platform/failures.ts';

const CODES =
  'ENOSPC EDQUOT EFBIG EACCES EPERM EROFS EIO EBUSY ETXTBSY ENOENT EISDIR ENOTDIR ELOOP ENAMETOOLONG EMFILE ENFILE EAGAIN ENOMEM';

test.each(CODES.split(' '))('%s', (code) => {
  const error = Object.assign(new Error(`${code}: raw words, open '/a'`), { code, path: '/a' });
  const told = asUpdaterError(error, '/elsewhere');
  if (!(told instanceof MachineError)) throw new Error('no MachineError');
  expect(told.message).toMatch(/^\/a: [a-z].*\(E[A-Z]+\)$/);
  expect(told.message).not.toContain('raw words');
});

test('one that is not known says what the system said', () => {
  const error = Object.assign(new Error('EXDEV: cross-device link'), { code: 'EXDEV' });
  expect(asUpdaterError(error, '/there')).toMatchObject({
    message: '/there: EXDEV: cross-device link (EXDEV)',
    exitCode: 12,
  });
});
