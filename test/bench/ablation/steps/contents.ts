/** How bytes are predicted that are no references, by all three models. */
import { changesOf, type Step } from '../step.ts';

const MATCHES = 'assembly/mixing/contents/matches.ts';

export const CONTENT_STEPS: readonly Step[] = [
  {
    name: 'matches, all',
    changes: changesOf(MATCHES, [
      '  matchLength = 0;\n  if (at - State.start < 8) return;',
      '  matchLength = 0;\n  if (true) return;',
    ]),
  },
  {
    name: 'matches: in the old file',
    changes: changesOf(MATCHES, ['  if (oldSize < 8) return;', '  if (true) return;']),
  },
  {
    name: 'the aligned place found again nearby',
    changes: changesOf(MATCHES, ['  if (at - State.start < 4) return 0;', '  if (true) return 0;']),
  },
  {
    name: 'suspects',
    changes: changesOf(
      'assembly/mixing/contents/suspects.ts',
      ['  return load<u32>(slot(here, place)) !== 0;', '  return false;'],
      [
        '  return fourAt(place) | (fourAt(place + 4) << 4) | (fourAt(place + 8) << 8) | (fourAt(place + 12) << 12);',
        '  return 0;',
      ],
    ),
  },
  {
    name: 'words that were renamed',
    changes: changesOf('assembly/mixing/contents/words.ts', [
      '  if (place >= oldSize || !isIdentifier(load<u8>(old + place))) return false;',
      '  if (true) return false;',
    ]),
  },
  {
    name: 'at a wrong byte: what came at the last place like it',
    changes: changesOf('assembly/mixing/contents/bytes.ts', [
      'if (State.matched < 16 && last !== 0 &&',
      'if (false && last !== 0 &&',
    ]),
  },
  {
    name: 'how far the last wrong words moved',
    changes: changesOf('assembly/mixing/contents/literal.ts', [
      'if (hasAligned && wrongOld + 4 <= State.oldSize && place - wrongOld === wrong) {',
      'if (false) {',
    ]),
  },
  {
    name: 'blocks that grow (32 bytes each)',
    changes: changesOf('assembly/mixing/blocks.ts', [
      'const growth = min(State.cleanBlocks, LARGEST_BLOCK);',
      'const growth: u32 = 0;',
    ]),
  },
  {
    name: 'code of arm64 in words, calls as absolute',
    changes: changesOf('mixing/encode.ts', [
      '    region.kind === arm\n      ? { ...region, kind: armWords }',
      '    false\n      ? region',
    ]),
  },
  {
    name: 'code of other machines in words, calls as absolute',
    changes: changesOf('mixing/encode.ts', ['haveWords(region.kind)', 'false']),
  },
  {
    name: 'code of arm (32 bits): words that PC is added to as absolute',
    changes: changesOf('mixing/conversions/words.ts', ['kind === arm32 ? new Pools() : null', 'null']),
  },
  {
    name: 'code of RISC-V and s390x: instructions as contexts, what is relative as absolute',
    changes: changesOf('mixing/encode.ts', ['haveSizes(region.kind)', 'false']),
  },
  {
    name: 'Thumb code: instructions as contexts, calls and words that PC is added to as absolute',
    changes: changesOf('mixing/encode.ts', [' || region.kind === thumb', '']),
  },
  {
    name: 'code in words: contexts of code in its fields',
    changes: changesOf('assembly/mixing/contents/fields.ts', [
      'if (State.inWords && (reference === HALFWORDS || isWordAt(State.oldAt, reference))) {',
      'if (false) {',
    ]),
  },
];
