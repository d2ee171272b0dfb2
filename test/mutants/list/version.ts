/** Mutants of lib/version/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const VERSION: readonly MutatedFile[] = [
  {
    file: 'lib/version/channel-index.ts',
    tests: ['test/update/check/channel.test.ts'],
    changes: [
      [
        'newer !== undefined && compareVersions(newer.version, entry.version) <= 0',
        'compareVersions(newer.version, entry.version) <= 0',
      ],
      [
        'found.minimum !== null && newest !== undefined && isNewer(found.minimum, newest)',
        'isNewer(found.minimum, newest)',
      ],
      ['found.minimum !== null && newest !== undefined', 'newest !== undefined'],
    ],
  },
  {
    file: 'lib/version/download-url.ts',
    tests: ['test/version/download-url.test.ts'],
    changes: [
      ["if (typeof value !== 'string') ", 'if (false) ', { tests: ['test/version/manifest.test.ts'] }],
      ['if (!isUsable) ', 'if (false) '],
      [
        "return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));",
        'return true;',
      ],
    ],
  },
  {
    file: 'lib/version/feed-address.ts',
    tests: ['test/version/feed-address.test.ts'],
    changes: [['if (fault !== null) ', 'if (false) ']],
  },
  {
    file: 'lib/version/manifest.ts',
    tests: ['test/version/manifest.test.ts'],
    changes: [
      ['checkSchema(found, path);', ''],
      ["checkTargets(found.binaries, TARGETS, `${path}.binaries`, 'binary');", ''],
      ["checkTargets(found.updaters ?? [], MACHINES, `${path}.updaters`, 'updater');", ''],
      ['if (from !== null && !isNewer(found.version, from)) ', 'if (false) '],
      ['if (isNewer(minVersion, found.version)) ', 'if (false) '],
      ['if (wanted !== undefined && (schema ?? 1) < wanted)\n', 'if (false)\n'],
      ['newest > 2 || isNewForm ? newest : undefined', 'isNewForm ? newest : undefined'],
      ['evolutions.some(({ riskLevel }) => riskLevel !== undefined)', 'false'],
      ['if (!known.some((target) => targetName(target) === name)) ', 'if (false) '],
      ['if (targets.has(name))\n      ', 'if (false) '],
    ],
  },
  {
    file: 'lib/version/semver.ts',
    tests: ['test/version/semver.test.ts'],
    changes: [
      ['if (value.length > MAX_LENGTH || !VERSION.test(value)) ', 'if (false) '],
      ['value.length > MAX_LENGTH || !VERSION.test(value)', 'value.length > MAX_LENGTH'],
      ['value.length > MAX_LENGTH || !VERSION.test(value)', '!VERSION.test(value)'],
      ['!/^\\d+$/.test(part) || Number.isSafeInteger(Number(part))', '!/^\\d+$/.test(part)'],
      ['!/^\\d+$/.test(part) || Number.isSafeInteger(Number(part))', 'Number.isSafeInteger(Number(part))'],
      ['if (!isVersion(value)) ', 'if (false) '],
      ['return compareVersions(version, than) > 0;', 'return true;'],
      ['return compareVersions(version, than) > 0;', 'return false;'],
      ['compareVersions(version, than) > 0', 'compareVersions(version, than) >= 0'],
    ],
  },
];
