/** Mutants of lib/update/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const UPDATE: readonly MutatedFile[] = [
  {
    file: 'lib/update/check/advice.ts',
    tests: ['test/update/check.test.ts'],
    changes: [['if (!isHarmless) ', 'if (false) ']],
  },
  {
    file: 'lib/update/check/channel.ts',
    tests: ['test/update/channel.test.ts'],
    changes: [
      [
        'if (info === null || sha256 === undefined) ',
        'if (false) ',
        { tests: ['test/update/check.test.ts'] },
      ],
      ['info === null || sha256 === undefined', 'info === null'],
      ['if (found !== wanted) ', 'if (false) ', { tests: ['test/update/check.test.ts'] }],
      ['pages < MAX_PAGES && ', ''],
      ['&& !enough(releases, older)', ''],
      ['if (last !== undefined && !isNewer(last.version, release.version)) {', 'if (false) {'],
      [
        'compareVersions(last.version, version) <= 0',
        'false',
        { survives: 'the search reads more pages than it needs, and finds the same' },
      ],
      ['if (manifest.version === release.version) ', 'if (false) ', { tests: ['test/update/check.test.ts'] }],
      ['if (manifest.version === release.version) return manifest;', 'return manifest;'],
    ],
  },
  {
    file: 'lib/update/check/check-api.ts',
    tests: ['test/server/wire.test.ts'],
    changes: [
      ["if (!/^application\\/json(;|$)/i.test(type ?? '')) ", 'if (false) '],
      ['if (installed !== found.version) ', 'if (false) '],
      ['if (target === null) ', 'if (false) '],
      ['if (update !== null && !isNewer(update.version, asked)) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/update/check/check.ts',
    tests: ['test/update/check.test.ts'],
    changes: [
      ['if (wanted !== undefined && !isVersion(wanted)) ', 'if (false) '],
      [
        'if (minimumFrom !== null && isNewer(wanted, installed) && isNewer(minimumFrom, installed)) ',
        'if (false) ',
      ],
      ['if (refusal !== null) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/update/check/documents.ts',
    tests: ['test/update/channel.test.ts'],
    changes: [
      ['if (wanted.length > MAX_DOCUMENT) {', 'if (false) {'],
      ['if (cached !== null) return cached;', ''],
      ['if (bytes === null) {', 'if (false) {'],
      ['if (!isWanted(found, wanted)) ', 'if (false) ', { tests: ['test/update/check.test.ts'] }],
      ['found.size === wanted.length && found.sha256 === wanted.sha256', 'found.size === wanted.length'],
      ['bytes !== null && isWanted(digestBytes(bytes), wanted) ? bytes : null', 'bytes'],
      ['error instanceof DamagedError || errorCode(error) !== undefined', 'error instanceof DamagedError'],
      ['error instanceof DamagedError || errorCode(error) !== undefined', 'errorCode(error) !== undefined'],
    ],
  },
  {
    file: 'lib/update/check/patient-source.ts',
    tests: ['test/update/check.test.ts'],
    changes: [['if (!mayPass || failures >= attempts) ', 'if (false) ']],
  },
  {
    file: 'lib/update/check/releases-between.ts',
    tests: ['test/update/far-behind.test.ts'],
    changes: [['if (error instanceof NetworkError || error instanceof DamagedError) ', 'if (false) ']],
  },
  {
    file: 'lib/update/check/selection.ts',
    tests: ['test/update/selection.test.ts'],
    changes: [
      ['offered.minimum !== null && isNewer(offered.minimum, installed)', 'false'],
      ['revoked.some((entry) => entry.version === version)]', 'false]'],
      ['isNewer(floor, version)]', 'false]'],
      ['choices.quarantined.some((entry) => entry.version === version)]', 'false]'],
      ['minimumFrom !== null && isNewer(minimumFrom, installed)]', 'false]'],
      ['ring === null ? !isRolledOut(installId, version, rollout) : ring > rollout]', 'false]'],
      ['choices.skipped.includes(version)]', 'false]'],
      ['choices.remindAfter !== null && now < choices.remindAfter]', 'false]'],
    ],
  },
  {
    file: 'lib/update/context.ts',
    tests: ['test/update/check.test.ts'],
    changes: [
      ['if (given === undefined || given.address === null) ', 'if (false) '],
      ['if (fault === null) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/update/download/backoff.ts',
    tests: ['test/update/disk-full.test.ts'],
    changes: [['if (signal?.aborted !== true) ', 'if (false) ']],
  },
  {
    file: 'lib/update/download/completion.ts',
    tests: ['test/update/download.test.ts'],
    changes: [
      ['if (url === null) ', 'if (false) '],
      ['if (mirrors.failures >= limits.attempts) ', 'if (false) '],
    ],
  },
  {
    file: 'lib/update/download/download-packages.ts',
    tests: ['test/update/check.test.ts'],
    changes: [['if (first === undefined) ', 'if (false) ']],
  },
  {
    file: 'lib/update/download/download.ts',
    tests: ['test/update/download.test.ts'],
    changes: [
      ['if (!Number.isSafeInteger(length) || length < 0)\n    ', 'if (false) '],
      ['if (lock === null) ', 'if (false) '],
      ['if (isFull(error)) ', 'if (false) ', { tests: ['test/update/disk-full.test.ts'] }],
    ],
  },
  {
    file: 'lib/update/download/fetch-once.ts',
    tests: ['test/update/download.test.ts'],
    changes: [
      ['if (response.status !== 200 && response.status !== 206) ', 'if (false) '],
      ['if (fault !== null) ', 'if (false) '],
      ['if (offset > 0) partial.restart();', 'if (false) partial.restart();'],
      ['if (offset > 0) {', 'if (false) {'],
      ['if (differs(before, origin)) throw changed(response);', 'if (false) throw changed(response);'],
      ["if (encoding === 'identity') ", 'if (false) ', { tests: ['test/update/disk-full.test.ts'] }],
      ['if (!speed.allows(chunk.length, now)) ', 'if (false) '],
    ],
  },
];
