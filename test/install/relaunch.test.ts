import { expect, test } from 'bun:test';
import { childEnvironment } from '../../lib/install/process/start.ts';

test('DGMO inherits the environment, without the variables that turn a Bun-compiled program into Bun, or run foreign code in it', () => {
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
