/** `releases.atom`: the releases as a feed for readers (RFC 4287). The same repository gives the same bytes. */
import { html } from './html.ts';
import { notesHtml } from './notes.ts';
import type { PageContent } from './page.ts';
import type { ShownRelease } from './releases.ts';

// The entry that says that a release was revoked has an id of its own: a reader shows it as a new one, where it may pass over an entry
// that was read long ago. Its time is that of the release if the feed does not say when it was revoked.
export function atomFeed({ name, address, releases }: PageContent): string {
  const updated = Math.max(0, ...releases.map(changed));
  return html`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>${name} releases</title>
<id>${address}</id>
<link href="${address}"/>
<link rel="self" type="application/atom+xml" href="${address}releases.atom"/>
<author><name>${name}</name></author>
<updated>${time(updated)}</updated>
${releases.map(
  ({ version, type, notes, revoked, channels, releaseDate }) => html`<entry>
<title>${name} ${version}${type === 'security' ? ' (security)' : ''}${revoked === null ? '' : ' (revoked)'}</title>
<id>${address}#${version}${revoked === null ? '' : '-revoked'}</id>
<link href="${address}#${version}"/>
<published>${time(releaseDate)}</published>
<updated>${time(changed({ releaseDate, revoked }))}</updated>
${channels.map((channel) => html`<category term="${channel.name}"/>`)}
<content type="html">${revoked === null ? '' : html`<p>Revoked: ${revoked.reason}</p>`.toString()}${notesHtml(notes).toString()}</content>
</entry>
`,
)}</feed>
`.toString();
}

function changed({ releaseDate, revoked }: Pick<ShownRelease, 'releaseDate' | 'revoked'>): number {
  return revoked?.at ?? releaseDate;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
