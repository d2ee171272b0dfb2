/** The parts of the Windows platform that are plain text and numbers: the same on every system. */
import { describe, expect, test } from 'bun:test';
import { systemError, widePath } from '../../lib/platform/windows/kernel.ts';
import { environmentBlock, quoted } from '../../lib/platform/windows/start.ts';

describe('the command line', () => {
  // According to Microsoft's "Parsing C command-line arguments".
  for (const [argument, written] of [
    ['plain', 'plain'],
    ['', '""'],
    ['two words', '"two words"'],
    ['a\\b', 'a\\b'],
    ['ends with\\', '"ends with\\\\"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['a\\"b', '"a\\\\\\"b"'],
    ['tab\there', '"tab\there"'],
  ] as const) {
    test(JSON.stringify(argument), () => expect(quoted(argument)).toBe(written));
  }
});

test('the environment block is sorted without regard to case and ends with an empty entry', () => {
  expect(environmentBlock({ b: '2', A: '1', C: '' })).toBe('A=1\0b=2\0C=\0\0');
  expect(environmentBlock({})).toBe('\0\0');
});

test('paths are absolute, long and ended by a zero', () => {
  const text = (wide: Uint16Array) => String.fromCharCode(...wide);
  expect(text(widePath('C:/folder ü/dgmo.exe'))).toBe('\\\\?\\C:\\folder ü\\dgmo.exe\0');
  expect(text(widePath('\\\\server\\share\\dgmo.exe'))).toBe('\\\\?\\UNC\\server\\share\\dgmo.exe\0');
  expect(text(widePath('C:\\a\\..\\b'))).toBe('\\\\?\\C:\\b\0');
});

test('errors have the names that node:fs gives them', () => {
  const codes = [2, 3, 5, 17, 19, 32, 80, 112, 183, 9999].map((status) => {
    const error: Error & { code?: string } = systemError(status, 'rename', 'a', 'b');
    return error.code;
  });
  const wanted = 'ENOENT ENOENT EPERM EXDEV EROFS EBUSY EEXIST ENOSPC EEXIST EIO';
  expect(codes.join(' ')).toBe(wanted);
  const error = systemError(32, 'rename', 'a', 'b');
  expect(error.message).toBe("EBUSY: resource busy or locked, rename 'a' -> 'b' (Windows error 32)");
  expect(error).toMatchObject({ path: 'a', dest: 'b', syscall: 'rename' });
});
