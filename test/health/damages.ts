/** Damages of every component of an install, of every kind that a file can suffer. */
import fs from 'node:fs';
import path from 'node:path';
import type { HealthStage } from './stage.ts';

export const COMPONENTS = [
  'executable',
  'updater',
  'config',
  'plugin',
  'evolution',
  'receipt',
  'journal',
  'updater records',
  'trust',
  'snapshots',
  'cache',
] as const;
export type Component = (typeof COMPONENTS)[number];

export const KINDS = [
  'flip',
  'truncate',
  'empty',
  'zeros',
  'delete',
  'folder',
  'link',
  'other version',
  'wrong mode',
  'wrong owner',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Damage {
  component: Component;
  kind: Kind;
}

/** The files of the component: one that is damaged, or several that are damaged alike. */
function filesOf(here: HealthStage, component: Component): string[] {
  const inside = (folder: string, wanted: (name: string) => boolean) =>
    fs.existsSync(folder) && fs.statSync(folder).isDirectory()
      ? fs
          .readdirSync(folder)
          .filter(wanted)
          .map((name) => path.join(folder, name))
      : [];
  switch (component) {
    case 'executable':
      return [here.dgmo];
    case 'updater':
      return [here.updater];
    case 'config':
      return [here.config];
    case 'plugin':
      return [here.plugin];
    case 'evolution':
      return [here.evolution];
    case 'receipt':
      return [path.join(here.workDir, 'installed.json')];
    case 'journal':
      return [path.join(here.workDir, 'journal')];
    case 'updater records':
      return ['installed.json', 'journal'].map((name) => path.join(here.workDir, 'updater', name));
    case 'trust':
      return [path.join(here.home, 'trust', 'root.json')];
    case 'snapshots':
      return inside(path.join(here.home, '.snapshots', 'snapshots'), (name) => name.endsWith('.json'));
    case 'cache':
      return inside(path.join(here.home, 'cache'), (name) => /^[0-9a-f]{64}$/.test(name));
  }
}

/** @param seed where the byte is that changes */
export function inflict(here: HealthStage, { component, kind }: Damage, seed: number): void {
  for (const file of filesOf(here, component)) harm(here, file, kind, seed);
}

function harm(here: HealthStage, file: string, kind: Kind, seed: number): void {
  const size = fs.lstatSync(file).isFile() ? fs.statSync(file).size : 0;
  switch (kind) {
    case 'flip': {
      const bytes = fs.readFileSync(file);
      const at = (seed * 7919) % Math.max(1, bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (seed % 8));
      fs.writeFileSync(file, bytes);
      return;
    }
    case 'truncate':
      fs.truncateSync(file, seed % Math.max(1, size));
      return;
    case 'empty':
      fs.truncateSync(file, 0);
      return;
    case 'zeros':
      fs.writeFileSync(file, new Uint8Array(size));
      return;
    case 'delete':
      fs.rmSync(file);
      return;
    case 'folder':
      fs.rmSync(file);
      fs.mkdirSync(file);
      return;
    case 'link':
      fs.rmSync(file);
      fs.symlinkSync(path.join(here.stage.folder, seed % 2 === 0 ? 'nowhere' : 'elsewhere'), file);
      return;
    case 'other version':
      fs.writeFileSync(file, `#!/bin/sh\necho 9.9.${seed % 10}\n`);
      return;
    case 'wrong mode':
      fs.chmodSync(file, seed % 2 === 0 ? 0o000 : 0o666);
      return;
    case 'wrong owner':
      fs.chownSync(file, 1234, 1234);
      return;
  }
}
