/** Where a lane of `mixing` is in both files, and how it fares there: what the parts of the reference have in common. */
import { hash } from './arithmetic.ts';
import { BYTECODE } from './bytecode.ts';
import { type Files, isIdentifier } from './files.ts';
import { DATA, isCode, TEXT } from './image.ts';

const OTHER_CLASS = 0;
export const [CODE_CLASS, TEXT_CLASS] = [1, 2];

export class State {
  readonly files: Files;
  at: number;
  oldAt = 0;
  stepEnd = 0;
  regionEnd = 0;
  /** Of the region in the new file. */
  kind = DATA;
  /** Whether that is code in converted words. */
  inWords = false;
  wary = true;
  calm = 0;
  misses = 0;
  history = 0;
  /** Bytes that are left of the block, -1 for none. */
  blockLeft = -1;
  cleanBlocks = 0;
  /** 1 after a word or a suspect. */
  resumed = 0;
  changedAt = -1;
  wordHash = 0;
  lastMiss = 0;

  constructor(files: Files) {
    this.files = files;
    this.at = files.start;
  }

  get class(): number {
    if (isCode(this.kind) || this.kind === BYTECODE) return CODE_CLASS;
    return this.kind === TEXT ? TEXT_CLASS : OTHER_CLASS;
  }

  /** Bytes that the lane has made. */
  get made(): number {
    return this.at - this.files.start;
  }

  begin(old: number, end: number): void {
    this.stepEnd = end;
    this.oldAt = old;
    this.wary = true;
    this.calm = 12;
    this.history = 255;
    this.blockLeft = -1;
    this.cleanBlocks = 0;
    this.misses = 0;
    this.regionEnd = 0;
  }

  beWary(): void {
    this.wary = true;
    this.calm = 0;
  }

  advanceCalm(by: number): void {
    this.calm += by;
    if (this.calm < 16) return;
    this.wary = false;
    this.blockLeft = -1;
    this.cleanBlocks = 0;
  }

  /** Leaves a byte behind; `aligned` is what the old file has there, -1 for nothing. */
  step(byte: number, aligned: number): void {
    const isHit = byte === aligned;
    this.history = ((this.history << 1) | (isHit ? 1 : 0)) & 255;
    if (isHit) {
      this.oldAt++;
      this.misses = 0;
    } else {
      this.calm = 0;
      this.misses++;
      if (aligned >= 0) this.#stepOver(byte, aligned);
      this.lastMiss = this.oldAt;
    }
    this.addToWord(byte);
    this.at++;
  }

  /** Goes on at another old place. */
  jump(place: number, history: number): void {
    this.oldAt = place;
    this.history = history;
    this.misses = 0;
  }

  addToWord(byte: number): void {
    this.wordHash = isIdentifier(byte) ? hash(this.wordHash, byte) : 0;
  }

  #stepOver(byte: number, aligned: number): void {
    if (this.class !== TEXT_CLASS) {
      if (this.misses <= 64) this.oldAt++;
      return;
    }
    if (this.misses > 24) return;
    const [isWord, wasWord] = [isIdentifier(byte), isIdentifier(aligned)];
    if (isWord && !wasWord) return;
    if (isWord || !wasWord) {
      this.oldAt++;
      return;
    }
    let place = this.oldAt;
    const size = this.files.old.length;
    for (let i = 0; i < 40 && place < size && isIdentifier(this.files.oldByte(place)); i++) place++;
    if (place < size && this.files.oldByte(place) === byte) {
      this.oldAt = place + 1;
      this.misses = 0;
    } else {
      this.oldAt++;
    }
  }
}
