/** References of the old file, and where their targets are now. */
import { changesOf, type Step } from '../step.ts';

const REFERENCES = 'assembly/mixing/addresses/references.ts';
const TARGETS = 'assembly/mixing/addresses/targets.ts';

/** Sorts of references, as SORT_OF tells them. */
const SORTS = {
  branches: 1,
  operands: 2,
  absolute: 3,
  pointers: 4,
  unwinding: 5,
  jumpTables: 6,
  modules: 7,
  symbols: 8,
  managed: 9,
  objects: 10,
  bytecode: 11,
  debug: 12,
};

/** By the kind of the region that a reference is in, and by its own. */
const SORT_OF = `function sortOf(code: u32, kind: u32): u32 {
  if (areObjects(code)) return ${SORTS.objects};
  if (isCode(code)) {
    if (kind === BRANCH || kind === BRANCH_26 || kind === BRANCH_19) return ${SORTS.branches};
    return kind === ABSOLUTE ? ${SORTS.absolute} : ${SORTS.operands};
  }
  if (code === OFFSETS) return ${SORTS.modules};
  if (code === BYTECODE) return ${SORTS.bytecode};
  if (code === DWARF) return ${SORTS.debug};
  if (code === 42 || code === 43) return ${SORTS.managed};
  if (code === UNWINDING || code === UNWINDING_INDEX) return ${SORTS.unwinding};
  if (isTable(kind)) return ${SORTS.jumpTables};
  if (kind === POINTER || kind === CHAIN || kind === IMAGE_RELATIVE || kind === ABSOLUTE) return ${SORTS.pointers};
  return ${SORTS.symbols};
}

`;

/** Those of a sort are forgotten once all are found, so that the others are found as ever. */
function forgetting(sort: number) {
  return changesOf(
    REFERENCES,
    [
      "import { openFound, tableStart } from './found';",
      "import { forget, openFound, referenceAt, tableStart } from './found';",
    ],
    [
      'scanGoTypes(regionAt(0, i));\n  return true;',
      'scanGoTypes(regionAt(0, i));\n  for (let i: u32 = 0; i < count; i++) forgetSort(regionAt(0, i));\n  return true;',
    ],
    [
      'function scanCode(region: usize): void {',
      `${SORT_OF}function forgetSort(region: usize): void {
  const start = load<u32>(region);
  const end = start + load<u32>(region, 4);
  for (let at = start; at < end; at++) {
    const kind = referenceAt(at);
    if (kind !== 0 && kind !== NUMBER && sortOf(load<u32>(region, 12), kind) === ${sort}) forget(at);
  }
}

function scanCode(region: usize): void {`,
    ],
  );
}

/** Of what is found once the steps are known, that in regions of one kind. */
function without(kind: string): [string, string] {
  return [`if (kind === ${kind} && !scan`, `if (kind === ${kind} && kind === 0 && !scan`];
}

/** What is found once the steps are known. */
const BY_STEPS: [string, string] = [
  'export function scanBySteps(): bool {',
  'export function scanBySteps(): bool {\n  if (true) return true;',
];

export const REFERENCE_STEPS: readonly Step[] = [
  {
    name: 'references, all',
    changes: changesOf(REFERENCES, ['  if (!any) return true;', '  if (true) return true;'], BY_STEPS),
  },
  { name: 'references: branches', changes: forgetting(SORTS.branches) },
  { name: 'references: operands relative to instructions', changes: forgetting(SORTS.operands) },
  { name: 'references: absolute addresses in code', changes: forgetting(SORTS.absolute) },
  { name: 'references: pointers in data', changes: forgetting(SORTS.pointers) },
  { name: 'references: how functions are unwound', changes: forgetting(SORTS.unwinding) },
  { name: 'references: jump tables', changes: forgetting(SORTS.jumpTables) },
  { name: "references: Bun's table of files", changes: forgetting(SORTS.modules) },
  { name: 'references: objects that are linked no further', changes: forgetting(SORTS.objects) },
  { name: 'references: symbols', changes: forgetting(SORTS.symbols) },
  { name: 'references: bytecode of JavaScript', changes: forgetting(SORTS.bytecode) },
  { name: 'references: debug information', changes: forgetting(SORTS.debug) },
  {
    name: 'references: debug information of objects',
    changes: changesOf('mixing/object-files.ts', ['layout + LATER + DEBUG]', 'layout + LATER]']),
  },
  {
    name: 'references: objects of WebAssembly',
    changes: changesOf('mixing/objects/wasm.ts', ['return true;', 'return false;']),
  },
  {
    name: 'references: debug information of WebAssembly',
    changes: changesOf('mixing/containers/wasm.ts', [
      'module.shift > 0 ? image : ',
      'module.shift >= 0 ? image : ',
    ]),
  },
  {
    name: 'references: .NET',
    changes: [...forgetting(SORTS.managed), ...changesOf(REFERENCES, without('ASSEMBLIES'))],
  },
  {
    name: 'references: classes of Java',
    changes: changesOf(REFERENCES, without('CLASSES')),
  },
  {
    name: 'targets: what earlier references became',
    changes: changesOf(TARGETS, [
      '  if (isLearned(target)) return learnedTarget(target);',
      '  if (false) return learnedTarget(target);',
    ]),
  },
  {
    name: 'targets: by the steps',
    changes: changesOf(TARGETS, ['  if (from !== 0xffffffff) {', '  if (false) {']),
  },
  {
    name: 'targets: as far as neighbours have moved',
    changes: changesOf(TARGETS, ['  return moved === 0 ? overall : moved;', '  return 0;']),
  },
  {
    name: 'targets of branches in new code',
    changes: changesOf('assembly/mixing/contents/literal.ts', [
      'for (let known: u32 = 0; known < 4; known++) {',
      'for (let known: u32 = 4; known < 4; known++) {',
    ]),
  },
];
