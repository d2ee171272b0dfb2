import { expect, test } from 'bun:test';
import { childEnvironment } from '../../lib/install/process/start.ts';

test('what is started inherits the environment, less what turns a Bun-compiled program into Bun, or runs foreign code in it', () => {
  const environment = {
    PATH: '/bin',
    BUN_BE_BUN: '1',
    Bun_Be_Bun: '1',
    BUN_OPTIONS: '--smol',
    EMPTY: '',
    GONE: undefined,
  };
  expect(childEnvironment(environment)).toEqual({ PATH: '/bin', EMPTY: '' });
});
