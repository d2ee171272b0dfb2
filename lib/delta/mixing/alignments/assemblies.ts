/**
 * Alignments of the tables of .NET assemblies in a larger file, by what their rows are called: byte by byte they hardly resemble each other, as every number
 * in them has changed. What refers to the rows is predicted by these (assembly/mixing/addresses/data/assemblies.ts). For the encoder only.
 */
import type { Alignment } from '../../matcher.ts';
import { assembliesOf } from '../containers/dotnet/assemblies.ts';
import { Metadata } from '../containers/dotnet/metadata.ts';
import { type Image, REGION_KINDS } from '../containers/image.ts';
import { without } from './functions.ts';

const NONE = -1;

interface Input {
  old: Uint8Array;
  fresh: Uint8Array;
  images: { old: Image; fresh: Image };
}

interface Assembly {
  start: number;
  bytes: Buffer;
  metadata: Metadata;
}

/** `alignments`, ascending in the new file; those within a table of an assembly that differs are replaced. */
export function alignAssemblies(
  { old, fresh, images }: Input,
  alignments: readonly Alignment[],
): readonly Alignment[] {
  const names = new Map<string, number>();
  const before = named(old, images.old, names);
  if (before.size === 0) return alignments;
  const tables: { offset: number; size: number }[] = [];
  const rows: Alignment[] = [];
  const after = named(fresh, images.fresh, names);
  const [only] = before.size === 1 && after.size === 1 ? before.values() : [];
  for (const [name, assembly] of after) {
    const from = only ?? before.get(name);
    if (from === undefined || from.bytes.equals(assembly.bytes)) continue;
    for (const [table, to] of assembly.metadata.tables.entries()) {
      const size = to.size * to.rows;
      const aligned = [...alignTable(from.metadata, assembly.metadata, table)];
      if (aligned.length === 0) continue;
      tables.push({ offset: to.offset, size });
      rows.push(...aligned);
    }
  }
  return [...rows, ...without(alignments, tables)].sort((a, b) => a.newStart - b.newStart);
}

/** By the name of each, and how many of that name precede it. */
function named(file: Uint8Array, { regions }: Image, names: Map<string, number>): Map<string, Assembly> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const region = regions.find(({ kind }) => kind === REGION_KINDS.assemblies);
  const found = new Map<string, Assembly>();
  if (region === undefined) return found;
  const seen = new Map<string, number>();
  for (const { start, size } of assembliesOf(bytes, region.offset)) {
    let metadata: Metadata;
    try {
      metadata = new Metadata(bytes, start, names);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      continue;
    }
    const name = metadata.moduleName;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    found.set(`${count} ${name}`, { start, bytes: bytes.subarray(start, start + size), metadata });
  }
  return found;
}

/** Runs of rows that are the same, unless they have other sizes. */
function* alignTable(old: Metadata, fresh: Metadata, table: number): Generator<Alignment> {
  const [from, to] = [old.tables[table], fresh.tables[table]];
  if (from === undefined || to === undefined || from.size !== to.size || from.rows === 0) return;
  const matches = matchRows(namesOf(old, table, from.rows), namesOf(fresh, table, to.rows));
  for (let row = 0; row < to.rows; ) {
    const match = matches[row] ?? NONE;
    let count = 1;
    if (match !== NONE) {
      while (matches[row + count] === match + count) count++;
      yield {
        newStart: to.offset + to.size * row,
        oldStart: from.offset + from.size * match,
        length: to.size * count,
      };
    }
    row += count;
  }
}

function namesOf(metadata: Metadata, table: number, rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => metadata.nameOf(table, row));
}

/** By row of the new table that of the old one, or NONE: first what is unique with its neighbours, then by itself, from each on as far as names are the same; last in order. */
function matchRows(old: readonly number[], fresh: readonly number[]): Int32Array {
  const matches = new Int32Array(fresh.length).fill(NONE);
  const taken = new Uint8Array(old.length);
  const match = (from: number, to: number) => {
    for (const step of [1, -1]) {
      for (let [i, j] = [from, to]; old[i] !== undefined && old[i] === fresh[j]; i += step, j += step) {
        if (i !== from && (taken[i] === 1 || matches[j] !== NONE)) break;
        taken[i] = 1;
        matches[j] = i;
      }
    }
  };
  for (const nameAt of [withNeighbours, alone]) {
    const places = uniqueIn(old, nameAt);
    for (const [name, to] of uniqueIn(fresh, nameAt)) {
      const from = places.get(name) ?? NONE;
      if (from >= 0 && to >= 0 && taken[from] === 0 && matches[to] === NONE) match(from, to);
    }
  }
  const left = new Map<number, number[]>();
  for (const [index, name] of old.entries())
    if (taken[index] === 0) left.get(name)?.push(index) ?? left.set(name, [index]);
  for (const [to, name] of fresh.entries()) {
    if (matches[to] !== NONE) continue;
    matches[to] = left.get(name)?.shift() ?? NONE;
  }
  return matches;
}

function withNeighbours(names: readonly number[], index: number): string {
  return `${names[index - 1]} ${names[index]} ${names[index + 1]}`;
}

function alone(names: readonly number[], index: number): string {
  return `${names[index]}`;
}

/** Where each name is; NONE if there is another one. */
function uniqueIn(
  names: readonly number[],
  nameAt: (names: readonly number[], index: number) => string,
): Map<string, number> {
  const places = new Map<string, number>();
  for (const index of names.keys()) {
    const name = nameAt(names, index);
    places.set(name, places.has(name) ? NONE : index);
  }
  return places;
}
