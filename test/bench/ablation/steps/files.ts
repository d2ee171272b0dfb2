/** What is within files: what is compressed there, records of firmware, and executables. */
import { changesOf, type Step } from '../step.ts';

export const FILE_STEPS: readonly Step[] = [
  {
    name: 'within files: compressed streams unpacked',
    changes: changesOf('generate.ts', [
      'const unpacked = unpackPair(old, fresh, isInDebug);',
      'const unpacked = isInDebug.length > 9 ? unpackPair(old, fresh) : null;',
    ]),
  },
  {
    name: 'within files: records of firmware',
    changes: changesOf('deflate/find.ts', [
      'for (const run of findRuns(bytes)) found.push',
      'for (const run of bytes.length < 0 ? findRuns(bytes) : []) found.push',
    ]),
  },
  {
    name: 'within files: where records say that code is loaded',
    changes: changesOf('mixing/within/unpacked-image.ts', [
      'return firmwareImage(unpacked) ?? regionsOf',
      'return regionsOf',
    ]),
  },
  {
    name: 'within files: places modulo 16',
    changes: changesOf('deflate/list.ts', ['const GRAIN = 16;', 'const GRAIN = 1;']),
  },
  {
    name: 'within files: executables',
    changes: changesOf('mixing/within/nested.ts', ['if (found.length === 0) return image;', 'return image;']),
  },
  {
    name: 'within files: pointers with a base of their own',
    changes: changesOf('mixing/containers/image.ts', [
      'if (kind === pointers || kind === relative) return ownPointers;',
      'if (kind >= 0) return undefined;',
    ]),
  },
  {
    name: 'within files: debug information that was compressed',
    changes: changesOf('mixing/within/unpacked-image.ts', ['  tellDwarf(told);\n', '']),
  },
];
