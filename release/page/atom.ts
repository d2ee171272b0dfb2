/** `releases.atom`: the releases as a feed for readers (RFC 4287). The same repository gives the same bytes. */
import { html } from './html.ts';
import { notesHtml } from './notes.ts';
import type { PageContent } from './page.ts';

// When a release was revoked is not in the feed. The entry that says so has an id of its own: a reader shows it as a new one, where
// the entry of the release, read long ago, would keep its time and be passed over.
export function atomFeed({ name, address, releases }: PageContent): string {
  const updated = Math.max(0, ...releases.map(({ releaseDate }) => releaseDate));
  return html`<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>${name} releases</title>
<id>${address}</id>
<link href="${address}"/>
<link rel="self" type="application/atom+xml" href="${address}releases.atom"/>
<author><name>${name}</name></author>
<updated>${time(updated)}</updated>
${releases.map(
  ({ version, releaseDate, type, notes, revoked, channels }) => html`<entry>
<title>${name} ${version}${type === 'security' ? ' (security)' : ''}${revoked === null ? '' : ' (revoked)'}</title>
<id>${address}#${version}${revoked === null ? '' : '-revoked'}</id>
<link href="${address}#${version}"/>
<updated>${time(releaseDate)}</updated>
${channels.map((channel) => html`<category term="${channel.name}"/>`)}
<content type="html">${revoked === null ? '' : html`<p>Revoked: ${revoked}</p>`.toString()}${notesHtml(notes).toString()}</content>
</entry>
`,
)}</feed>
`.toString();
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
