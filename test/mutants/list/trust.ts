/** Mutants of lib/trust/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const TRUST: readonly MutatedFile[] = [
  {
    file: 'lib/trust/binary-signature.ts',
    tests: ['test/trust/binary-signature.test.ts'],
    changes: [['if (!keys.some((key) => verifySignature(key, message, signature))) ', 'if (false) ']],
  },
  {
    file: 'lib/trust/envelope.ts',
    tests: ['test/trust/envelope.test.ts'],
    changes: [
      ['if (envelope.payloadType !== payloadType) ', 'if (false) '],
      ['if (signedBy.length < threshold) ', 'if (false) '],
      ['if (Buffer.compare(encodeEnvelope(envelope), bytes) !== 0) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/trust/feed/delegations.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [
      ['checkRoleName(role.name);', ''],
      [
        'if (pattern.length > MAX_PATTERN || stars > MAX_STARS || BEYOND_PATTERNS.test(pattern)) ',
        'if (false) ',
      ],
      [
        'pattern.length > MAX_PATTERN || stars > MAX_STARS || BEYOND_PATTERNS.test(pattern)',
        'pattern.length > MAX_PATTERN || stars > MAX_STARS',
      ],
      [
        'pattern.length > MAX_PATTERN || stars > MAX_STARS || BEYOND_PATTERNS.test(pattern)',
        'BEYOND_PATTERNS.test(pattern)',
      ],
      ['pattern.length > MAX_PATTERN || stars > MAX_STARS', 'pattern.length > MAX_PATTERN'],
      ['pattern.length > MAX_PATTERN || stars > MAX_STARS', 'stars > MAX_STARS'],
    ],
  },
  {
    file: 'lib/trust/feed/document.ts',
    tests: ['test/trust/feed/attacks.test.ts'],
    changes: [
      [
        '/^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$/.test(value) && !Number.isNaN(Date.parse(value))',
        '!Number.isNaN(Date.parse(value))',
      ],
      ['if (signed._type !== role) ', 'if (false) '],
      ["if (role === 'timestamp' || role === 'snapshot') ", 'if (false) '],
      ["role === 'timestamp' || role === 'snapshot'", "role === 'snapshot'"],
      ['if (isJson(bytes)) ', 'if (false) '],
      ["if (typeof list !== 'object' || list === null) ", 'if (false) '],
      ["typeof list !== 'object' || list === null", 'list === null'],
      ['if (count <= MAX_ENTRIES) ', 'if (false) '],
      ['if (meta.length !== undefined) ', 'if (false) '],
      ['if (meta.hashes === undefined) ', 'if (false) '],
      ['if (hashes.length === 0) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/trust/feed/feed.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [['if (error instanceof TrustError) ', 'if (false) ']],
  },
  {
    file: 'lib/trust/feed/key-policy.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [
      [
        'key.keyType === KEY_TYPE && key.scheme === KEY_TYPE && PUBLIC.test(value)',
        'key.keyType === KEY_TYPE && key.scheme === KEY_TYPE',
      ],
      ['key.keyType === KEY_TYPE && key.scheme === KEY_TYPE && PUBLIC.test(value)', 'PUBLIC.test(value)'],
      ['key.keyType === KEY_TYPE && key.scheme === KEY_TYPE', 'key.keyType === KEY_TYPE'],
      ['key.keyType === KEY_TYPE && key.scheme === KEY_TYPE', 'key.scheme === KEY_TYPE'],
      [
        "if (!right || publicKey(Buffer.from(value, 'hex')).id !== id) ",
        'if (false) ',
        { tests: ['test/trust/feed/attacks.test.ts'] },
      ],
      [
        "!right || publicKey(Buffer.from(value, 'hex')).id !== id",
        '!right',
        { tests: ['test/trust/feed/attacks.test.ts'] },
      ],
      [
        "!right || publicKey(Buffer.from(value, 'hex')).id !== id",
        "publicKey(Buffer.from(value, 'hex')).id !== id",
      ],
    ],
  },
  {
    file: 'lib/trust/feed/metadata-source.ts',
    tests: ['test/trust/feed/attacks.test.ts'],
    changes: [
      ['if (bytes !== null && bytes.length > maxLength) ', 'if (false) '],
      ['bytes !== null && bytes.length > maxLength', 'bytes !== null'],
      ['bytes !== null && bytes.length > maxLength', 'bytes.length > maxLength'],
      ['if (bytes === null) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/trust/feed/refresh.ts',
    tests: ['test/trust/feed/attacks.test.ts'],
    changes: [
      ['trusted.checkRootExpiry();', ''],
      ['if (bytes === null) return;', 'if (false) return;'],
      ['if (version >= lowestRoot) ', 'if (false) '],
      ['trusted.checkTimestampExpiry();', ''],
    ],
  },
  {
    file: 'lib/trust/feed/target.ts',
    tests: ['test/trust/feed/attacks.test.ts'],
    changes: [
      [
        'if (path.length <= MAX_PATH && segments.every((segment) => isPortableName(segment, MAX_SEGMENT))) ',
        'if (false) ',
      ],
      [
        'if (wanted === undefined || found.hashes[name] === wanted) ',
        'if (false) ',
        { tests: ['test/trust/feed/delegations.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/trust/feed/trusted-metadata.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [['if (found === undefined) ', 'if (false) ']],
  },
  {
    file: 'lib/trust/root.ts',
    tests: ['test/trust/root.test.ts'],
    changes: [
      ['if (!signed.consistentSnapshot) ', 'if (false) '],
      [
        'if (!Number.isInteger(role.threshold) || role.threshold < 1 || role.threshold > keys.length) ',
        'if (false) ',
      ],
      ['if (found === undefined) ', 'if (false) '],
      ['if (found.scheme !== KEY_TYPE) ', 'if (false) '],
      ['if (value === undefined || !PUBLIC_KEY.test(value)) ', 'if (false) '],
      ['if (key.id !== id) ', 'if (false) '],
    ],
  },
];
