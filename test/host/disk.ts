/**
 * A disk in memory that simulates power cuts. Names and contents each have two states: as a process sees them, and as they
 * are on the drive. Flushing a file writes its content to the drive. Flushing a directory writes, in their order, all
 * changes of names up to the last one in that directory, as a journalling filesystem does.
 */
import { dirname, resolve } from 'node:path/posix';
import type { Disk, FileStatus, Handle, HeldFolder, Room } from '../../lib/platform/disk.ts';

/** What happens to unflushed writes when everything stops. */
export const LOSSES = ['kept', 'lost', 'names only', 'torn'] as const;
export type Loss = (typeof LOSSES)[number];

/** Owns everything that was not given to somebody else. */
export const USER = 1000;

interface Inode {
  kind: 'file' | 'directory' | 'symlink';
  /** For a symlink: its target. */
  content: Uint8Array;
  durable: Uint8Array;
  dirty: boolean;
  mode: number;
  owner: number;
  group: number;
  /** Microseconds; the number of writes, unless it was set. */
  modified: number;
  /** The number of all changes. */
  changes: number;
}

interface NameChange {
  directories: string[];
  set: [path: string, inode: number | null][];
}

export function systemError(code: string, call: string, path = ''): Error {
  return Object.assign(new Error(`${code}: ${call} ${path}`), { code, ...(path ? { path } : {}) });
}

export class SimulatedDisk implements Disk {
  readonly #inodes = new Map<number, Inode>();
  #names = new Map<string, number>();
  readonly #durableNames = new Map<string, number>();
  #pending: NameChange[] = [];
  readonly #handles = new Map<Handle, { inode: number; writable: boolean }>();
  #nextInode = 1;
  #nextHandle = 3;

  constructor() {
    const root = this.#newInode('directory', 0o755);
    this.#names.set('/', root);
    this.#durableNames.set('/', root);
  }

  /** A copy of the disk, without open files. */
  clone(): SimulatedDisk {
    const copy = new SimulatedDisk();
    copy.#inodes.clear();
    for (const [id, inode] of this.#inodes) copy.#inodes.set(id, { ...inode });
    copy.#names = new Map(this.#names);
    copy.#durableNames.clear();
    for (const [path, inode] of this.#durableNames) copy.#durableNames.set(path, inode);
    copy.#pending = [...this.#pending];
    copy.#nextInode = this.#nextInode;
    return copy;
  }

  /** The disk as the next start of the machine (or, with `kept`, the next process) finds it. */
  after(loss: Loss): SimulatedDisk {
    const next = this.clone();
    if (loss === 'kept') return next;
    const names = new Map(next.#durableNames);
    const carried =
      loss === 'lost' ? 0 : loss === 'torn' ? Math.ceil(next.#pending.length / 2) : next.#pending.length;
    for (const change of next.#pending.slice(0, carried)) applyChange(names, change);
    next.#names = names;
    next.#durableNames.clear();
    for (const [path, inode] of names) next.#durableNames.set(path, inode);
    next.#pending = [];
    for (const inode of next.#inodes.values()) {
      inode.content = loss === 'torn' ? tear(inode) : inode.durable;
      inode.durable = inode.content;
      inode.dirty = false;
    }
    return next;
  }

  /** Every path with its content, as a process sees it, for comparing two states. */
  picture(): Record<string, string> {
    const picture: Record<string, string> = {};
    for (const [path, id] of inOrder(this.#names)) {
      const inode = this.#inode(id);
      const content = textOf(inode.content);
      picture[path] = inode.kind === 'file' ? content : `(${inode.kind})${content}`;
    }
    return picture;
  }

  /** Every path with its content, as it is on the drive. */
  durablePicture(): unknown {
    return inOrder(this.#durableNames).map(([path, id]) => [path, textOf(this.#inode(id).durable)]);
  }

  /** What a process may depend on, but for times: names, contents, modes, owners and hard links. */
  state(): string {
    const first = new Map<number, string>();
    let state = '';
    for (const [path, id] of inOrder(this.#names)) {
      const { kind, mode, owner, content } = this.#inode(id);
      const name = first.get(id);
      if (name === undefined) first.set(id, path);
      state += `${path}\0${name ?? path}\0${kind} ${mode} ${owner} ${numberOf(content)}\0`;
    }
    return state;
  }

  /** The same, and what the drive has. */
  stateWithDrive(): string {
    let state = `${this.state()}\0`;
    for (const [path, id] of inOrder(this.#durableNames))
      state += `${path}\0${numberOf(this.#inode(id).durable)}\0`;
    return state;
  }

  contentOf(path: string): Uint8Array | null {
    const id = this.#names.get(path);
    return id === undefined ? null : this.#inode(id).content;
  }

  sameFile(a: string, b: string): boolean {
    return this.#names.has(a) && this.#names.get(a) === this.#names.get(b);
  }

  inodeOf(path: string): number | undefined {
    return this.#names.get(path);
  }

  /** Creates or replaces a file, flushed, with the folders above it. */
  place(path: string, content: Uint8Array, mode = 0o755): void {
    const missing: string[] = [];
    for (let folder = dirname(path); !this.#names.has(folder); folder = dirname(folder))
      missing.unshift(folder);
    for (const folder of missing) this.createDirectory(folder);
    if (this.#names.has(path)) this.remove(path);
    const handle = this.open(path, 'create', mode);
    this.write(handle, content, 0);
    this.flush(handle);
    this.close(handle);
    this.flushDirectory(dirname(path));
  }

  /** Gives it to a user, and to their group. */
  own(path: string, user: number, group = user): void {
    Object.assign(this.#named(path, 'chown'), { owner: user, group });
  }

  open(path: string, how: Parameters<Disk['open']>[1], mode = 0o600): Handle {
    let id = this.#names.get(how === 'create' || how === 'read itself' ? path : this.#followed(path));
    if (how === 'create') {
      if (id !== undefined) throw systemError('EEXIST', 'open', path);
      this.#requireFolder(path);
      id = this.#newInode('file', mode);
      this.#change({ directories: [dirname(path)], set: [[path, id]] });
    }
    if (id === undefined) throw systemError('ENOENT', 'open', path);
    if (this.#inode(id).kind === 'directory') throw systemError('EISDIR', 'open', path);
    if (this.#inode(id).kind === 'symlink') throw systemError('ELOOP', 'open', path);
    const handle = this.#nextHandle++;
    this.#handles.set(handle, { inode: id, writable: how === 'create' || how === 'update' });
    return handle;
  }

  size(handle: Handle): number {
    return this.#opened(handle).content.length;
  }

  read(handle: Handle, into: Uint8Array, position: number): number {
    const part = this.#opened(handle).content.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  async readMeanwhile(handle: Handle, into: Uint8Array, position: number): Promise<number | null> {
    return this.read(handle, into, position);
  }

  nextData(_: Handle, position: number): number {
    return position;
  }

  write(handle: Handle, bytes: Uint8Array, position: number): number {
    const inode = this.#opened(handle, true);
    const content = new Uint8Array(Math.max(inode.content.length, position + bytes.length));
    content.set(inode.content);
    content.set(bytes, position);
    this.#setContent(inode, content);
    return bytes.length;
  }

  truncate(handle: Handle, size: number): void {
    const inode = this.#opened(handle, true);
    const content = new Uint8Array(size);
    content.set(inode.content.subarray(0, size));
    this.#setContent(inode, content);
  }

  flush(handle: Handle): void {
    const inode = this.#opened(handle);
    if (inode.dirty) inode.durable = inode.content;
    inode.dirty = false;
  }

  async follow(_handle: Handle): Promise<null> {
    return null;
  }

  async flushMeanwhile(handle: Handle): Promise<void> {
    this.flush(handle);
  }

  /** As a failed flush on Linux: the content stays in memory, counts as written, and never reaches the drive. */
  failFlush(handle: Handle): void {
    this.#opened(handle).dirty = false;
  }

  close(handle: Handle): void {
    if (!this.#handles.delete(handle)) throw systemError('EBADF', 'close');
  }

  openHandles(): number {
    return this.#handles.size;
  }

  status(path: string): FileStatus | null {
    const id = this.#names.get(path);
    if (id === undefined) return null;
    const inode = this.#inode(id);
    const size = inode.content.length;
    return {
      kind: inode.kind,
      size,
      mode: inode.mode,
      owner: inode.owner,
      group: inode.group,
      modified: inode.modified / 1000,
      modifiedMicros: inode.modified,
      changed: inode.modified / 1000,
      fineTimes: false,
      allocated: size,
      links: this.#linksOf(id),
      identity: `${id}:${size}:${inode.modified}`,
      fingerprint: `${id}:${size}:${inode.modified}:${inode.changes}`,
    };
  }

  resolve(path: string): string {
    const found = this.#followed(path);
    if (!this.#names.has(found)) throw systemError('ENOENT', 'realpath', path);
    return found;
  }

  readLink(path: string): string {
    const id = this.#names.get(path);
    if (id === undefined) throw systemError('ENOENT', 'readlink', path);
    if (this.#inode(id).kind !== 'symlink') throw systemError('EINVAL', 'readlink', path);
    return new TextDecoder().decode(this.#inode(id).content);
  }

  symlink(target: string, path: string): void {
    if (this.#names.has(path)) throw systemError('EEXIST', 'symlink', path);
    this.#requireFolder(path);
    const id = this.#newInode('symlink', 0o777);
    const content = new TextEncoder().encode(target);
    Object.assign(this.#inode(id), { content, durable: content });
    this.#change({ directories: [dirname(path)], set: [[path, id]] });
  }

  setModified(path: string, micros: number): void {
    const inode = this.#named(path, 'utimes');
    inode.modified = micros;
    inode.changes++;
  }

  rename(from: string, to: string): void {
    const id = this.#names.get(from);
    if (id === undefined) throw systemError('ENOENT', 'rename', from);
    this.#requireFolder(to);
    // POSIX: nothing happens if both are names of one file.
    if (this.#names.get(to) === id) return;
    if (this.#inode(id).kind === 'directory') throw new Error('folders are not renamed here');
    const replaced = this.#names.get(to);
    if (replaced !== undefined && this.#inode(replaced).kind === 'directory')
      throw systemError('EISDIR', 'rename', to);
    this.#inode(id).changes++;
    this.#change({
      directories: [dirname(from), dirname(to)],
      set: [
        [from, null],
        [to, id],
      ],
    });
  }

  replace(from: string, to: string): void {
    this.rename(from, to);
  }

  link(existing: string, path: string): void {
    const id = this.#names.get(existing);
    if (id === undefined) throw systemError('ENOENT', 'link', existing);
    this.#inode(id).changes++;
    if (this.#names.has(path)) throw systemError('EEXIST', 'link', path);
    this.#requireFolder(path);
    this.#change({ directories: [dirname(path)], set: [[path, id]] });
  }

  copy(from: string, to: string): void {
    const content = this.contentOf(from);
    if (content === null) throw systemError('ENOENT', 'copyfile', from);
    const handle = this.open(to, 'create', 0o755);
    this.write(handle, content, 0);
    this.close(handle);
  }

  /** As on ext4. */
  reflink(from: string, to: string): void {
    throw systemError('ENOTSUP', 'reflink', `${from} ${to}`);
  }

  remove(path: string): void {
    if (this.#named(path, 'unlink').kind === 'directory') throw systemError('EISDIR', 'unlink', path);
    this.#change({ directories: [dirname(path)], set: [[path, null]] });
  }

  createDirectory(path: string, mode = 0o700): void {
    if (this.#names.has(path)) throw systemError('EEXIST', 'mkdir', path);
    this.#requireFolder(path);
    this.#change({ directories: [dirname(path)], set: [[path, this.#newInode('directory', mode)]] });
  }

  hold(path: string): HeldFolder {
    if (this.#named(path, 'open').kind !== 'directory') throw systemError('ENOTDIR', 'open', path);
    const setMode = (mode: number) => this.setMode(path, mode);
    const mode = () => this.#named(path, 'fstat').mode;
    return { path, self: path, mode, setMode, close: () => undefined };
  }

  removeDirectory(path: string): void {
    if (this.#named(path, 'rmdir').kind !== 'directory') throw systemError('ENOTDIR', 'rmdir', path);
    if (this.list(path).length > 0) throw systemError('ENOTEMPTY', 'rmdir', path);
    this.#change({ directories: [dirname(path)], set: [[path, null]] });
  }

  list(path: string): string[] {
    if (this.#named(path, 'scandir').kind !== 'directory') throw systemError('ENOTDIR', 'scandir', path);
    const prefix = path === '/' ? path : `${path}/`;
    return [...this.#names.keys()]
      .filter((name) => name.startsWith(prefix) && name !== '/' && !name.includes('/', prefix.length))
      .map((name) => name.slice(prefix.length));
  }

  imitate(path: string, model: string): boolean {
    this.setMode(path, this.#named(model, 'stat').mode);
    return true;
  }

  setMode(path: string, mode: number): void {
    const inode = this.#named(path, 'chmod');
    inode.mode = mode;
    inode.changes++;
  }

  room(_: string): Room | null {
    return null;
  }

  isMountPoint(_: string): boolean {
    return false;
  }

  writeRefusal(_: string): string | null {
    return null;
  }

  runRefusal(_: string): string | null {
    return null;
  }

  flushDirectory(path: string): void {
    const last = this.#pending.findLastIndex((change) => change.directories.includes(path));
    for (const change of this.#pending.splice(0, last + 1)) applyChange(this.#durableNames, change);
  }

  #linksOf(id: number): number {
    let links = 0;
    for (const other of this.#names.values()) if (other === id) links++;
    return links;
  }

  #newInode(kind: Inode['kind'], mode: number): number {
    const empty = new Uint8Array(0);
    this.#inodes.set(this.#nextInode, {
      kind,
      content: empty,
      durable: empty,
      dirty: false,
      mode,
      owner: USER,
      group: USER,
      modified: 0,
      changes: 0,
    });
    return this.#nextInode++;
  }

  #named(path: string, call: string): Inode {
    const id = this.#names.get(path);
    if (id === undefined) throw systemError('ENOENT', call, path);
    return this.#inode(id);
  }

  /** The path with every symlink resolved. The last name need not exist. */
  #followed(path: string, most = 40): string {
    let followed = '';
    const parts = path.split('/').filter(Boolean);
    for (const [index, part] of parts.entries()) {
      followed = `${followed}/${part}`;
      const id = this.#names.get(followed);
      if (id === undefined || this.#inode(id).kind !== 'symlink') continue;
      if (most === 0) throw systemError('ELOOP', 'open', path);
      const target = new TextDecoder().decode(this.#inode(id).content);
      return this.#followed(resolve(dirname(followed), target, ...parts.slice(index + 1)), most - 1);
    }
    return followed === '' ? '/' : followed;
  }

  #inode(id: number): Inode {
    const inode = this.#inodes.get(id);
    if (inode === undefined) throw new Error(`no inode ${id}`);
    return inode;
  }

  #opened(handle: Handle, forWriting = false): Inode {
    const opened = this.#handles.get(handle);
    if (opened === undefined || (forWriting && !opened.writable)) throw systemError('EBADF', 'handle');
    return this.#inode(opened.inode);
  }

  #setContent(inode: Inode, content: Uint8Array): void {
    inode.content = content;
    inode.dirty = true;
    inode.modified++;
    inode.changes++;
  }

  #requireFolder(path: string): void {
    if (!this.#names.has(dirname(path))) throw systemError('ENOENT', 'open', path);
  }

  #change(change: NameChange): void {
    applyChange(this.#names, change);
    this.#pending.push(change);
  }
}

function inOrder(names: Map<string, number>): [path: string, id: number][] {
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Each content is encoded once: a write makes another, and none is changed in place. */
const texts = new WeakMap<Uint8Array, string>();
function textOf(content: Uint8Array): string {
  const known = texts.get(content);
  if (known !== undefined) return known;
  const text = Buffer.from(content).toString('base64');
  texts.set(content, text);
  return text;
}

/** The same number for the same bytes. */
const numbers = new Map<string, number>();
const numbered = new WeakMap<Uint8Array, number>();
function numberOf(content: Uint8Array): number {
  const known = numbered.get(content);
  if (known !== undefined) return known;
  const text = textOf(content);
  const number = numbers.get(text) ?? numbers.size;
  numbers.set(text, number);
  numbered.set(content, number);
  return number;
}

function applyChange(names: Map<string, number>, change: NameChange): void {
  for (const [path, inode] of change.set) {
    if (inode === null) names.delete(path);
    else names.set(path, inode);
  }
}

/** Half of what was written has reached the drive: the first half of the new bytes over the old ones. */
function tear(inode: Inode): Uint8Array {
  if (!inode.dirty) return inode.durable;
  const half = Math.ceil(inode.content.length / 2);
  const torn = new Uint8Array(Math.max(half, Math.min(inode.durable.length, inode.content.length)));
  torn.set(inode.durable.subarray(0, torn.length));
  torn.set(inode.content.subarray(0, half));
  return torn;
}
