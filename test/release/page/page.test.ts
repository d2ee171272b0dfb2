/** The page of the releases: what is on it, and that nothing in it is markup but what the page itself makes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { nativeHost } from '../../../lib/platform/native.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { escaped, html } from '../../../release/page/html.ts';
import { notesHtml } from '../../../release/page/notes.ts';
import { shownReleases } from '../../../release/page/releases.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { tinyExecutable } from '../../support/tiny-executable.ts';
import { makeFeed, type TestFeed } from '../feed.ts';
import { type Folder, freshFolder, noise } from '../run.ts';

const NOTES = `# 1.1.0

**Back up** first. See [the guide](https://example.org/a?b=1&c="2") or [this](javascript:alert(1)).

### Fixed

- Starts <script>alert('x')</script> & runs
`;

let feed: TestFeed;
let folder: Folder;
/** `has`: what is compiled in. */
const writeUpdater = (target: string, has: string) =>
  writeFileSync(
    folder.at('dist', `dgmo-updater-${target}`),
    tinyExecutable(target, { prints: `${packageJson.version}\n`, rest: Buffer.from(has) }),
    { mode: 0o755 },
  );
const read = (name: string) => readFileSync(folder.at('www', name), 'utf8');
const make = (...more: string[]) =>
  folder.release(['page', '--repo', feed.folder, '--url', 'https://example.org/dgmo/', '-o', 'www', ...more]);

beforeAll(async () => {
  feed = await makeFeed();
  folder = freshFolder();
  const build = (number: number) => {
    const bytes = noise(1, 20_000);
    bytes.set(noise(number + 1, 100), 100 * number);
    return bytes;
  };
  await feed.add('1.0.0', { 'linux-x64': build(0), 'win32-x64': build(5) });
  await feed.add('1.0.1', { 'linux-x64': build(1) });
  await feed.revoke('1.0.1', 'It lost <b>data</b> & "settings".');
  await feed.add('1.1.0', { 'linux-x64': build(2) }, { notes: NOTES, type: 'security', rollout: 20 });
  await feed.add('1.2.0', { 'linux-x64': build(3) }, { channel: 'beta' });
  await feed.add('1.3.0', { 'linux-x64': build(4) }, { rollout: 0, notes: 'A secret.' });
});
afterAll(() => {
  feed[Symbol.dispose]();
  folder[Symbol.dispose]();
});

describe('release page', () => {
  test('has each release that somebody is offered, with notes, sizes, digests and how many get it', async () => {
    const { code, stdout } = await make('--name', 'DGMO');
    expect([code, stdout]).toEqual([0, expect.stringContaining('www/index.html: ')]);
    const page = read('index.html');
    expect([...page.matchAll(/<article class="release[^"]*" id="([^"]+)">/g)].map(([, id]) => id)).toEqual([
      '1.2.0',
      '1.1.0',
      '1.0.1',
      '1.0.0',
    ]);
    expect(page).not.toContain('secret');
    expect(page).toContain('<li>stable, for 20 %</li>');
    expect(page).toContain('<li class="good">beta</li>');
    expect(page).toMatch(/Revoked on <time datetime="[\dT:.-]+Z">[\d-]+<\/time>, and no installation/);
    expect(page).toContain('takes it any more: It lost &lt;b&gt;data&lt;/b&gt; &amp; &quot;settings&quot;.');
    expect(page).toContain('The newest is <a href="#1.0.0">1.0.0</a>');
    expect(page).toContain('<strong>Back up</strong> first.');
    expect(page).toContain('<a href="https://example.org/a?b=1&amp;c=%222%22"');
    expect(page).not.toMatch(/<script|javascript:|src=/i);
    const file = (await feed.index('stable', 'linux-x64'))?.releases.find(
      ({ version }) => version === '1.1.0',
    );
    for (const wanted of [
      file?.binary.sha256,
      file?.packages[0]?.sha256,
      `targets/${file?.packages[0]?.path}`,
    ]) {
      expect(page).toContain(wanted ?? 'no release');
    }
    const revoked = page.slice(page.indexOf('id="1.0.1"'), page.indexOf('id="1.0.0"'));
    expect(revoked).not.toContain('.dgmopkg');
  });

  test('allows no script and no other server, not even by a mistake of ours', async () => {
    await make();
    const page = read('index.html');
    const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const digest = new Bun.CryptoHasher('sha256').update(style).digest('base64');
    expect(page).toContain(
      escaped(`default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`),
    );
  });

  test('is the same for the same repository', async () => {
    await make('--name', 'DGMO');
    const before = readdirSync(folder.at('www')).map((name) => [name, read(name)]);
    await make('--name', 'DGMO');
    expect(readdirSync(folder.at('www')).map((name) => [name, read(name)])).toEqual(before);
  });

  test('the Atom feed is well-formed, and has what RFC 4287 wants', async () => {
    await make('--name', 'A & B');
    const atom = read('releases.atom');
    expect(unclosed(atom.replace(/^<\?xml[^>]*\?>\n/, ''))).toEqual([]);
    expect(atom).toContain('<title>A &amp; B releases</title>');
    const entries = atom.split('<entry>').slice(1);
    expect(entries).toHaveLength(4);
    for (const entry of entries) {
      expect(entry).toMatch(/<id>https:\/\/example\.org\/dgmo\/#[\d.]+(-revoked)?<\/id>/);
      expect(entry).toMatch(/<updated>\d{4}-\d\d-\d\dT[\d:.]+Z<\/updated>/);
    }
    expect(entries.filter((entry) => entry.includes('(revoked)'))).toEqual([
      expect.stringContaining('#1.0.1-revoked</id>'),
    ]);
    expect(atom).toContain('&lt;strong&gt;Back up&lt;/strong&gt;');
    expect(atom).toContain('&amp;lt;script&amp;gt;');
  });

  test('has a command to install for each system that has an updater and a release, and for no other', async () => {
    mkdirSync(folder.at('dist'));
    for (const target of ['linux-x64', 'darwin-arm64'])
      writeUpdater(
        target,
        `https://example.org/dgmo ${readPublished(nativeHost(), feed.folder).root.roles.root.keys[0]?.id}`,
      );
    const { code, stderr } = await make('--updaters', 'dist');
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    const page = read('index.html');
    expect(page).toContain('<p>Linux:</p>\n');
    expect(page).toContain('curl -fsSL https://example.org/dgmo/install.sh | sh');
    expect(page).not.toContain('macOS');
    expect(page).not.toContain('PowerShell');
  });

  test('takes no updater that would install nothing: of another feed, of none, of another root', async () => {
    rmSync(folder.at('dist'), { recursive: true, force: true });
    mkdirSync(folder.at('dist'));
    for (const [has, wanted] of [
      ['', 'the feed https://example.org/dgmo/'],
      ['https://example.org/other/', 'the feed https://example.org/dgmo/'],
      [`https://example.org/dgmo/ ${'ab'.repeat(32)}`, 'a root of this repository'],
    ] as const) {
      writeUpdater('linux-x64', has);
      expect(await make('--updaters', 'dist')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(`wanted an updater with ${wanted} compiled in`),
      });
    }
  });

  test('is not written into the repository, from where nothing serves it', async () => {
    const args = [
      'page',
      '--repo',
      feed.folder,
      '--url',
      'https://example.org/dgmo/',
      '-o',
      `${feed.folder}/`,
    ];
    expect(await folder.release(args)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('-o: wanted a folder apart from the repository'),
    });
  });

  test('shows one channel, and so many releases, if it is told to', () => {
    const published = readPublished(nativeHost(), feed.folder);
    expect(shownReleases(published, ['beta'], 50).map(({ version }) => version)).toEqual(['1.2.0']);
    expect(shownReleases(published, [], 2).map(({ version }) => version)).toEqual(['1.2.0', '1.1.0']);
  });
});

/** Tags that are not closed in order; an attribute may have no `<` in it. */
function unclosed(markup: string): string[] {
  const open: string[] = [];
  for (const [, closing, name = '', , self] of markup.matchAll(/<(\/?)([\w:!-]+)((?:\s[^<>]*?)?)(\/?)>/g)) {
    if (closing !== '') {
      if (open.pop() !== name) return [`</${name}>`];
    } else if (self === '' && !['hr', 'br', '!doctype'].includes(name)) open.push(name);
  }
  return open;
}

describe('notes as markup', () => {
  const TAG =
    /<(?:\/?(?:p|h[1-6]|blockquote|pre|code|ul|li|hr|div|table|thead|tbody|tr|th|td|strong|em|del|a|ol)|ol start="\d+"|div class="wide"|a href="(?:https?:|mailto:)[^"<>]*" rel="nofollow noopener noreferrer")>/g;

  test('have no tag and no attribute but those of Markdown, whatever is in them', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        ...[
          '<script>',
          '</p>',
          '<img src=x onerror=y>',
          '<!--',
          ']]>',
          '&lt;',
          '&#60;',
          '"',
          "'",
          '\\<',
          '\0',
        ],
        ...[
          '[a](javascript:x)',
          '[a](<data:text/html,x>)',
          '[a](https://b/"c)',
          '![a](x "t")',
          '<https://x/"y>',
        ],
        ...[
          '`',
          '```',
          '~~~ "x\n',
          '|a|b|\n|-|-|\n',
          '- ',
          '1. ',
          '> ',
          '# ',
          '\n',
          '\n\n',
          '**',
          '_',
          '    ',
          '[x]: ',
        ],
        ...[
          '[a]: javascript:x\n\n[a]',
          '<a href="x">',
          '<svg/onload=x>',
          '&NewLine;',
          'java\tscript:',
          '\u202e',
        ],
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const markup = notesHtml(pieces.join('')).toString();
        expect(markup.replaceAll(TAG, '')).not.toMatch(/[<>]/);
        expect(markup).not.toMatch(/[\0\u202e]/);
      }),
      { numRuns: 1500 },
    );
  });

  test('a value of a template is text, and markup stays markup', () => {
    const text = '<b a="c">\'&\u0007\r\nd';
    expect(html`<i title="${text}">${html`<b>${[1, '<']}</b>`}</i>`.toString()).toBe(
      '<i title="&lt;b a=&quot;c&quot;&gt;&#39;&amp;\ufffd\nd"><b>1&lt;</b></i>',
    );
  });
});
