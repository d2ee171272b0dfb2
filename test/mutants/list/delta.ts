/** Mutants of lib/delta/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const DELTA: readonly MutatedFile[] = [
  {
    file: 'lib/delta/mixing/alignments/instances.ts',
    tests: ['test/delta/mixing/instances.test.ts'],
    changes: [['if (time.pairs <= 0) ', 'if (false) ']],
  },
  {
    file: 'lib/delta/apply.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['if (found !== header.patchChecksum) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
      ['if (old.size !== header.fromSize)\n    ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
      ['if (verifyOld) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
      ['verifyOld ? checkOld : null', 'null', { tests: ['test/delta/mixing/mixing.test.ts'] }],
      ['if (sha256 !== header.fromChecksum) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
      ['if (digest.sha256 !== header.toChecksum) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
    ],
  },
  {
    file: 'lib/delta/bsdiff/streams.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['if (end === newAt || end > toSize) ', 'if (false) '],
      ['end === newAt || end > toSize', 'end === newAt'],
      ['end === newAt || end > toSize', 'end > toSize'],
      ['if (oldAt < 0 || oldAt + diffLength > fromSize) ', 'if (false) '],
      ['oldAt < 0 || oldAt + diffLength > fromSize', 'oldAt < 0'],
      ['oldAt < 0 || oldAt + diffLength > fromSize', 'oldAt + diffLength > fromSize'],
    ],
  },
  {
    file: 'lib/delta/inverse/patched-source.ts',
    tests: ['test/delta/quick.test.ts'],
    changes: [
      ['if (found !== header.patchChecksum)\n    ', 'if (false) '],
      ['if (old.size !== header.fromSize)\n    ', 'if (false) '],
      ['if (header.algorithm !== BSDIFF)\n    ', 'if (false) '],
    ],
  },
  {
    file: 'lib/delta/inverse/quick.ts',
    tests: ['test/delta/quick.test.ts'],
    changes: [
      ['if (found === wanted) return', 'if (true) return'],
      ['if (content.length > limit) return null', 'if (false) return null'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/dotnet/assemblies.ts',
    tests: ['test/delta/mixing/assemblies.test.ts'],
    changes: [
      ['at % 4 === 0 ? sizeOf(bytes, at) : 0', 'sizeOf(bytes, at)'],
      [' && start + size <= bytes.length', ''],
      ['isManaged && ', ''],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/java-classes.ts',
    tests: ['test/delta/mixing/java-classes.test.ts'],
    changes: [
      ['start - last.offset - last.size <= MOST_BETWEEN', 'true'],
      ['bytes.readUInt16BE(start + 6) < LEAST_VERSION', 'false'],
      ['if (size === 0 || at + size > bytes.length) return 0;', 'if (at + size > bytes.length) return 0;'],
      ['  attributes();\n  return at <= bytes.length ? at : 0;', '  attributes();\n  return at;'],
    ],
  },
  {
    file: 'lib/delta/mixing/alignments/classes.ts',
    tests: ['test/delta/mixing/java-classes.test.ts'],
    changes: [
      ['!hasClasses(images.old) || ', ''],
      ['exports.nameConstants(offset, size);', '{}'],
    ],
  },
  {
    file: 'lib/delta/mixing/alignments/dense.ts',
    tests: ['test/delta/mixing/fast-steps.test.ts'],
    changes: [
      ['saved / Math.max(1, lost)', 'saved'],
      ['filter(({ saved }) => saved > 0)', 'filter(() => true)'],
      ['work -= trade.saved;', ''],
      ['last.isFast === piece.isFast &&', ''],
    ],
  },
  {
    file: 'lib/delta/mixing/conversions/code-records.ts',
    tests: ['test/delta/mixing/conversions.test.ts'],
    changes: [
      ['this.#frames[high] = this.#isBack ? low + last : low;', 'this.#frames[high] = low;'],
      ['this.#maps[high] = this.#isBack ? low + last : low;', 'this.#maps[high] = low;'],
    ],
  },
  {
    file: 'lib/delta/mixing/conversions/converted.ts',
    tests: ['test/delta/mixing/conversions.test.ts', 'test/delta/mixing/code-records.test.ts'],
    changes: [
      ['const copy = new Uint8Array(file);', 'const copy = file;'],
      ['isLast ? inside.length : whole', 'whole'],
      ['isLast ? EMPTY : inside.slice(whole)', 'EMPTY'],
      ['      this.#conversion = null;\n', ''],
    ],
  },
  {
    file: 'lib/delta/mixing/conversions/ends.ts',
    tests: ['test/delta/mixing/raw-code.test.ts'],
    changes: [
      ['    second.size -= to - place;\n', ''],
      ['    first.size += to - place;\n', ''],
    ],
  },
  {
    file: 'lib/delta/mixing/conversions/words.ts',
    tests: ['test/delta/mixing/conversions.test.ts'],
    changes: [
      ['    const first = -this.#address & (WORD - 1);', '    const first = 0;'],
      ['    this.#address = address;\n    return at;', '    return at;'],
      ['((word + words) & DISTANCE)', '(word + words)'],
    ],
  },
  {
    file: 'lib/delta/mixing/encode.ts',
    tests: ['test/delta/mixing/arm-words.test.ts'],
    changes: [['region.kind === arm ? { ...region, kind: armWords } : region', 'region']],
  },
  {
    file: 'lib/delta/mixing/containers/native-image.ts',
    tests: ['test/delta/mixing/code-records.test.ts'],
    changes: [
      ['if (at > end) return false;', ''],
      ['if (place <= last + NEAR) fresh++;', 'fresh++;'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/dotnet/managed.ts',
    tests: ['test/delta/mixing/managed.test.ts'],
    changes: [
      ['if (at + size > rows.offset + rows.size) break;', ''],
      ["if (column === 'R') layout |= 1 << (size + 2);", ''],
      [
        'if (offset + size > bytes.length) return new Map();',
        '',
        { survives: 'what lies behind the file is in no region' },
      ],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/sections/dwarf.ts',
    tests: ['test/delta/mixing/dwarf.test.ts'],
    changes: [
      ['information === undefined || !sections.has(`${PREFIX}abbrev`)', 'information === undefined'],
      ['?? address) - address', '?? 0n) - address'],
      ['information.kind = REGION_KINDS.dwarf;', ''],
      ['places.kind = REGION_KINDS.pairs;', ''],
      ["'loc', 'ranges', 'line'", "'ranges', 'loc', 'line'"],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/bun.ts',
    tests: ['test/delta/mixing/bytecode.test.ts'],
    changes: [
      ['if (start >= end || end > offset) return found;', 'if (start >= end) return found;'],
      ['if (least !== first || at + last + HEAD > limit) return undefined;', ''],
      ['if (at + first > limit) return undefined;', ''],
      ['if (size === 0 || names + WORD + size > limit) return undefined;', ''],
      ['count > 0 && place + record * count <= limit', 'count > 0'],
      ['base + (isFresh ? APART : 0)', 'base'],
      ['STRINGS + (isFresh ? APART : 0)', 'STRINGS'],
    ],
  },
  {
    file: 'lib/delta/mixing/alignments/bytecode.ts',
    tests: ['test/delta/mixing/bytecode-alignments.test.ts'],
    changes: [
      ['if (now !== undefined) result[index] = now[word >>> 2] ?? word;', ''],
      ['result[index] = RELATIVE;', ''],
      ['bytes.fill(128, at, at + size - 1);', ''],
      ['else now[index] = 4 * index + STRING + move;', ''],
      ['return new Uint8Array(bytes);', 'return bytes as Uint8Array<ArrayBuffer>;'],
    ],
  },
  {
    file: 'lib/delta/mixing/raw-code.ts',
    tests: ['test/delta/mixing/raw-code.test.ts'],
    changes: [
      ['if (to >= 0 && to < bytes.length && to !== at) calls++;', 'calls++;'],
      ['parts: [...parts, ...between(parts, bytes.length, data, base)]', 'parts'],
      ['return count < LEAST_VOTES ? 0n : BigInt(best);', 'return 0n;'],
      ['return count < LEAST_VOTES ? 0n : BigInt(best);', 'return BigInt(best);'],
      ['some.length * stride * SHARE < all', 'some.length * SHARE < all'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/pe.ts',
    tests: ['test/delta/mixing/linux-image.test.ts'],
    changes: [['20580: REGION_KINDS.riscV', '20580: REGION_KINDS.otherCode']],
  },
  {
    file: 'lib/delta/mixing/containers/memory-images/class-archive.ts',
    tests: ['test/delta/mixing/class-archive.test.ts'],
    changes: [
      ['found * SHARE * 8 >= bytes.length - start', 'true'],
      ['kind: REGION_KINDS.pointers', 'kind: REGION_KINDS.data'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/memory-images/linux-image.ts',
    tests: ['test/delta/mixing/linux-image.test.ts'],
    changes: [
      ['upper === NEGATIVE', 'false'],
      ['.sort((a, b) => b[1].length - a[1].length)', ''],
      ['isCode(part.kind) ? part.kind : REGION_KINDS.relative', 'part.kind'],
      ['isRiscV && isPe(bytes)', 'false'],
      ['isRiscV ? RISC_V_BASE : baseOf(bytes)', 'baseOf(bytes)'],
      ['count * SHARE >= lowers.length', 'true'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/elf.ts',
    tests: ['test/delta/mixing/linux-elf.test.ts'],
    changes: [
      ['part.kind === REGION_KINDS.pointers ? REGION_KINDS.words : part.kind', 'part.kind'],
      ['if (half(18) === X86_64 && end > UPPER) return lowered({ parts, end });', ''],
    ],
  },
  {
    file: 'lib/delta/mixing/executable.ts',
    tests: ['test/delta/mixing/linux-elf.test.ts'],
    changes: [
      ['!isHashes(kind) && end - address < MOST_SPAN', '!isHashes(kind)'],
      ['(relative < 0 || relative + size > Number(span))', 'relative + size > Number(span)'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/unwinding.ts',
    tests: ['test/delta/mixing/containers.test.ts'],
    changes: [
      ['bytes.readUInt32LE(offset) !== FORM', 'false'],
      ['page < limit ||', 'page <= limit ||'],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/dart.ts',
    tests: ['test/delta/mixing/containers.test.ts'],
    changes: [
      [
        "if (!/^[0-9a-f]{32}$/.test(bytes.toString('latin1', at + VERSION, at + FEATURES))) return undefined;",
        '',
      ],
      ['if (known === count) return', 'return'],
    ],
  },
  {
    file: 'lib/delta/mixing/object-files.ts',
    tests: ['test/delta/mixing/objects.test.ts', 'test/delta/mixing/other-objects.test.ts'],
    changes: [
      ['const isBehind = offset >= end;', 'const isBehind = true;'],
      ['layoutOf(member.bytes) === layout && ', ''],
      ['&& !isWithin(member, importing)', ''],
      ['table.offset + table.size !== offset', 'false'],
      ['.trimEnd()', ''],
      ["if (said === '//') longNames = content;", ''],
      ['start: at + MEMBER + inFront,', 'start: at + MEMBER,'],
      ['const key = `${name} ${table.name} ${count}`;', 'const key = `${table.name} ${count}`;'],
      ['isOrdered: table.isOrdered', 'isOrdered: false'],
      ['address: start + address,', 'address,'],
      ['layout + LATER', 'layout'],
    ],
  },
  {
    file: 'lib/delta/mixing/objects/elf.ts',
    tests: ['test/delta/mixing/objects.test.ts', 'test/delta/mixing/other-objects.test.ts'],
    changes: [
      ['half(16) === RELOCATABLE', 'half(16) > 0'],
      ['2 - bits + 2 * (order - 1)', '2 - bits + (order - 1)'],
      ['return type === RELOCATIONS_SHORT ?', 'return false ?'],
    ],
  },
  {
    file: 'lib/delta/mixing/objects/coff.ts',
    tests: ['test/delta/mixing/other-objects.test.ts'],
    changes: [
      ['bytes.readUInt16LE(16) === 0 &&', ''],
      ['    count > 0 &&\n', ''],
      ['bytes.readUInt32LE(0) === IMPORT', 'false'],
      ['address: section.offset + bytes.readUInt32LE(at),', 'address: bytes.readUInt32LE(at),'],
    ],
  },
  {
    file: 'lib/delta/mixing/objects/mach-o.ts',
    tests: ['test/delta/mixing/other-objects.test.ts'],
    changes: [
      ['&& bytes.readUInt32LE(12) === 1', ''],
      ['address: section.offset + bytes.readUInt32LE(at),', 'address: bytes.readUInt32LE(at),'],
    ],
  },
  {
    file: 'lib/delta/mixing/objects/archive-index.ts',
    tests: ['test/delta/mixing/objects.test.ts', 'test/delta/mixing/other-objects.test.ts'],
    changes: [
      ['name = end + 1;', 'name = end;'],
      ['names + bytes.readUInt32LE(at)', 'names'],
      ['  if (count === 0) return undefined;\n  let name', '  let name'],
    ],
  },
  {
    file: 'lib/delta/mixing/alignments/functions.ts',
    tests: ['test/delta/mixing/objects.test.ts', 'test/delta/mixing/mixing.test.ts'],
    changes: [
      ['  aligned.push(...without(alignments, tables));\n', ''],
      ['if (from <= end) index++;', 'index++;'],
      [
        'return joined(aligned.sort((a, b) => a.newStart - b.newStart));',
        'return aligned.sort((a, b) => a.newStart - b.newStart);',
      ],
      ['old.tables.map((table) => [table.key, table])', "old.tables.map((table) => ['', table])"],
    ],
  },
  {
    file: 'lib/delta/mixing/containers/symbols.ts',
    tests: ['test/delta/mixing/containers.test.ts'],
    changes: [['start + bytes.readUInt32LE(offset)', 'start']],
  },
  {
    file: 'lib/delta/mixing/containers/wasm.ts',
    tests: ['test/delta/mixing/containers.test.ts'],
    changes: [
      ['if (at > bytes.length) throw', 'if (false) throw'],
      ['if (cursor.at !== end) throw', 'if (false) throw'],
      ['if (kind === 0) functions++;', 'functions++;'],
    ],
  },
  {
    file: 'lib/delta/mixing/light.ts',
    tests: ['test/delta/mixing/bulk.test.ts'],
    changes: [
      ['if (size > LIGHT_LIMIT) ', 'if (false) '],
      ['size > LIGHT_LIMIT', 'size >= LIGHT_LIMIT', { survives: 'it takes bulk of exactly 128 MiB' }],
      ['let given = 1;', 'let given = 0;'],
      ['if (this.left !== 0) throw', 'if (false) throw'],
      [
        'if (this.#ahead.result !== DONE) return;',
        '',
        { survives: 'the thread is ended too early, and the rest is decoded without it' },
      ],
      ['this.#giveBack(bytes, at);', '', { tests: ['test/delta/mixing/light-ahead.test.ts'] }],
    ],
  },
  {
    file: 'lib/delta/mixing/second-lane.ts',
    tests: ['test/delta/mixing/lanes.test.ts'],
    changes: [
      ['if (result !== WORKING) throw', 'if (false) throw'],
      ['this.#bulk?.skip(Atomics.load(this.#words, TAKEN));', ''],
      ['this.#module.repeatSecond(this.#second)', 'this.#second'],
    ],
  },
  {
    file: 'lib/delta/mixing/decode.ts',
    tests: ['test/delta/mixing/bulk.test.ts'],
    changes: [
      ['if (bulk.left < wanted) throw', 'if (false) throw'],
      ['if (first[0] === LIGHT) ', 'if (false) '],
      ['if (this.#bulk instanceof LightBulk) exports.careful();', ''],
      [
        'if (this.#passed === 0) await this.#beforeFirst();',
        '',
        { tests: ['test/delta/damage.test.ts', 'test/delta/mixing/mixing.test.ts'] },
      ],
      [
        'if (error instanceof DamagedError) await check();',
        '',
        { tests: ['test/delta/mixing/mixing.test.ts'] },
      ],
      [
        'if (header.secondModel === true) module.exports.useSecondModel();',
        '',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'if (header.thirdModel === true) module.exports.useThirdModel();',
        '',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'if (header.fourthModel === true) module.exports.useFourthModel();',
        '',
        { tests: ['test/delta/mixing/fourth-model.test.ts'] },
      ],
      [
        'if (header.fastSteps === true) module.exports.useFastSteps();',
        '',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'if (isSecond) this.#hashes.write(this.#passed, chunk);',
        '',
        { tests: ['test/delta/mixing/lanes.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/delta/frame.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['if (size !== rawSize) ', 'if (false) '],
      ['if (size > most) throw', 'if (false) throw', { tests: ['test/snapshot/store/bomb.test.ts'] }],
      ['size > most', 'size >= most', { tests: ['test/install/evolutions/evolutions-later.test.ts'] }],
      ['if (head.length < 6 || head.readUInt32LE(0) !== MAGIC) ', 'if (false) '],
      ['head.length < 6 || head.readUInt32LE(0) !== MAGIC', 'head.length < 6'],
      [
        'head.length < 6 || head.readUInt32LE(0) !== MAGIC',
        'head.readUInt32LE(0) !== MAGIC',
        { tests: ['test/delta/full/full.test.ts'] },
      ],
      ['if ((descriptor & 0x1f) !== 0) ', 'if (false) '],
      ['if (sizeBytes === 0 || head.length < sizeAt + sizeBytes) ', 'if (false) '],
      [
        'sizeBytes === 0 || head.length < sizeAt + sizeBytes',
        'sizeBytes === 0',
        { tests: ['test/delta/full/full.test.ts'] },
      ],
      ['sizeBytes === 0 || head.length < sizeAt + sizeBytes', 'head.length < sizeAt + sizeBytes'],
      ['if (window > 2 ** windowLog)\n    ', 'if (false) '],
      ['if (at + 3 > frame.size) throw', 'if (false) throw'],
      ['if (type === BLOCK_RESERVED) throw', 'if (false) throw'],
      ['if (end !== frame.size) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/delta/full/block-list.ts',
    tests: ['test/delta/full/block-list.test.ts'],
    changes: [
      ['at < bytes.length', 'at <= bytes.length'],
      ['if (this.#filled === BLOCK_SIZE) ', 'if (false) '],
      ['if (this.#filled > 0) ', 'if (false) '],
      ['this.#filled > 0', 'this.#filled >= 0'],
      ['if (found.size !== blocks.length || found.sha256 !== blocks.sha256) ', 'if (false) '],
      ['found.size !== blocks.length || found.sha256 !== blocks.sha256', 'found.size !== blocks.length'],
      ['if (blocks.length !== blockListLength(size)) ', 'if (false) '],
      [
        'content.length === blockSize(size, block) &&\n      Buffer.compare(digestOf(content), bytes.subarray(DIGEST * block, DIGEST * (block + 1))) === 0',
        'content.length === blockSize(size, block)',
      ],
      ['at < CHUNK && position + at < list.size', 'at < CHUNK'],
      ['at < CHUNK && position + at < list.size', 'position + at < list.size'],
      ['at < CHUNK', 'at <= CHUNK'],
      ['if (!list.matches(block, chunk.subarray(at, at + BLOCK_SIZE))) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/delta/full/spare-blocks.ts',
    tests: ['test/delta/full/spare-blocks.test.ts'],
    changes: [
      ['if (this.#position !== this.#size)', 'if (false)'],
      ['if (bytes.length < BLOCKS_AT || ', 'if ('],
      ['Buffer.compare(bytes.subarray(0, SIZE_AT), MAGIC) !== 0', 'false'],
      ['if (found !== size || ', 'if ('],
      ['if (groups < 1 || groups > most) ', 'if (groups > most) '],
      ['if (groups < 1 || groups > most) ', 'if (groups < 1) '],
      ['if (bytes.length !== wanted) ', 'if (false) '],
      [
        'if (others.length > 0) continue;',
        '',
        {
          survives:
            'what comes of a group that lacks two blocks has no digest of the list: it saves the work',
        },
      ],
      ['if (other === block) continue;', ''],
      ['if (list.matches(block, result)) ', ''],
      ['for (; at < bytes.length; at++) ', 'for (; at < 0; at++) '],
    ],
  },
  {
    file: 'lib/delta/full/framed.ts',
    tests: ['test/delta/full/framed.test.ts'],
    changes: [
      ['if (sinceCheckpoint >= CHECKPOINT_INTERVAL) ', 'if (false) '],
      ['if (index.length !== source.size) ', 'if (false) '],
      ['found.sha256 !== sha256 || found.size !== length', 'found.size !== length'],
      ['checkFrame(memorySource(bytes), rawSize, windowLog, name);', ''],
      ['if (inflated.length === rawSize) ', 'if (false) '],
      ['if (first !== undefined) ', 'if (false) '],
      ['if (before.length !== now.length || !now.every(isSame)) return false;', ''],
      ['known?.of(groupAt(start)) ?? ', ''],
    ],
  },
  {
    file: 'lib/delta/mixing/choose.ts',
    tests: ['test/delta/mixing/fourth-model.test.ts'],
    changes: [
      [
        'const LONGER = [1000, 4000];',
        'const LONGER: number[] = [];',
        { tests: ['test/delta/mixing/longer-alignments.test.ts'] },
      ],
      ['if (smallest.second !== null || ', 'if ('],
      [' || work >= below', ''],
      [' || size > SMALL_FOR_FOURTH', '', { survives: 'it takes two files of more than 32 MiB' }],
      ['saved > LEAST_SAVED && ', ''],
      ['images: withOtherCode(images)', 'images', { tests: ['test/delta/mixing/raw-code.test.ts'] }],
      [
        'if (index < BULKY_FROM) return found;',
        'return found;',
        { tests: ['test/delta/mixing/fast-steps.test.ts'] },
      ],
      [
        'if (input.isFast !== undefined) ',
        'if (false) ',
        { tests: ['test/delta/mixing/fast-steps.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/delta/deflate/find.ts',
    tests: ['test/delta/deflate/find.test.ts'],
    changes: [
      [' || damaged === MOST_DAMAGED', ''],
      ['if (!beginsBlock(bytes, candidate.start)) continue;', '', { survives: 'it saves time and memory' }],
      [' || wrong === MOST_WRONG', '', { survives: 'it saves time and memory' }],
      ['stream.packedSize < LEAST || ', ''],
      ['Buffer.compare(follows, trailerOf(trailer, plain)) === 0 && ', ''],
      ['(crc === undefined || crc32(plain) === crc)', 'true'],
      ['if ((flags & 4) !== 0) end', 'if (false) end'],
      ['if ((flags & 2) !== 0) end', 'if (false) end'],
    ],
  },
  {
    file: 'lib/delta/deflate/list.ts',
    tests: ['test/delta/deflate/list.test.ts'],
    changes: [
      ['if (value > most) throw', 'if (false) throw'],
      ["stream', fromSize - end)", "stream', fromSize)"],
      ['fromSize - start)', 'fromSize)'],
      ['FILE_LIMIT - unpacked', 'FILE_LIMIT'],
      ['unpacked -= packedSize;', ''],
      ["if (plainSize === 0) throw malformed('an old", "if (false) throw malformed('an old"],
      ['unpacked += plainSize;', ''],
      ['end = start + packedSize;\n  }\n  let left', '}\n  let left'],
      ['left - gap, MOST_PACKED - packed', 'left, MOST_PACKED - packed'],
      ['left - gap, MOST_PACKED - packed', 'left - gap, MOST_PACKED'],
      ["if (plainSize === 0) throw malformed('a new", "if (false) throw malformed('a new"],
      ['left -= gap + plainSize;', ''],
      ['    packed += plainSize;', ''],
      [
        "if (maker === undefined || trailer === undefined) throw malformed('it names nobody');",
        '',
        { survives: 'no number above is without a name' },
      ],
      ['await stream.end();', ''],
      ['writer.varint(start - end);', 'writer.varint(start);'],
      ['return plainSize < LARGE ? 0 : -at', 'return plainSize <= LARGE ? 0 : -at'],
      ['return plainSize < LARGE ? 0 : -at', 'return false ? 0 : -at'],
      ['return plainSize < LARGE ? 0 : (place', 'return plainSize <= LARGE ? 0 : (place'],
      ['(place - at) & (GRAIN - 1)', '(at - place) & (GRAIN - 1)'],
    ],
  },
  {
    file: 'lib/delta/deflate/unpack.ts',
    tests: ['test/delta/deflate/unpack.test.ts'],
    changes: [
      ['Math.max(1, limit)', 'limit'],
      ['maxOutputLength: Math.max(1, limit)', ''],
      ['if (piece === undefined)', 'if (false)'],
      ['part.fill(0);', ''],
      ['plain = null;\n    }', '}'],
      ['if (piece.size === 0) return;', '', { survives: 'it saves time' }],
      ['add({ size: zerosBefore(at, plainSize) });', ''],
      ['add({ size: zerosBehind(at, end, plainSize) });', ''],
      ['add({ size: size - end, start: end });', ''],
      ['consumed !== packedSize || ', ''],
      [' || bytes.length !== plainSize', ''],
    ],
  },
  {
    file: 'lib/delta/deflate/makers.ts',
    tests: ['test/delta/deflate/makers.test.ts'],
    changes: [
      ['if (Buffer.compare(piece, packed.subarray(at, at + piece.length)) !== 0) throw OTHER;', ''],
      ['tell(at === packed.length);', 'tell(true);'],
      ['if (error !== OTHER) throw error;', '', { survives: 'nothing else is thrown' }],
      ['this.#last === null ? [] : [this.#last]', '[]'],
      ['this.#last = making;', ''],
      ['BY_HEADER[header] ?? USUAL', 'USUAL'],
      ['for (const level of GO_LATER)', 'for (const level of [] as number[])'],
      [
        "for (const level of levels) yield { maker: 'Go'",
        "for (const level of [] as number[]) yield { maker: 'Go'",
      ],
      ['const MEMORIES = [USUAL_MEMORY, 9];', 'const MEMORIES = [USUAL_MEMORY];'],
      ['memory: FILTERED + USUAL_MEMORY', 'memory: USUAL_MEMORY'],
      ['const FILES = [10, 11];', 'const FILES = [10];'],
      ['if (plainSize <= SHARD) return;', '', { survives: 'it saves time' }],
      ['memory: SHARDED + USUAL_MEMORY', 'memory: USUAL_MEMORY'],
    ],
  },
  {
    file: 'lib/delta/deflate/packer.ts',
    tests: ['test/delta/deflate/unpacked.test.ts'],
    changes: [
      ['if (missing > 0)', 'if (false)'],
      ['if (this.#trailer !== null) this.#write', 'if (false) this.#write'],
      [
        'if (!this.#deflater.begin(stream, this.#write)) {',
        'if (!this.#deflater.begin(stream, this.#write) && false) {',
      ],
    ],
  },
  {
    file: 'lib/delta/deflate/decode.ts',
    tests: ['test/delta/deflate/unpacked.test.ts'],
    changes: [['if (written > size)', 'if (false)']],
  },
  {
    file: 'lib/delta/deflate/encode.ts',
    tests: ['test/delta/deflate/unpacked.test.ts'],
    changes: [
      ['if (freshNames.every((each) => inOld.has(each))) return null;', ''],
      [
        ' && !neededOfFresh(stream.start)',
        '',
        { survives: 'it is smaller: test/bench/README.md has Go programs' },
      ],
      [' || made.length === MOST_STREAMS', '', { survives: 'it takes 262,144 streams' }],
      ['stream.plainSize > left', 'false', { survives: 'it takes 256 MiB' }],
      [
        'if (grown > MOST_GROWTH * (old.length + fresh.length) + GROWTH_BESIDES) return null;',
        '',
        { tests: ['test/delta/deflate/find.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/delta/mixing/within/nested.ts',
    tests: ['test/delta/mixing/nested.test.ts'],
    changes: [
      [
        'if (start < end) continue;',
        '',
        { survives: 'what is within another one is left out for that besides' },
      ],
      ['size < LEAST || ', ''],
      [
        ' || loaded.some((region) => outside(region, { start, size })[0] !== region)',
        '',
        { tests: ['test/delta/mixing/containers.test.ts'] },
      ],
      ['count > MOST_REGIONS || ', ''],
      ['isFirst || isKept(region.kind)', 'isKept(region.kind)'],
      ['if (image.span === 0 && end > 0) {', 'if (false) {'],
    ],
  },
  {
    file: 'lib/delta/generate.ts',
    tests: ['test/delta/generate.test.ts'],
    changes: [
      ['check(options);', ''],
      [
        'if (content.length > FILE_LIMIT) {',
        'if (false) {',
        { survives: 'it takes a patch of more than 1 GiB' },
      ],
      ['if (!isVersion(version)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/delta/header.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['if (magic !== MAGIC) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
      [
        'if (headerSize < START + DIGEST || headerSize > HEADER_LIMIT || headerSize > patch.size) ',
        'if (false) ',
      ],
      [
        'headerSize < START + DIGEST || headerSize > HEADER_LIMIT || headerSize > patch.size',
        'headerSize > patch.size',
      ],
      ['headerSize < START + DIGEST || headerSize > HEADER_LIMIT', 'headerSize < START + DIGEST'],
      [
        'headerSize < START + DIGEST || headerSize > HEADER_LIMIT || headerSize > patch.size',
        'headerSize > HEADER_LIMIT || headerSize > patch.size',
      ],
      [
        'headerSize < START + DIGEST || headerSize > HEADER_LIMIT || headerSize > patch.size',
        'headerSize < START + DIGEST || headerSize > HEADER_LIMIT',
      ],
      [
        'if (found !== wanted) throw damaged(`its SHA-256 is ${found}, wanted ${wanted}`);',
        'if (false) throw damaged(`its SHA-256 is ${found}, wanted ${wanted}`);',
        { tests: ['test/delta/damage.test.ts'] },
      ],
      ['if ((rawSize === 0) !== (compressedSize === 0)) ', 'if (false) '],
      ['if (sum !== header.size) throw', 'if (false) throw'],
      [
        'if (headerSize + header.size !== patch.size) ',
        'if (false) ',
        { tests: ['test/delta/damage.test.ts'] },
      ],
      [
        'if (count !== names.length) throw damaged(`it has ${count} streams, wanted ${names.length}`);',
        'if (false) throw damaged(`it has ${count} streams, wanted ${names.length}`);',
      ],
    ],
  },
  {
    file: 'lib/delta/header-fields.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      [
        'return version.length <= VERSION_LIMIT && VERSION.test(version);',
        'return false;',
        { tests: ['test/delta/generate.test.ts'] },
      ],
      [
        'return version.length <= VERSION_LIMIT && VERSION.test(version);',
        'return true;',
        { tests: ['test/delta/generate.test.ts'] },
      ],
      ['if (!/^[\\x21-\\x7e]+$/.test(value)) throw', 'if (false) throw'],
      ['if (!isVersion(value)) ', 'if (false) '],
      ['if (commonStart(other, value) !== common) ', 'if (false) '],
      ['if (byte >= 128 || (byte === 0 && i > 0)) throw', 'if (false) throw'],
      ['byte >= 128 || (byte === 0 && i > 0)', 'byte >= 128'],
      ['if (value < 0 || value > limit) ', 'if (false) '],
      ['value < 0 || value > limit', 'value > limit'],
      [
        'value < 0 || value > limit',
        'value < 0 || value >= limit',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      ['if (left !== 0) ', 'if (false) '],
      ['if (this.#at + size > this.#bytes.length) ', 'if (false) '],
      [
        'this.#at + size > this.#bytes.length',
        'this.#at + size >= this.#bytes.length',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/delta/short-header.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['(way === BY_BSDIFF ? isUnpacked : !waysOfMixing().includes(way))', 'false'],
      ['(way === BY_BSDIFF ? isUnpacked : ', '(way !== BY_BSDIFF && '],
      ['return fourthModel === true ? [way] : [way, way + IN_LANES];', 'return [way, way + IN_LANES];'],
      ['(way - BY_MIXING) >> 1', '(way - BY_MIXING) >> 2', { tests: ['test/delta/vectors.test.ts'] }],
      [
        "if (name === 'second' && rawSize === 0) ",
        'if (false) ',
        { tests: ['test/delta/mixing/lanes.test.ts'] },
      ],
      ['if (!isEqual && toChecksum === fromChecksum) ', 'if (false) '],
      ['if (rawSize > 0 && compressedSize === 0) ', 'if (false) '],
      ['if (headerSize + size !== patch.size) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
      ['if (found !== check) ', 'if (false) ', { tests: ['test/delta/damage.test.ts'] }],
    ],
  },
  {
    file: 'lib/delta/inflater.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['checkFrame(frame, rawSize, windowLog, name);', ''],
      [
        'return this.available >= Math.min(size, this.left);',
        'return false;',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'return this.available >= Math.min(size, this.left);',
        'return true;',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'if (this.available + piece.length > this.left) {',
        'if (false) {',
        {
          survives:
            'zstd refuses a frame that holds more than it says, and checkFrame one that says more than the header',
        },
      ],
      ['if (byte === undefined) ', 'if (false) '],
      ['if (this.left > 0) ', 'if (false) '],
      [
        'if (last !== undefined) throw',
        'if (false) throw',
        {
          survives:
            'zstd refuses a frame that holds more than it says, and checkFrame one that says more than the header',
        },
      ],
      [
        'if (piece === undefined) throw',
        'if (false) throw',
        {
          survives:
            'zstd refuses a frame that holds less than it says, and checkFrame one that says less than the header',
        },
      ],
      ["if (this.#state === 'ended') ", 'if (false) ', { tests: ['test/delta/vectors.test.ts'] }],
    ],
  },
  {
    file: 'lib/delta/matcher.ts',
    tests: ['test/delta/generate.test.ts'],
    changes: [['if (address === 0) throw', 'if (false) throw']],
  },
  {
    file: 'lib/delta/patch-file.ts',
    tests: ['test/api/differential-updater.test.ts'],
    changes: [
      ['if (found !== header.patchChecksum) ', 'if (false) '],
      ['signature !== null && /^[0-9a-f]{128}$/.test(signature)', 'signature !== null'],
      [
        'signature !== null && /^[0-9a-f]{128}$/.test(signature)',
        '/^[0-9a-f]{128}$/.test(String(signature))',
        { survives: 'the text of null has no 128 digits: the first half is for the types' },
      ],
      [
        'if (isSigned && keys.some((key) => verifySignature(key, message, hexToBytes(signature)))) ',
        'if (false) ',
      ],
      ['isSigned && keys.some((key) => verifySignature(key, message, hexToBytes(signature)))', 'isSigned'],
      [
        'isSigned && keys.some((key) => verifySignature(key, message, hexToBytes(signature)))',
        'keys.some((key) => verifySignature(key, message, hexToBytes(signature)))',
      ],
      ['if (!isDeepStrictEqual(readPatchHeader(joined(bytes, data)), header)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/delta/bsdiff/sparse-diff.ts',
    tests: ['test/delta/forged.test.ts'],
    changes: [
      ['if (this.#run > 0 || (this.#zeros > 0 && this.#zeros !== Number.POSITIVE_INFINITY)) ', 'if (false) '],
      [
        'if (this.#run > 0 || (this.#zeros > 0',
        'if (this.#run > 0 || (this.#zeros >= 0',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'this.#run > 0 || (this.#zeros > 0 && this.#zeros !== Number.POSITIVE_INFINITY)',
        '(this.#zeros > 0 && this.#zeros !== Number.POSITIVE_INFINITY)',
      ],
      [
        'this.#zeros > 0 && this.#zeros !== Number.POSITIVE_INFINITY',
        'this.#zeros !== Number.POSITIVE_INFINITY',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      [
        'this.#zeros > 0 && this.#zeros !== Number.POSITIVE_INFINITY',
        'this.#zeros > 0',
        { tests: ['test/delta/vectors.test.ts'] },
      ],
      ['if (this.#run === 0 || (this.#zeros === 0 && !first)) ', 'if (false) '],
      ['this.#run === 0 || (this.#zeros === 0 && !first)', '(this.#zeros === 0 && !first)'],
      ['this.#run === 0 || (this.#zeros === 0 && !first)', 'this.#run === 0'],
      ['this.#zeros === 0 && !first', '!first', { tests: ['test/delta/vectors.test.ts'] }],
      ['this.#zeros === 0 && !first', 'this.#zeros === 0', { tests: ['test/delta/vectors.test.ts'] }],
      ['if (this.#left < 0) ', 'if (false) '],
      ['if (digit === 0) ', 'if (false) '],
    ],
  },
];
