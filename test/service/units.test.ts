/** What the service managers are told: valid for each of them, whatever the paths are called. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { ServiceDefinition } from '../../lib/service/units/definition.ts';
import { launchAgent } from '../../lib/service/units/launchd.ts';
import { systemdUnit } from '../../lib/service/units/systemd.ts';
import { scheduledTask } from '../../lib/service/units/task-scheduler.ts';
import { environmentOf, unitFor } from '../../lib/service/units/unit.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';
import { type Element, parseXml } from '../support/xml.ts';

const noSystemd = Bun.which('systemd-analyze') === null;
const noPython = Bun.which('python3') === null;

const HARD = `/a "b" 'c' $HOME \${x} %h %% \\ ; # ü\u{1f600} & < >]]>/dgmo-updater`;
const definition = (command: ServiceDefinition['command'], environment = {}): ServiceDefinition => ({
  ...{ name: 'dgmo-updater', app: 'dgmo', command, environment },
});
/** Any word that a path may be, without control characters. */
const word = fc
  .string({ minLength: 1, unit: 'binary' })
  .filter((text) => !/[\p{Cc}\ufffe\uffff]/u.test(text));

/** The words of a line as systemd.syntax(7) reads them: quotes, backslashes, specifiers. */
function systemdWords(line: string): string[] {
  const words: string[] = [];
  for (const [, quoted = ''] of line.matchAll(/"((?:[^"\\]|\\.)*)"/g))
    words.push(quoted.replaceAll(/\\(.)/gu, '$1').replaceAll('%%', '%'));
  return words;
}

describe('a systemd unit', () => {
  test('starts the program with exactly these words', () => {
    fc.assert(
      fc.property(fc.array(word), (args) => {
        const line = /^ExecStart=:(.*)$/m.exec(systemdUnit(definition(['/opt/x', ...args])))?.[1] ?? '';
        expect(systemdWords(line)).toEqual(['/opt/x', ...args]);
        expect(line.replaceAll('%%', '')).not.toContain('%');
      }),
    );
  });

  test.skipIf(noSystemd)(
    'is what systemd-analyze verify takes, also if every path and variable is hard to write',
    () => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'units-'));
      try {
        const file = path.join(folder, HARD.slice(1).replaceAll('/', '-'));
        fs.writeFileSync(file, '#!/bin/sh\n', { mode: 0o755 });
        const unit = path.join(folder, 'dgmo-updater.service');
        for (const command of [file, path.join(folder, 'plain $x %h')]) {
          fs.copyFileSync(file, `${command}2`);
          fs.writeFileSync(unit, systemdUnit(definition([`${command}2`, HARD], { HTTPS_PROXY: HARD })));
          const env = { ...process.env, XDG_RUNTIME_DIR: folder };
          const ran = Bun.spawnSync(['systemd-analyze', '--user', 'verify', unit], { env });
          expect({ code: ran.exitCode, said: ran.stderr.toString() }).toEqual({ code: 0, said: '' });
        }
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    },
  );
});

describe('a launchd agent', () => {
  /** A property list as JavaScript. */
  function plain({ name, text, children }: Element): unknown {
    switch (name) {
      case 'dict':
        return Object.fromEntries(
          children.flatMap((child, index) => {
            const value = children[index + 1];
            if (index % 2 === 1) return [];
            if (child.name !== 'key' || value === undefined) throw new SyntaxError('a key without a value');
            return [[child.text, plain(value)]];
          }),
        );
      case 'array':
        return children.map(plain);
      case 'string':
        return text;
      case 'integer':
        return Number(text);
      case 'true':
        return true;
      case 'false':
        return false;
      default:
        throw new SyntaxError(`a property list has no ${name}`);
    }
  }
  const read = (text: string) => {
    const { name, attributes, children } = parseXml(text);
    expect([name, attributes, children.length]).toEqual(['plist', { version: '1.0' }, 1]);
    return plain(children[0] ?? expect.unreachable()) as Record<string, unknown>;
  };

  test('is a property list with exactly these words', () => {
    fc.assert(
      fc.property(fc.array(word), word, (args, value) => {
        const agent = read(launchAgent(definition(['/opt/x', ...args], { HTTPS_PROXY: value })));
        expect(agent.ProgramArguments).toEqual(['/opt/x', ...args]);
        expect(agent.EnvironmentVariables).toEqual({ HTTPS_PROXY: value });
      }),
    );
  });

  test('is started at login, and again after a failure', () => {
    expect(read(launchAgent(definition(['/opt/x'])))).toMatchObject({
      ...{ Label: 'dgmo-updater', RunAtLoad: true, KeepAlive: { SuccessfulExit: false } },
      ...{ ProcessType: 'Background', EnvironmentVariables: {} },
    });
  });

  test.skipIf(noPython)('is what the property list parser of Python reads', () => {
    const script = 'import plistlib, sys, json; print(json.dumps(plistlib.load(sys.stdin.buffer)))';
    const ran = Bun.spawnSync(['python3', '-c', script], {
      stdin: Buffer.from(launchAgent(definition([HARD, HARD], { NO_PROXY: HARD }))),
    });
    const agent = JSON.parse(ran.stdout.toString()) as Record<string, unknown>;
    expect(agent.ProgramArguments).toEqual([HARD, HARD]);
    expect(agent.EnvironmentVariables).toEqual({ NO_PROXY: HARD });
  });
});

describe('a task', () => {
  /**
   * [MS-TSCH] 2.5: what each type may have. `sequence`: in this order; `all`: each once, in any order; `choice`: any of them.
   */
  type Shape = { kind: 'sequence' | 'all' | 'choice'; of: Record<string, Shape | RegExp> };
  const BOOLEAN = /^(true|false)$/;
  const TEXT = /^.+$/su;
  const DURATION = /^P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/;
  const sequence = (of: Shape['of']): Shape => ({ kind: 'sequence', of });
  const all = (of: Shape['of']): Shape => ({ kind: 'all', of });
  const trigger = {
    Enabled: BOOLEAN,
    StartBoundary: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/,
    EndBoundary: TEXT,
    Repetition: all({ Interval: DURATION, Duration: DURATION, StopAtDurationEnd: BOOLEAN }),
    ExecutionTimeLimit: DURATION,
  };
  const TASK = all({
    RegistrationInfo: all({ URI: TEXT, Author: TEXT, Version: TEXT, Date: TEXT, Description: TEXT }),
    Triggers: {
      kind: 'choice',
      of: {
        LogonTrigger: sequence({ ...trigger, UserId: TEXT, Delay: DURATION }),
        TimeTrigger: sequence({ ...trigger, RandomDelay: DURATION }),
      },
    },
    Settings: all({
      AllowStartOnDemand: BOOLEAN,
      RestartOnFailure: all({ Interval: /^PT\d+M$/, Count: /^(25[0-5]|2[0-4]\d|1?\d?\d)$/ }),
      MultipleInstancesPolicy: /^(Parallel|Queue|IgnoreNew|StopExisting)$/,
      DisallowStartIfOnBatteries: BOOLEAN,
      StopIfGoingOnBatteries: BOOLEAN,
      AllowHardTerminate: BOOLEAN,
      StartWhenAvailable: BOOLEAN,
      RunOnlyIfNetworkAvailable: BOOLEAN,
      WakeToRun: BOOLEAN,
      Enabled: BOOLEAN,
      Hidden: BOOLEAN,
      RunOnlyIfIdle: BOOLEAN,
      ExecutionTimeLimit: DURATION,
      Priority: /^(\d|10)$/,
    }),
    Principals: sequence({
      Principal: all({
        UserId: TEXT,
        LogonType: /^(S4U|Password|InteractiveToken|InteractiveTokenOrPassword)$/,
        RunLevel: /^(LeastPrivilege|HighestAvailable)$/,
      }),
    }),
    Actions: {
      kind: 'choice',
      of: { Exec: all({ Command: TEXT, Arguments: TEXT, WorkingDirectory: TEXT }) },
    },
  });

  function validate({ name, children, text }: Element, shape: Shape | RegExp): void {
    if (shape instanceof RegExp) {
      expect([name, children.length, shape.test(text)]).toEqual([name, 0, true]);
      return;
    }
    const allowed = Object.keys(shape.of);
    const names = children.map((child) => child.name);
    expect(names.filter((one) => !allowed.includes(one))).toEqual([]);
    if (shape.kind !== 'choice') expect(new Set(names).size).toBe(names.length);
    if (shape.kind === 'sequence') expect(names).toEqual(allowed.filter((one) => names.includes(one)));
    for (const child of children) validate(child, shape.of[child.name] ?? expect.unreachable());
  }

  const around = { user: 'PC & CO\\someone', console: 'C:\\Windows\\System32\\conhost.exe' };
  const find = (element: Element, ...names: string[]): Element =>
    names.reduce(
      (parent, name) => parent.children.find((child) => child.name === name) ?? expect.unreachable(),
      element,
    );

  test('is valid by the schema of the Task Scheduler', () => {
    const task = parseXml(scheduledTask(definition(['C:\\x\\dgmo-updater.exe', 'service', 'run']), around));
    expect([task.name, task.attributes]).toEqual([
      'Task',
      { version: '1.2', xmlns: 'http://schemas.microsoft.com/windows/2004/02/mit/task' },
    ]);
    validate(task, TASK);
    // Its key and its reference.
    expect(find(task, 'Principals', 'Principal').attributes.id).toBe(
      find(task, 'Actions').attributes.Context,
    );
    expect(find(task, 'Principals', 'Principal', 'UserId').text).toBe(around.user);
  });

  test('has the words quoted as Windows reads them', () => {
    const words = ['C:\\Program Files\\x\\dgmo-updater.exe', '--home', 'C:\\a & "b"\\'] as const;
    const task = parseXml(scheduledTask(definition([...words]), around));
    expect(find(task, 'Actions', 'Exec', 'Arguments').text).toBe(
      '--headless "C:\\Program Files\\x\\dgmo-updater.exe" --home "C:\\a & \\"b\\"\\\\"',
    );
  });
});

describe('where it is written', () => {
  const host = (platform: 'linux' | 'darwin' | 'win32', environment = {}) => ({
    ...simulatedHost({ disk: new SimulatedDisk(), platform, versionOf: () => null }),
    environment: { USERNAME: 'me', USERDOMAIN: 'PC', ...environment },
    homeDirectory: platform === 'win32' ? 'C:\\Users\\me' : '/home/me',
    user: 501,
  });
  const unit = (...on: Parameters<typeof host>) =>
    unitFor(host(...on), on[0] === 'win32' ? 'C:\\Users\\me\\.dgmo' : '/home/me/.dgmo', definition(['/x']));

  test('and how it is made to count', () => {
    expect(unit('linux').file.path).toBe('/home/me/.config/systemd/user/dgmo-updater.service');
    expect(unit('linux', { XDG_CONFIG_HOME: '/c' }).file.path).toBe('/c/systemd/user/dgmo-updater.service');
    expect(unit('linux', { XDG_CONFIG_HOME: 'c' }).file.path).toStartWith('/home/me/.config/');
    const agent = unit('darwin');
    expect(agent.file.path).toBe('/home/me/Library/LaunchAgents/dgmo-updater.plist');
    expect(agent.enable).toEqual([['launchctl', 'bootstrap', 'gui/501', agent.file.path]]);
    expect(agent.stop).toEqual([['launchctl', 'bootout', 'gui/501/dgmo-updater']]);
    const task = unit('win32', { SystemRoot: 'D:\\Win' });
    expect(task.enable[0]?.[0]).toBe('D:\\Win\\System32\\schtasks.exe');
    // schtasks.exe wants UTF-16 with a byte order mark.
    expect([...task.file.content.subarray(0, 4)]).toEqual([0xff, 0xfe, 0x3c, 0]);
  });

  test('a variable that decides something here decides it there, too; others are left out', () => {
    const given = {
      DGMO_UPDATER_AUTO_UPDATE: 'off',
      https_proxy: 'http://p',
      HOME: '/x',
      PATH: '/y',
      NO_PROXY: '',
    };
    const kept = { DGMO_UPDATER_AUTO_UPDATE: 'off', https_proxy: 'http://p' };
    expect(environmentOf(given, 'linux')).toEqual(kept);
    expect(environmentOf(given, 'win32')).toEqual({});
  });

  test('a path that no definition can hold is refused', () => {
    expect(() => systemdUnit(definition(['/a\nb']))).toThrow("can't be written");
    expect(() => launchAgent(definition(['/a\u0001b']))).toThrow("can't be written");
  });
});
