/** Mutants of what `release` publishes and shows: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const RELEASE: readonly MutatedFile[] = [
  {
    file: 'release/keys/passphrase.ts',
    tests: ['test/release/keys/typed-passphrase.test.ts', 'test/release/keys/passphrase.test.ts'],
    changes: [
      ['if (fixed.length >= MIN_LENGTH) ', 'if (true) '],
      ['=== chosen) return chosen;', "!== '') return chosen;"],
      ["typeof file === 'string' && typeof descriptor === 'string'", 'false'],
      ["if (typeof file === 'string') return", 'if (false) return'],
      ['if (isCancel(answer)) ', 'if (false) '],
    ],
  },
  {
    file: 'release/keys/describe-message.ts',
    tests: ['test/release/keys/describe-message.test.ts'],
    changes: [
      ["if (signed._type !== 'root')", 'if (true)'],
      ['if (type === BINARY_TYPE) ', 'if (false) '],
      ['if (type === STATEMENT_TYPE) ', 'if (true) '],
      ['if (Buffer.compare(preAuthEncoding(type, payload), message) !== 0) {', 'if (false) {'],
      ["if (payload.kind === 'full') ", 'if (false) '],
      ["if (payload.kind === 'patch') ", 'if (false) '],
    ],
  },
  {
    file: 'release/page/html.ts',
    tests: ['test/release/page/page.test.ts'],
    changes: [
      ['return escaped(String(value));', 'return String(value);'],
      [".replace(UNWANTED, '\\ufffd')", ''],
    ],
  },
  {
    file: 'release/page/releases.ts',
    tests: ['test/release/repository/revocation-times.test.ts'],
    changes: [['revoked: offered.length > 0 ? null : (', 'revoked: (']],
  },
  {
    file: 'release/repository/commit.ts',
    tests: ['test/release/repository/revocation-times.test.ts'],
    changes: [['more: unrecognizedFields }', 'more: {} }']],
  },
  {
    file: 'release/commands/page.ts',
    tests: ['test/release/page/page.test.ts'],
    changes: [
      ['!bytes.includes(address.slice(0, -1))', 'false'],
      ['[...keys].every((id) => !bytes.includes(id))', 'false'],
    ],
  },
  {
    file: 'release/page/notes.ts',
    tests: ['test/release/page/page.test.ts'],
    changes: [['if (!LINK.test(address) || !URL.canParse(address)) return children;', '']],
  },
  {
    file: 'release/page/installers.ts',
    tests: ['test/release/page/install-script.test.ts'],
    changes: [
      ['if (!PLAIN_NAME.test(name)) {', 'if (false) {'],
      ['if (!PLAIN_ADDRESS.test(address)) {', 'if (false) {'],
    ],
  },
  {
    file: 'release/work/executable.ts',
    tests: ['test/release/commands/trial.test.ts'],
    changes: [
      ['if (found.end > size) ', 'if (false) '],
      ["if (found.signed === false && processor === 'arm64') {", 'if (false) {'],
    ],
  },
  {
    file: 'release/work/trial.ts',
    tests: ['test/release/commands/trial.test.ts'],
    changes: [['if (ok === false) {', 'if (false) {']],
  },
  {
    file: 'release/commands/releases/promote.ts',
    tests: ['test/release/commands/revoked.test.ts'],
    changes: [['for (const name of [from, to])', 'for (const name of [])']],
  },
  {
    file: 'release/repository/releases/list-changes.ts',
    tests: ['test/release/commands/revoked.test.ts'],
    changes: [
      ['if (found === undefined) return;', 'return;'],
      [' ?? (isOffered ? undefined : revoked[0])', ''],
      ["requireNotRevoked([channel], version, channel.name, 'it is offered to nobody any more');", ''],
    ],
  },
];
