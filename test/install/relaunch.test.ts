import { expect, test } from 'bun:test';
import { childEnvironment, shellCommand } from '../../lib/install/process/start.ts';

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

test('the command that the user is told to type has the arguments, quoted for the shell', () => {
  const words = ['/opt/d g/dgmo', '--resume', "it's", '', '$HOME', 'a\\b'];
  const shown = shellCommand('linux', words);
  expect(shown).toBe(`'/opt/d g/dgmo' --resume 'it'\\''s' '' '$HOME' 'a\\b'`);
  if (process.platform !== 'win32') {
    const { stdout } = Bun.spawnSync(['sh', '-c', `printf '%s\\n' ${shown}`]);
    expect(stdout.toString()).toBe(`${words.join('\n')}\n`);
  }
  expect(shellCommand('win32', ['C:\\d\\dgmo.exe', 'two words'])).toBe('C:\\d\\dgmo.exe "two words"');
});
