/**
 * The receipt, `installed.json`: what is installed, and how it was installed. It is always replaced as a whole, and contains
 * a digest of itself. The journal has a copy, from which `recover` can write it again.
 */
import { DamagedError, NotAdoptedError } from '../errors.ts';
import { decodeSealed, encodeSealed } from '../format/sealed-json.ts';
import { isAppName } from '../package/index.ts';
import type { Disk } from '../platform/disk.ts';
import { readOwnFile, replaceDurably } from '../platform/files.ts';
import { type ConfigSchema, isFeedPath, isVersion } from '../version/index.ts';
import { configSchema } from '../version/manifest.ts';
import { type Confirmation, confirmation } from './confirmation/confirmation.ts';
import type { Layout } from './layout.ts';

/** An executable: its version, and what identifies its bytes. */
export interface Binary {
  version: string;
  /** 64 lower-case hex digits. */
  sha256: string;
  /** Bytes. */
  size: number;
  /** It is known to be the build for older processors. */
  build?: 'baseline';
}

/** Stands for the digest of a missing file. No file has it. */
export const ABSENT = '0'.repeat(64);

/** As in the release's manifest. */
export interface RollbackRule {
  supported: boolean;
  /** The lowest version to go back to. */
  minVersion: string;
  /** Format of the user data that the release writes. */
  dataVersion: number;
}

export interface Receipt {
  schema: 1;
  app: string;
  /** Random, and made once for each install. Decides when a staged rollout reaches it. */
  installId: string;
  binary: Binary;
  /** The binary that `rollback` goes back to, kept in the work dir; null if there is none. */
  previous: Binary | null;
  /** The lowest version that a package may install without the user's consent. */
  floor: string;
  /** Address of the feed; null: the compiled-in one, if any. */
  feed: string | null;
  source: 'init' | 'package' | 'rollback';
  /** What the installed release says about going back from it; null if that is unknown. */
  rollback: RollbackRule | null;
  /** Milliseconds since the epoch. */
  installedAt: number;
  /** The highest version of the trusted root that was seen here. Receipts from before it was kept do not have it. */
  rootVersion?: number;
  /**
   * The updater that comes with the installed release, and its file in the feed. Not there if it brings none, or if that is not
   * known.
   */
  updater?: Binary & { file: { path: string; length: number; sha256: string } };
  /** The JSON Schema of the config, as the installed release says. Not there if it has none, or if that is not known. */
  configSchema?: ConfigSchema;
  /** What the installed version still owes; not there if it has confirmed its health, or does not give a confirmation. */
  confirmation?: Confirmation;
}

const LIMIT = 64 * 1024;

export function encodeReceipt(receipt: Receipt): Uint8Array {
  return encodeSealed('receipt', receipt, 2);
}

/** Throws DamagedError, which names the field, if the bytes are not a valid receipt. */
export function decodeReceipt(bytes: Uint8Array, name: string): Receipt {
  return checkReceipt(
    decodeSealed(bytes, 'receipt', LIMIT, (what) => damaged(name, what)),
    name,
  );
}

/** Checks the fields, once the digest is verified. Also used for the copies in the journal. */
export function checkReceipt(value: unknown, name: string): Receipt {
  if (!isRecord(value)) throw damaged(name, 'wanted an object in `receipt`');
  if (value.schema !== 1) {
    throw new DamagedError(`${name} has schema ${String(value.schema)}, this updater reads schema 1`, {
      advice: 'Use the newer updater that wrote it.',
    });
  }
  const text = (field: string): string => {
    const found = value[field];
    if (typeof found !== 'string' || found === '')
      throw damaged(name, `${field}: wanted text, found ${JSON.stringify(found)}`);
    return found;
  };
  const source = text('source');
  if (source !== 'init' && source !== 'package' && source !== 'rollback')
    throw damaged(name, `source: found ${source}`);
  const floor = text('floor');
  if (!isVersion(floor)) throw damaged(name, `floor: wanted a version, found ${floor}`);
  if (typeof value.installedAt !== 'number') throw damaged(name, 'installedAt: wanted milliseconds');
  // It becomes part of a path.
  const app = text('app');
  if (!isAppName(app)) throw damaged(name, `app: wanted a name such as dgmo, found ${JSON.stringify(app)}`);
  return {
    schema: 1,
    app,
    installId: text('installId'),
    binary: checkBinary(value.binary, name, 'binary'),
    previous: value.previous === null ? null : checkBinary(value.previous, name, 'previous'),
    floor,
    feed: value.feed === null ? null : text('feed'),
    source,
    rollback: checkRollback(value.rollback, name),
    installedAt: value.installedAt,
    ...checkRootVersion(value.rootVersion, name),
    ...checkUpdater(value.updater, name),
    ...checkConfigSchema(value.configSchema, name),
    ...checkConfirmation(value.confirmation, name),
  };
}

function checkConfirmation(value: unknown, name: string): Pick<Receipt, 'confirmation'> {
  if (value === undefined) return {};
  try {
    return { confirmation: confirmation(value, 'confirmation') };
  } catch (error) {
    if (error instanceof DamagedError) throw damaged(name, error.message);
    throw error;
  }
}

function checkUpdater(value: unknown, name: string): Pick<Receipt, 'updater'> {
  if (value === undefined) return {};
  const updater = checkBinary(value, name, 'updater');
  const file = isRecord(value) && isRecord(value.file) ? value.file : {};
  const { path, length, sha256 } = file;
  if (typeof path !== 'string' || !isFeedPath(path))
    throw damaged(name, `updater.file.path: found ${JSON.stringify(path)}`);
  const { size } = checkBinary({ version: updater.version, sha256, size: length }, name, 'updater.file');
  return { updater: { ...updater, file: { path, length: size, sha256: String(sha256) } } };
}

function checkConfigSchema(value: unknown, name: string): Pick<Receipt, 'configSchema'> {
  try {
    return value === undefined ? {} : { configSchema: configSchema(value, 'configSchema') };
  } catch (error) {
    if (error instanceof DamagedError) throw damaged(name, error.message);
    throw error;
  }
}

/** Nothing more is owed. */
export function withoutConfirmation({ confirmation: _, ...receipt }: Receipt): Receipt {
  return receipt;
}

function checkRootVersion(value: unknown, name: string): Pick<Receipt, 'rootVersion'> {
  if (value === undefined) return {};
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return { rootVersion: value };
  throw damaged(name, `rootVersion: wanted a whole number from 1, found ${JSON.stringify(value)}`);
}

/** Receipts that were written before snapshots existed don't have it. */
function checkRollback(value: unknown, name: string): RollbackRule | null {
  if (value === undefined || value === null) return null;
  if (!isRecord(value)) throw damaged(name, 'rollback: wanted an object');
  const { supported, minVersion, dataVersion } = value;
  if (typeof supported !== 'boolean' || typeof minVersion !== 'string' || !isVersion(minVersion))
    throw damaged(name, 'rollback: wanted supported and minVersion');
  if (typeof dataVersion !== 'number' || !Number.isSafeInteger(dataVersion))
    throw damaged(name, `rollback.dataVersion: wanted a number, found ${JSON.stringify(dataVersion)}`);
  return { supported, minVersion, dataVersion };
}

export function checkBinary(value: unknown, name: string, field: string): Binary {
  if (!isRecord(value)) throw damaged(name, `${field}: wanted an object`);
  const { version, sha256, size } = value;
  if (typeof version !== 'string' || !isVersion(version))
    throw damaged(name, `${field}.version: found ${JSON.stringify(version)}`);
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) {
    throw damaged(name, `${field}.sha256: wanted 64 hex digits, found ${JSON.stringify(sha256)}`);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw damaged(name, `${field}.size: wanted a number of bytes, found ${JSON.stringify(size)}`);
  }
  return { version, sha256, size, ...(value.build === 'baseline' ? { build: 'baseline' as const } : {}) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(name: string, what: string): DamagedError {
  return new DamagedError(`the receipt ${name} is damaged: ${what}`, {
    advice: 'Run `dgmo-updater recover`: it writes the receipt again from the journal.',
  });
}

/** Null if there is none. Throws DamagedError if it can't be decoded. */
export function loadReceipt(disk: Disk, layout: Layout): Receipt | null {
  const bytes = readOwnFile(disk, layout.receipt, LIMIT);
  return bytes === null ? null : decodeReceipt(bytes, layout.receipt);
}

/** The receipt; null if there is none, or if it is damaged. */
export function receiptUnlessDamaged(disk: Disk, layout: Layout): Receipt | null {
  try {
    return loadReceipt(disk, layout);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

/** Throws UsageError if there is none: then the binary was never adopted. */
export function requireReceipt(disk: Disk, layout: Layout): Receipt {
  const receipt = loadReceipt(disk, layout);
  if (receipt !== null) return receipt;
  throw missingReceipt(disk, layout);
}

export function missingReceipt(disk: Disk, { target, workDir }: Layout): NotAdoptedError {
  return disk.status(target) === null
    ? new NotAdoptedError(`there is no ${target}`, {
        advice: '`dgmo-updater repair` installs it; --install-dir names another folder.',
      })
    : new NotAdoptedError(
        `${target} is not looked after yet: nothing in ${workDir} says which version it is`,
        {
          advice:
            'Run `dgmo-updater init` once, which asks it. If it was looked after before, `dgmo-updater recover` restores what is missing.',
        },
      );
}

export function saveReceipt(disk: Disk, layout: Layout, receipt: Receipt): void {
  replaceDurably(disk, layout.receipt, layout.workDir, encodeReceipt(receipt), 0o644);
}
