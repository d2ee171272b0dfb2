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
      ['for (const role of ordered) {\n    checkRoleName(role.name);', 'for (const role of ordered) {'],
      ['checkRoleName(role.name);', ''],
      ['for (const pattern of role.paths ?? []) checkPattern(pattern);', ''],
      ['if (role.isDelegatedPath(path)) ', ''],
      [
        'yield { role: role.name, terminating: role.terminating }',
        'yield { role: role.name, terminating: false }',
      ],
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
      ['boundEntries(json, signed, file);', '', { tests: ['test/trust/feed/endless.test.ts'] }],
      ["if (role === 'timestamp' || role === 'snapshot') ", 'if (false) '],
      ["role === 'timestamp' || role === 'snapshot'", "role === 'snapshot'"],
      [
        'if (!(error instanceof DamagedError)) throw error;\n    if (isJson',
        'if (isJson',
        { survives: 'readDocument throws nothing but DamagedError' },
      ],
      ['if (isJson(bytes)) ', 'if (false) '],
      ["if (typeof list !== 'object' || list === null) ", 'if (false) '],
      ["if (typeof list !== 'object' || list === null) continue;", "if (typeof list !== 'object') continue;"],
      ["typeof list !== 'object' || list === null", 'list === null'],
      ['if (count <= MAX_ENTRIES) ', 'if (false) '],
      ['if (count <= MAX_ENTRIES) continue;', 'continue;', { tests: ['test/trust/feed/endless.test.ts'] }],
      ['if (meta.length !== undefined) ', 'if (false) '],
      ['if (meta.hashes === undefined) ', 'if (false) '],
      ['if (hashes.length === 0) ', 'if (false) '],
      ["if (typeof value !== 'object' || value === null || Array.isArray(value)) {", 'if (false) {'],
      [
        "typeof value !== 'object' || value === null || Array.isArray(value)",
        'value === null || Array.isArray(value)',
      ],
      [
        "typeof value !== 'object' || value === null || Array.isArray(value)",
        "typeof value !== 'object' || Array.isArray(value)",
      ],
      [
        "typeof value !== 'object' || value === null || Array.isArray(value)",
        "typeof value !== 'object' || value === null",
      ],
    ],
  },
  {
    file: 'lib/trust/feed/feed.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [
      ['trusted === null || trusted.isExpired(now)', 'trusted === null'],
      ['if (error instanceof TrustError) ', 'if (false) '],
      ['if (error instanceof TrustError) trusted = null;', ''],
    ],
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
    file: 'lib/trust/feed/metadata-folder.ts',
    tests: ['test/trust/feed/metadata-folder.test.ts'],
    changes: [
      ["code !== undefined && code !== 'EIO' && code !== 'EISDIR'", "code !== undefined && code !== 'EIO'"],
      [
        "code !== undefined && code !== 'EIO' && code !== 'EISDIR'",
        "code !== undefined && code !== 'EISDIR'",
      ],
      ['if (isRefused) throw asUpdaterError(error, file);', ''],
      ['if (code === undefined && !(error instanceof DamagedError)) throw error;', ''],
      [
        'if (!this.#writable || folder === null) return;',
        'if (folder === null) return;',
        { tests: ['test/trust/feed/folder.test.ts'] },
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
    file: 'lib/trust/feed/network-source.ts',
    tests: ['test/trust/feed/network.test.ts'],
    changes: [
      ['if (response.status === 404 || response.status === 403) ', 'if (false) '],
      ['if (response.status !== 200) ', 'if (false) '],
      ['refuseWebPage(response);', ''],
      ['refuseEncoded(response);', ''],
      ['if (clock.monotonic() > deadline) ', 'if (false) '],
      ["if (Number(response.headers['content-length'] ?? 0) > maxLength) ", 'if (false) '],
      ['if (length > maxLength) ', 'if (false) '],
      ['checkTime();', ''],
      ["if (encoding === 'identity') ", 'if (false) ', { tests: ['test/server/feed.test.ts'] }],
    ],
  },
  {
    file: 'lib/trust/feed/refresh.ts',
    tests: ['test/trust/feed/attacks.test.ts'],
    changes: [
      ['await updateRoot(context, trusted);', ''],
      [
        'if (builtIn !== null) return new TrustedMetadata(builtIn, now, context);',
        '',
        { tests: ['test/conformance/kept-metadata.test.ts'] },
      ],
      ['requireLowestRoot(context, trusted);', '', { tests: ['test/update/check/root-version.test.ts'] }],
      ['trusted.checkRootExpiry();', ''],
      ['if (bytes === null) return;', 'if (false) return;'],
      [
        'if (version === first + MAX_ROOT_ROTATIONS) ',
        'if (false) ',
        { tests: ['test/trust/feed/endless.test.ts'] },
      ],
      ['if (version >= lowestRoot) ', 'if (false) '],
      ['trusted.checkTimestampExpiry();', ''],
      ['checkRoleName(role);', '', { tests: ['test/trust/feed/delegations.test.ts'] }],
      [
        '    if (!isUnusable(error)) throw error;\n    return false;',
        '    return false;',
        { survives: 'nothing in the try throws another error' },
      ],
      [
        'Math.min(length ?? MAX_BYTES[role], MAX_BYTES[role])',
        'MAX_BYTES[role]',
        { tests: ['test/trust/feed/endless.test.ts'] },
      ],
      [
        'Math.min(length ?? MAX_BYTES[role], MAX_BYTES[role])',
        'length ?? MAX_BYTES[role]',
        { tests: ['test/trust/feed/endless.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/trust/feed/role-name.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [
      ['if (name.length === 0 || name.length > MAX_LENGTH || !name.isWellFormed()) ', 'if (false) '],
      [
        'name.length === 0 || name.length > MAX_LENGTH || !name.isWellFormed()',
        'false || name.length > MAX_LENGTH || !name.isWellFormed()',
      ],
      [
        'name.length === 0 || name.length > MAX_LENGTH || !name.isWellFormed()',
        'name.length === 0 || false || !name.isWellFormed()',
      ],
      ['PLAIN.test(name)', 'true'],
      ['!DEVICE.test(name)', 'true'],
      ["!name.startsWith('role-')", 'true'],
      ['encodeURIComponent(name)', 'name'],
    ],
  },
  {
    file: 'lib/trust/feed/search.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [
      ['checkTargetPath(path);', ''],
      ['if (visited.has(role)) continue;', ''],
      ['if (visited.size > MAX_DELEGATIONS) ', 'if (false) '],
      ['visited.size > MAX_DELEGATIONS', 'visited.size > MAX_DELEGATIONS + 1'],
      ['trusted.checkTargetsExpiry(role, now);', ''],
      [
        'Object.hasOwn(signed?.targets ?? {}, path) ? signed?.targets[path] : undefined',
        'signed?.targets[path]',
      ],
      ['if (!child.terminating) continue;', 'continue;'],
      ['if (!child.terminating) continue;', ''],
      ['toVisit.length = 0;', ''],
      ['children.reverse()', 'children'],
    ],
  },
  {
    file: 'lib/trust/feed/target.ts',
    tests: ['test/trust/feed/delegations.test.ts'],
    changes: [
      [
        'if (path.length <= MAX_PATH && segments.every((segment) => isPortableName(segment, MAX_SEGMENT))) ',
        'if (false) ',
      ],
      ['path.length <= MAX_PATH && ', ''],
      [
        'path.length <= MAX_PATH && segments.every((segment) => isPortableName(segment, MAX_SEGMENT))',
        'path.length <= MAX_PATH',
      ],
      ['segments.every((segment) => isPortableName(segment, MAX_SEGMENT))', 'true'],
      ['if (names.length === 0 || known.length !== names.length || !right) ', 'if (false) '],
      [
        'names.length === 0 || known.length !== names.length || !right',
        'known.length !== names.length || !right',
      ],
      ['names.length === 0 || known.length !== names.length || !right', 'names.length === 0 || !right'],
      [
        'names.length === 0 || known.length !== names.length || !right',
        'names.length === 0 || known.length !== names.length',
      ],
      ['names.length === 0 || known.length !== names.length || !right', '!right'],
      ['if (!Number.isSafeInteger(target.length)) ', 'if (false) '],
      ['if (found.length !== info.length) ', 'if (false) '],
      ['if (wanted === undefined || found.hashes[name] === wanted) ', 'if (false) '],
      ['wanted === undefined || found.hashes[name] === wanted', 'true'],
      ['wanted === undefined || found.hashes[name] === wanted', 'wanted === undefined'],
    ],
  },
  {
    file: 'lib/trust/feed/trusted-metadata.ts',
    tests: ['test/trust/feed/attacks.test.ts'],
    changes: [
      ['...this.#targets.values(),', '', { tests: ['test/trust/feed/delegations.test.ts'] }],
      ['now >= Date.parse(role.signed.expires)', 'false'],
      ['this.#policy.root(document.json);\n      this.#store', 'this.#store'],
      ["this.#checkExpiry('root.json', this.root.signed.expires);", ''],
      [
        'if (error instanceof EqualVersionError) return false;',
        'if (error instanceof EqualVersionError) return true;',
      ],
      [
        'this.#store.updateSnapshot(document.bytes, kept);',
        'this.#store.updateSnapshot(document.bytes, true);',
      ],
      ['meta.verify(document.bytes);', ''],
      ['this.verifyDelegation(targets, role, delegator);', ''],
      ['if (document.version !== meta.version) ', 'if (false) '],
      ['document.version !== meta.version', 'document.version < meta.version'],
      ['this.#checkExpiry(document.file, document.expires);\n      const', 'const'],
      ['this.#policy.keys(delegations.keys, document.file);', '{}'],
      [
        'Object.hasOwn(meta, name) ? meta[name] : undefined',
        'meta[name]',
        {
          tests: ['test/trust/feed/delegations.test.ts'],
          survives: 'no property that every object has ends in .json',
        },
      ],
      ['if (found === undefined) ', 'if (false) ', { tests: ['test/trust/feed/delegations.test.ts'] }],
      [
        'if (by === undefined) throw',
        'if (false) throw',
        {
          tests: ['test/trust/feed/delegations.test.ts'],
          survives: 'a role is searched after the one that delegates to it',
        },
      ],
      ['by.verifyDelegate(role, targets);', ''],
      [
        'if (!(opened.referenceTime instanceof Date)) throw',
        'if (false) throw',
        { survives: 'the tuf-js of the lock file has one; the check is for the day on which it has none' },
      ],
      ['opened.referenceTime = new Date(now);', ''],
      ['if (now < end) ', 'if (false) '],
      ['if (now < end) return;', 'return;'],
      ['if (now < end) return;', 'if (now <= end) return;'],
    ],
  },
  {
    file: 'lib/trust/key-file.ts',
    tests: ['test/trust/key-file.test.ts'],
    changes: [
      [
        '/^[0-9a-f]*$/.test(value) && value.length === 2 * (SEED_SIZE + TAG_SIZE)',
        '/^[0-9a-f]*$/.test(value)',
      ],
      ['if (key.id !== head.keyid || bytesToHex(key.bytes) !== head.public) {', 'if (false) {'],
      ['key.id !== head.keyid || bytesToHex(key.bytes) !== head.public', 'key.id !== head.keyid'],
      [
        'key.id !== head.keyid || bytesToHex(key.bytes) !== head.public',
        'bytesToHex(key.bytes) !== head.public',
      ],
    ],
  },
  {
    file: 'lib/trust/root.ts',
    tests: ['test/trust/root.test.ts'],
    changes: [
      ['if (!Number.isSafeInteger(signed.version) || signed.version < 1) ', 'if (false) '],
      ['if (!signed.consistentSnapshot) ', 'if (false) '],
      ['verifyOwnSignatures(metadata);', ''],
      [
        "if (typeof json !== 'object' || json === null || Array.isArray(json)) {",
        'if (false) {',
        { survives: 'the models refuse it as well, with a worse message' },
      ],
      [
        'if (role === undefined) throw',
        'if (false) throw',
        { survives: 'the models refuse a root without one of the four roles' },
      ],
      [
        'if (!Number.isInteger(role.threshold) || role.threshold < 1 || role.threshold > keys.length) ',
        'if (false) ',
      ],
      ['if (found === undefined) ', 'if (false) '],
      ['if (found.keyType !== KEY_TYPE) ', 'if (false) '],
      ['if (found.scheme !== KEY_TYPE) ', 'if (false) '],
      ['if (value === undefined || !PUBLIC_KEY.test(value)) ', 'if (false) '],
      ['if (key.id !== id) ', 'if (false) '],
      ["metadata.verifyDelegate('root', metadata);", ''],
      [
        "root.metadata.verifyDelegate('root', next.metadata);",
        '',
        { tests: ['test/home/trusted-root.test.ts'] },
      ],
    ],
  },
];
