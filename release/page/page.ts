/** `index.html`: how to install, and the releases with their notes, sizes and digests. */
import { createHash } from 'node:crypto';
import { bytes } from '../progress.ts';
import { Html, html } from './html.ts';
import { notesHtml } from './notes.ts';
import type { ShownFile, ShownRelease } from './releases.ts';
import { STYLE } from './style.ts';

/** A file beside the page. */
export interface PageFile {
  /** Relative to the page. */
  path: string;
  size: number;
  sha256: string;
}

export interface Installer {
  shell: 'sh' | 'PowerShell';
  /** What it installs on, as people name it. */
  systems: readonly string[];
  file: PageFile;
}

export interface PageContent {
  /** Of the program, as people write it. */
  name: string;
  /** Where the page is; ends with a slash. */
  address: string;
  releases: readonly ShownRelease[];
  /** Those that have an updater. Empty: the page has no commands to install. */
  installers: readonly Installer[];
  /** Where the feed's files are, relative to the page. */
  targets: string;
}

export function pageHtml(content: PageContent): string {
  const { name, releases, address } = content;
  const style = createHash('sha256').update(STYLE).digest('base64');
  const policy = `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'`;
  const newest = newestOf(releases);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${name} releases</title>
<meta name="description" content="Releases of ${name}: notes, sizes, digests, and how to install it.">
<link rel="canonical" href="${address}">
<link rel="alternate" type="application/atom+xml" title="${name} releases" href="releases.atom">
<style>${Html.of(STYLE)}</style>
</head>
<body>
<header>
<h1>${name} releases</h1>
<p class="soft">${newest === undefined ? 'There is no release yet.' : html`The newest is <a href="#${newest.version}">${newest.version}</a> of ${day(newest.releaseDate)}.`} <a href="releases.atom">Atom feed</a></p>
</header>
<main>
${content.installers.length === 0 ? '' : installHtml(content)}
${releases.map((release) => releaseHtml(release, content.targets))}
</main>
<footer><p>Every file is checked by the updater against signatures before it is used, whoever serves it. The digests here are for people who
want to look for themselves.</p></footer>
</body>
</html>
`.toString();
}

/** What a new installation gets: the newest release of `stable` that everybody is offered. Where there is none, the newest of all. */
function newestOf(releases: readonly ShownRelease[]): ShownRelease | undefined {
  const sound = releases.filter(({ revoked }) => revoked === null);
  const isForAll = ({ channels }: ShownRelease) =>
    channels.some(({ name, rollout }) => name === 'stable' && rollout === 100);
  return sound.find(isForAll) ?? sound[0];
}

function installHtml({ name, address, installers }: PageContent): Html {
  const shell = installers.find((one) => one.shell === 'sh')?.file;
  return html`<section aria-labelledby="install">
<h2 id="install">Install</h2>
${installers.map((one) => installerHtml(one, address))}
<details><summary>Look before you run it</summary>
<p>The script has the SHA-256 of the updater for each system. It downloads the updater, compares, and has it fetch ${name}; the updater believes
only what the publisher's keys have signed. What you trust is therefore this page, once: compare the digest of the script with one that
you got in another way.</p>
${shell === undefined ? '' : lookHtml(shell, address)}
<dl>${installers.map(
    ({ file }) =>
      html`<dt>${file.path}, ${bytes(file.size)}</dt><dd class="digest">SHA-256 <code>${file.sha256}</code></dd>`,
  )}</dl>
</details>
</section>`;
}

function installerHtml({ shell, systems, file }: Installer, address: string): Html {
  const command =
    shell === 'sh' ? `curl -fsSL ${address}${file.path} | sh` : `irm ${address}${file.path} | iex`;
  return html`<p>${systems.join(' and ')}${shell === 'sh' ? '' : `, in ${shell}`}:</p>
<pre class="command"><code>${command}</code></pre>
`;
}

function lookHtml({ path, sha256 }: PageFile, address: string): Html {
  return html`<pre class="command"><code>curl -fsSLO ${address}${path}
echo "${sha256}  ${path}" | sha256sum -c
less ${path}
sh ${path}</code></pre>`;
}

function releaseHtml(release: ShownRelease, targets: string): Html {
  const { version, releaseDate, notes, revoked, files } = release;
  return html`<article class="release${revoked === null ? '' : ' revoked'}" id="${version}">
<h2><a href="#${version}">${version}</a></h2>
<ul class="tags"><li><time datetime="${new Date(releaseDate).toISOString()}">${day(releaseDate)}</time></li>${tagsOf(release)}</ul>
${revoked === null ? '' : html`<p class="warning">Revoked${revoked.at === null ? '' : html` on <time datetime="${new Date(revoked.at).toISOString()}">${day(revoked.at)}</time>`}, and no installation takes it any more: ${revoked.reason}</p>`}
${notes.trim() === '' ? html`<p class="soft">No notes.</p>` : notesHtml(notes)}
<details><summary>Files: ${files.length === 1 ? '1 system' : `${files.length} systems`}</summary>
<dl>${files.map((file) => fileHtml(file, revoked === null ? targets : null))}</dl>
</details>
</article>
`;
}

function tagsOf({ channels, type, riskLevel, revoked }: ShownRelease): Html[] {
  const offered = channels.map(({ name, rollout }) =>
    rollout === 100 ? html`<li class="good">${name}</li>` : html`<li>${name}, for ${rollout} %</li>`,
  );
  return [
    ...(revoked === null ? offered : [html`<li class="bad">revoked</li>`]),
    type === 'security' ? html`<li class="bad">security</li>` : html`<li>${type}</li>`,
    ...(riskLevel === 'low' ? [] : [html`<li class="bad">${riskLevel} risk</li>`]),
  ];
}

/** `targets`: null where nothing is to be downloaded. */
function fileHtml({ target, package: full, binary, patch }: ShownFile, targets: string | null): Html {
  const download =
    full === null || targets === null
      ? html``
      : html`<a href="${targets}${full.path}">package</a> of ${bytes(full.length)}${patch === null ? '' : html`, patches from ${bytes(patch)}`}
<p class="digest">SHA-256 of the package <code>${full.sha256}</code></p>`;
  return html`<dt>${target}</dt><dd>${download}
<p class="digest">${bytes(binary.size)} installed, SHA-256 <code>${binary.sha256}</code></p></dd>
`;
}

function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
