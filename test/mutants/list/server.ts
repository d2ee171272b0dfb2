/** Mutants of release/server/: what is taken out or turned round, and the tests that notice. */
import type { MutatedFile } from '../mutant.ts';

export const SERVER: readonly MutatedFile[] = [
  {
    file: 'release/server/body.ts',
    tests: ['test/server/check.test.ts'],
    changes: [
      ['if (announced !== null && Number(announced) > bytes) return 413;', ''],
      ['if (announced !== null && Number(announced) > bytes) ', 'if (false) '],
      ['announced !== null && Number(announced) > bytes', 'announced !== null'],
      ['if (size > limit) ', 'if (false) '],
    ],
  },
  {
    file: 'release/server/check.ts',
    tests: ['test/server/check.test.ts'],
    changes: [
      ['if (refused !== null) return refused;', ''],
      ['if (refused !== null) ', 'if (false) '],
      ["if (typeof body === 'number') ", 'if (false) '],
      ['if (index === null) {', 'if (false) {'],
    ],
  },
  {
    file: 'release/server/current-feed.ts',
    tests: ['test/server/check.test.ts'],
    changes: [
      ['if (kept !== undefined) ', 'if (false) ', { tests: ['test/server/current-feed.test.ts'] }],
      ['if (entry === null) ', 'if (false) '],
      [
        'if (digestBytes(bytes).sha256 !== sha256) ',
        'if (false) ',
        { tests: ['test/server/current-feed.test.ts'] },
      ],
      [
        'if (this.#state !== null && now - this.#checkedAt < RECHECK) ',
        'if (false) ',
        { tests: ['test/server/current-feed.test.ts'] },
      ],
      ['this.#state !== null && now - this.#checkedAt < RECHECK', 'this.#state !== null'],
      [
        'now - this.#checkedAt < RECHECK',
        'now - this.#checkedAt <= RECHECK',
        { tests: ['test/server/current-feed.test.ts'] },
      ],
      [
        'if (kept !== null && kept.identity === this.#identity()) ',
        'if (false) ',
        { tests: ['test/server/current-feed.test.ts'] },
      ],
      ['kept !== null && kept.identity === this.#identity()', 'kept !== null'],
      ['kept !== null && kept.identity === this.#identity()', 'kept.identity === this.#identity()'],
      ['if (targets === undefined) ', 'if (false) '],
      ['if (targets === null || !Object.hasOwn(targets, name)) ', 'if (false) '],
      ['targets === null || !Object.hasOwn(targets, name)', 'targets === null'],
      [
        'targets === null || !Object.hasOwn(targets, name)',
        '!Object.hasOwn(targets, name)',
        { tests: ['test/server/current-feed.test.ts'] },
      ],
      ['if (!Object.hasOwn(meta, file)) ', 'if (false) ', { tests: ['test/server/current-feed.test.ts'] }],
      ['if (bytes === null)\n      ', 'if (false) '],
    ],
  },
  {
    file: 'release/server/handler.ts',
    tests: ['test/server/check.test.ts', 'test/server/limits.test.ts'],
    changes: [
      ['if (!isLocal && !publicMetrics) ', 'if (false) '],
      ['!isLocal && !publicMetrics', '!isLocal'],
      ['!isLocal && !publicMetrics', '!publicMetrics'],
      ['if (client === null || FORWARDED.some((name) => request.headers.has(name))) ', 'if (false) '],
      ['client === null || FORWARDED.some((name) => request.headers.has(name))', 'client === null'],
    ],
  },
  {
    file: 'release/server/public-file.ts',
    tests: ['test/server/static.test.ts'],
    changes: [
      ['if (name === null || !isFeedPath(name)) ', 'if (false) '],
      ['name === null || !isFeedPath(name)', 'name === null'],
      ['name === null || !isFeedPath(name)', '!isFeedPath(name)'],
      [
        "if (folder !== 'metadata' && folder !== 'targets') return null;",
        '',
        { survives: 'the handler asks for nothing but these two' },
      ],
      ["folder !== 'metadata' && folder !== 'targets'", "folder !== 'metadata'"],
      ["folder !== 'metadata' && folder !== 'targets'", "folder !== 'targets'"],
      ["if (found === null || found.status.kind !== 'file') ", 'if (false) '],
      ["found === null || found.status.kind !== 'file'", 'found === null'],
      ["found === null || found.status.kind !== 'file'", "found.status.kind !== 'file'"],
      ["if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) ", 'if (false) '],
      ["inside === '' || inside.startsWith('..') || path.isAbsolute(inside)", 'path.isAbsolute(inside)'],
      ["inside === '' || inside.startsWith('..')", "inside === ''"],
      [
        "inside === '' || inside.startsWith('..') || path.isAbsolute(inside)",
        "inside === '' || inside.startsWith('..')",
        { survives: 'only on Windows may a file be on another drive' },
      ],
      ["if (ABSENT.has(errorCode(error) ?? '')) ", 'if (false) '],
    ],
  },
  {
    file: 'release/server/range.ts',
    tests: ['test/server/range.test.ts'],
    changes: [
      ['if (range === null) ', 'if (false) '],
      ["if (ifRange !== null && (ifRange !== etag || etag.startsWith('W/'))) ", 'if (false) '],
      ["ifRange !== null && (ifRange !== etag || etag.startsWith('W/'))", 'ifRange !== null'],
      [
        "ifRange !== null && (ifRange !== etag || etag.startsWith('W/'))",
        "(ifRange !== etag || etag.startsWith('W/'))",
      ],
      ["ifRange !== etag || etag.startsWith('W/')", 'ifRange !== etag'],
      ["ifRange !== etag || etag.startsWith('W/')", "etag.startsWith('W/')"],
      ["if (match === null || (from === '' && to === '')) ", 'if (false) '],
      ["match === null || (from === '' && to === '')", 'match === null'],
      [
        "match === null || (from === '' && to === '')",
        "(from === '' && to === '')",
        { survives: 'without a match both are empty' },
      ],
      ["from === '' && to === ''", "from === ''"],
      ["from === '' && to === ''", "to === ''"],
      ["if (from === '') ", 'if (false) '],
      ["if (to !== '' && Number(to) < first) ", 'if (false) '],
      ["to !== '' && Number(to) < first", "to !== ''"],
      ["to !== '' && Number(to) < first", 'Number(to) < first'],
      ['Number(to) < first', 'Number(to) <= first'],
      ['first >= size', 'first > size'],
      ['if (ifNoneMatch === null) ', 'if (false) '],
      [
        "return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag));",
        'return true;',
      ],
      [
        "return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag));",
        'return false;',
      ],
      [
        "ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag))",
        "ifNoneMatch.trim() === '*'",
      ],
      [
        "ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag))",
        "ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag))",
      ],
    ],
  },
  {
    file: 'release/server/static.ts',
    tests: ['test/server/static.test.ts'],
    changes: [
      ['if (refused !== null) ', 'if (false) '],
      ['if (reply === null) ', 'if (false) '],
      ["request.method === 'HEAD' && reply.response.status !== 304", 'reply.response.status !== 304'],
      ["if (matchesEtag(request.headers.get('if-none-match'), etag)) ", 'if (false) '],
      ["if (span.kind === 'outside') ", 'if (false) '],
      ["if (span.kind === 'whole') ", 'if (false) '],
    ],
  },
];
