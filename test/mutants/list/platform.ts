/** Mutants of lib/platform/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const PLATFORM: readonly MutatedFile[] = [
  {
    file: 'lib/platform/posix/held-folder.ts',
    tests: ['test/snapshot/capture/swapped-folders.test.ts'],
    changes: [
      ['if (!leadsTo(through, { dev, ino })) return', 'if (true) return'],
      ['O_DIRECTORY | O_NOFOLLOW |', 'O_DIRECTORY |'],
    ],
  },
  {
    file: 'lib/platform/network/native.ts',
    tests: ['test/platform/network/descriptors.test.ts'],
    changes: [['if (lacking !== null) ', 'if (false) ']],
  },
  {
    file: 'lib/platform/threads/read-ahead.ts',
    tests: ['test/platform/read-ahead.test.ts'],
    changes: [
      ['fill(disk, handle, buffer.subarray(count), position + count)', '0'],
      ['await Promise.allSettled(coming.map(({ read }) => read));\n    disk.close(handle);', ''],
    ],
  },
  {
    file: 'lib/platform/files.ts',
    tests: ['test/install/rollback/rollback-consent.test.ts'],
    changes: [
      [
        'if (handle === null) return null;\n  try {\n    const size = disk.size(handle);',
        'if (false) return null;\n  try {\n    const size = disk.size(handle);',
      ],
      ['if (size > limit) throw', 'if (false) throw', { tests: ['test/platform/files.test.ts'] }],
      [
        'if (!hasSize(found, wanted)) return',
        'if (false) return',
        { tests: ['test/health/wrong-size.test.ts'] },
      ],
    ],
  },
  {
    file: 'lib/platform/named-file.ts',
    tests: ['test/api/differential-updater.test.ts'],
    changes: [
      ["if (found?.status.kind === 'file') ", 'if (false) '],
      ["if (folder?.status.kind !== 'directory') ", 'if (false) '],
      ["if (found.status.kind !== 'file') ", 'if (false) '],
    ],
  },
  {
    file: 'lib/platform/network/web-page.ts',
    tests: ['test/update/download/disk-full.test.ts'],
    changes: [['if (!/^\\s*(text\\/html|application\\/xhtml\\+xml)\\b/i.test(type)) ', 'if (false) ']],
  },
  {
    file: 'lib/platform/network/proxy.ts',
    tests: ['test/platform/network/proxy.test.ts'],
    changes: [["if (url.protocol !== 'http:' || url.hostname === '') ", 'if (false) ']],
  },
  {
    file: 'lib/platform/network/redirect.ts',
    tests: ['test/platform/network/redirect.test.ts'],
    changes: [
      ['if (!REDIRECTS.has(response.status) || location === undefined) ', 'if (false) '],
      ['!REDIRECTS.has(response.status) || location === undefined', '!REDIRECTS.has(response.status)'],
      ['!REDIRECTS.has(response.status) || location === undefined', 'location === undefined'],
      ['if (!URL.canParse(location, from.href))\n    ', 'if (false) '],
      ["if (to.protocol !== 'https:' && to.protocol !== 'http:') ", 'if (false) '],
      ["to.protocol !== 'https:' && to.protocol !== 'http:'", "to.protocol !== 'https:'"],
      ["to.protocol !== 'https:' && to.protocol !== 'http:'", "to.protocol !== 'http:'"],
      ["if (from.protocol === 'https:' && to.protocol === 'http:') ", 'if (false) '],
      ["from.protocol === 'https:' && to.protocol === 'http:'", "from.protocol === 'https:'"],
      ["from.protocol === 'https:' && to.protocol === 'http:'", "to.protocol === 'http:'"],
      ["if (to.username !== '' || to.password !== '')\n    ", 'if (false) '],
      ["to.username !== '' || to.password !== ''", "to.username !== ''"],
      ["to.username !== '' || to.password !== ''", "to.password !== ''"],
      ['if (seen.includes(to.href)) ', 'if (false) '],
      ['if (seen.length > MAX_REDIRECTS) ', 'if (false) '],
      ['seen.length > MAX_REDIRECTS', 'seen.length >= MAX_REDIRECTS'],
      ["if (request.method === 'POST' && response.status < 307) ", 'if (false) '],
      ["request.method === 'POST' && response.status < 307", 'response.status < 307'],
      ["request.method === 'POST' && response.status < 307", "request.method === 'POST'"],
      ['response.status < 307', 'response.status <= 307'],
      ["if (request.method === 'POST' && to.origin !== from.origin) ", 'if (false) '],
      ["request.method === 'POST' && to.origin !== from.origin", 'to.origin !== from.origin'],
      ["request.method === 'POST' && to.origin !== from.origin", "request.method === 'POST'"],
    ],
  },
  {
    file: 'lib/platform/posix/attributes.ts',
    tests: ['test/platform/attributes.test.ts'],
    changes: [
      [
        'if (errorCode(error) === undefined) ',
        'if (false) ',
        { survives: 'only an error that is none of the system, which fchown does not give' },
      ],
    ],
  },
  {
    file: 'lib/platform/posix/processes.ts',
    tests: ['test/platform/processes.test.ts'],
    changes: [
      ['if (!Number.isInteger(pid) || pid <= 0) ', 'if (false) '],
      ["if (errorCode(error) === 'EPERM') ", 'if (false) '],
    ],
  },
  {
    file: 'lib/platform/native-disk.ts',
    tests: ['test/platform/itself.test.ts'],
    changes: [
      ['throw withKnownPath(error);', 'throw error;'],
      ['const isTarget = isDenied || ', 'const isTarget = '],
    ],
  },
  {
    file: 'lib/platform/native-processes.ts',
    tests: ['test/library/self-update.test.ts'],
    changes: [['if (process.stdin.isTTY && process.stdin.isRaw) ', 'if (false) ']],
  },
];
