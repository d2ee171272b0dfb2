/** What Tab offers: decided by the table of the parser, and seen in the real shells that are on this machine. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { COMMAND_WORDS, type CommandName, OFFERED_WORDS, optionsOf } from '../../lib/ui/arguments.ts';
import { complete, placesIn } from '../../lib/ui/completions/complete.ts';
import { syntaxErrors } from '../support/powershell.ts';
import { hasTmux, openScreen } from '../support/tmux.ts';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

const KNOWN = {
  snapshots: ['20261126-1', '20261125-1'],
  versions: ['2.0.0', '1.0.0'],
  evolutions: ['menu', 'themes'],
};
const offered = (...typed: string[]) => {
  const { words, paths } = complete(typed, KNOWN);
  return paths === null ? words : [paths, ...words];
};

test.each<[string, string[], string[]]>([
  ['a command', ['sna'], ['snapshots']],
  ['after an option with a value', ['--home', '/x', 'ver'], ['verify', 'version']],
  ['another name', ['upgrade', '--check'], ['--check-only']],
  ['a verb', ['snapshots', 'p'], ['prune', 'pin']],
  ['an id', ['snapshots', 'show', ''], KNOWN.snapshots],
  ['no id where none is wanted', ['snapshots', 'create', ''], []],
  ['an id of rollback, after an option', ['rollback', '--kill', '20261126'], ['20261126-1']],
  ['a version as a value', ['rollback', '--to', ''], KNOWN.versions],
  ['one after =', ['rollback', '--to=1'], ['--to=1.0.0']],
  ['as bash hands that over', ['rollback', '--to', '=', '1'], ['1.0.0']],
  ['an id, as PowerShell hands over an empty word', ['rollback', '='], KNOWN.snapshots],
  ['a value, as PowerShell hands over an empty word', ['rollback', '--to', '='], KNOWN.versions],
  ['a command, as PowerShell hands over an empty word', ['='], OFFERED_WORDS],
  ['part of a list', ['rollback', '--only', 'p'], ['plugins']],
  [
    'the rest of a list',
    ['rollback', '--only', 'config,binary,'],
    ['config,binary,plugins', 'config,binary,evolutions', 'config,binary,data'],
  ],
  ['the rest of one after =', ['rollback', '--only=config,b'], ['--only=config,binary']],
  ['the rest of one as bash hands that over', ['rollback', '--only', '=', 'config,b'], ['config,binary']],
  ['what is no list', ['rollback', '--to', '1.0.0,'], []],
  ['evolutions', ['update', '--evolutions', ''], ['all', 'none', ...KNOWN.evolutions]],
  ['other evolutions, not all or none of them', ['update', '--evolutions', 'menu,'], ['menu,themes']],
  ['a version', ['pin', ''], KNOWN.versions],
  ['a key', ['config', 'get', 'ch'], ['channel', 'checkApi']],
  ['a value of a setting', ['config', 'set', 'autoUpdate', 'ma'], ['manual']],
  ['a shell', ['completions', 'z'], ['zsh']],
  ['a file', ['update', '--ca-file', ''], ['files']],
  ['one after =', ['init', '--root=./ro'], ['files']],
  ['one as bash hands that over', ['init', '--root', '=', './ro'], ['files']],
  ['a package', ['--apply', ''], ['files']],
  ['another package', ['--apply', 'a.dgmopkg', '--via', 'b'], ['files']],
  ['a folder', ['--home', ''], ['folders']],
  ['a folder after a command', ['status', '--install-dir=/'], ['folders']],
  ['what only the user knows', ['snapshots', 'create', '--reason', ''], []],
  ['a number', ['update', '--wait-pid', ''], []],
  ['an option that the command has not', ['check', '--root=./ro'], []],
  ['more than the command takes', ['status', ''], []],
  ['the arguments of dgmo', ['update', '--', '--ver'], ['files']],
])('%s', (_, typed, wanted) => {
  expect(offered(...typed)).toEqual(wanted);
});

test('the installation that was typed is the one whose ids are offered', () => {
  expect(placesIn(['--home', '/h', '--install-dir=/i', 'rollback', ''])).toEqual({
    home: '/h',
    installDir: '/i',
  });
  // As bash hands that over.
  expect(placesIn(['rollback', '--home', '=', '/h', '--app', '='])).toEqual({ home: '/h' });
  expect(placesIn(['rollback', '--home'])).toEqual({});
});

test('every option of every command is offered', () => {
  for (const name of COMMAND_WORDS)
    expect(offered(name, '--').map((word) => word.slice(2))).toEqual(optionsOf(name as CommandName));
});

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('in the shell', () => {
  let stage: Stage;
  let folder: string;
  beforeAll(async () => {
    stage = await openStage();
    await command(stage, ['snapshots', 'create']);
    folder = path.join(stage.folder, 'shells');
    fs.mkdirSync(folder);
    // The program, from source.
    const program = path.join(folder, 'dgmo-updater');
    const source = path.resolve(import.meta.dir, '../../updater.ts');
    fs.writeFileSync(
      program,
      `#!/bin/sh\nexec '${process.execPath}' '${source}' --install-dir '${stage.dir}' --home '${stage.home}' "$@"\n`,
      { mode: 0o755 },
    );
    for (const shell of ['bash', 'zsh', 'fish'])
      fs.writeFileSync(path.join(folder, shell), (await command(stage, ['completions', shell])).out);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const id = () =>
    (fs.readdirSync(path.join(stage.home, '.snapshots/snapshots'))[0] ?? '').replace('.json', '');

  /** Where the script is, once its first comment was typed on a machine that has none of the folders. */
  const written = (shell: string, options: string[] = []) => {
    const home = fs.mkdtempSync(path.join(stage.folder, 'home-'));
    const script = fs.readFileSync(path.join(folder, shell), 'utf8');
    const typed = /^# (.*completions .*)$/m.exec(script)?.[1] ?? expect.unreachable();
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: home };
    const { stderr } = Bun.spawnSync([shell, ...options, '-c', typed], { env });
    expect(stderr.toString()).toBe('');
    // What runs from source also keeps a cache of Bun there.
    const found = fs
      .readdirSync(home, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && one.name.includes('dgmo-updater'));
    return found.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(home, file), fs.readFileSync(file, 'utf8') === script];
    });
  };

  test.skipIf(Bun.which('bash') === null)('bash is told where it looks', () => {
    expect(written('bash')).toEqual([['.local/share/bash-completion/completions/dgmo-updater', true]]);
  });

  test.skipIf(Bun.which('zsh') === null && process.env.CI !== 'true')('zsh is told where it looks', () => {
    expect(written('zsh', ['-f'])).toEqual([['.zfunc/_dgmo-updater', true]]);
  });

  test.skipIf(Bun.which('fish') === null && process.env.CI !== 'true')('fish is told where it looks', () => {
    expect(written('fish', ['--no-config'])).toEqual([['.config/fish/completions/dgmo-updater.fish', true]]);
  });

  const run = (...words: string[]) =>
    Bun.spawnSync(words, { env: { ...process.env, PATH: `${folder}:${process.env.PATH}`, HOME: folder } })
      .stdout.toString()
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0] ?? '');

  test.skipIf(Bun.which('bash') === null)('bash', () => {
    const after = (...words: string[]) =>
      run(
        'bash',
        '-c',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash
        '. "$0"; COMP_WORDS=(dgmo-updater "$@"); COMP_CWORD=$#; _dgmo_updater; printf "%s\\n" "${COMPREPLY[@]}"',
        path.join(folder, 'bash'),
        ...words,
      );
    expect(after('stat')).toEqual(['status']);
    expect(after('rollback', '')).toEqual([id()]);
    expect(after('rollback', '--to', '')).toEqual(['1.0.0']);
    expect(after('rollback', '--only', 'config,p')).toEqual(['config,plugins']);
    expect(after('--home', folder, 'rollback', '')).toEqual(['']);
    expect(after('status', '')).toEqual(['']);
    // Outside of a completion there is no compopt, as in the bash of macOS.
    expect(after('init', '--root', '=', path.join(folder, 'dgmo-'))).toEqual([
      path.join(folder, 'dgmo-updater'),
    ]);
    expect(after('status', '--home', path.join(folder, 'dgmo-'))).toEqual(['']);
    expect(after('status', '--home', folder.slice(0, -1))).toEqual([folder]);
  });

  test.skipIf(Bun.which('bash') === null || !hasTmux)('bash, when Tab is pressed', async () => {
    fs.mkdirSync(path.join(folder, 'one/two'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'one/three'), '');
    using screen = openScreen(['bash', '--noprofile', '--norc', '-i'], {
      columns: 100,
      environment: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, PS1: '> ' },
    });
    screen.type(`. ${path.join(folder, 'bash')}; cd ${folder}; clear`, 'Enter');
    await screen.shows('>');
    screen.type('dgmo-updater init --root=one/th', 'Tab', 'X');
    await screen.shows('dgmo-updater init --root=one/three X');
    screen.type('C-u', 'dgmo-updater status --home one/t', 'Tab', 'X');
    await screen.shows('dgmo-updater status --home one/two/X');
    screen.type('C-u', 'dgmo-updater status one/th', 'Tab', 'X');
    await screen.shows('dgmo-updater status one/thX');
  });

  test.skipIf(Bun.which('zsh') === null && process.env.CI !== 'true')('zsh', () => {
    const after = (...words: string[]) =>
      run(
        'zsh',
        '-f',
        '-c',
        'compdef() { :; }; compadd() { shift; print -l -- "$@" }; _files() { print files $@ }; compset() { :; }; . "$0"; words=(dgmo-updater "$@"); CURRENT=$(( $# + 1 )); _dgmo_updater',
        path.join(folder, 'zsh'),
        ...words,
      );
    expect(after('stat')).toEqual(['status']);
    expect(after('rollback', '')).toEqual([id()]);
    expect(after('rollback', '--only', 'config,p')).toEqual(['config,plugins']);
    expect(after('update', '--ca-file', '')).toEqual(['files']);
    expect(after('update', '--home=')).toEqual(['files -/']);
    expect(after('status', '')).toEqual(['']);
  });

  test.skipIf(Bun.which('fish') === null && process.env.CI !== 'true')('fish', () => {
    const after = (typed: string) =>
      run(
        'fish',
        '--no-config',
        '-c',
        `source ${path.join(folder, 'fish')}; complete -C ${JSON.stringify(typed)}`,
      );
    expect(after('dgmo-updater stat')).toEqual(['status']);
    expect(after('dgmo-updater rollback ')).toEqual([id()]);
    expect(after('dgmo-updater rollback --to ')).toEqual(['1.0.0']);
    expect(after('dgmo-updater rollback --only config,p')).toEqual(['config,plugins']);
    expect(after(`dgmo-updater init --root ${folder}/dgmo-`)).toEqual([path.join(folder, 'dgmo-updater')]);
    expect(after(`dgmo-updater status --home ${folder.slice(0, -1)}`)).toEqual([`${folder}/`]);
    expect(after(`dgmo-updater status --home=${folder.slice(0, -1)}`)).toEqual([`--home=${folder}/`]);
    expect(after(`dgmo-updater status --home ${folder}/dgmo-`)).toEqual(['']);
    expect(after(`dgmo-updater status ${folder}/dgmo-`)).toEqual(['']);
  });

  test('PowerShell hands over no empty word, which its older versions would drop', async () => {
    const { out } = await command(stage, ['completions', 'powershell']);
    expect(out).toContain(`$current = if ("$list$wordToComplete") { "$list$wordToComplete" } else { '=' }`);
    expect(out).toContain("completions words '--' @typed $current 2>$null");
  });

  test('what PowerShell reads is PowerShell', async () => {
    const { out } = await command(stage, ['completions', 'powershell']);
    expect(await syntaxErrors(out)).toEqual([]);
    expect(await syntaxErrors(out.replace(' })', ' )'))).not.toEqual([]);
  });

  test.skipIf(Bun.which('pwsh') === null)('PowerShell', async () => {
    const { out } = await command(stage, ['completions', 'powershell']);
    const script = `${out}; (TabExpansion2 'dgmo-updater stat' 17).CompletionMatches.CompletionText`;
    expect(run('pwsh', '-NoProfile', '-Command', script)).toEqual(['status']);
    const list = `${out}; (TabExpansion2 'dgmo-updater rollback --only config,p' 37).CompletionMatches.CompletionText`;
    expect(run('pwsh', '-NoProfile', '-Command', list)).toEqual(['plugins']);
  });
});
