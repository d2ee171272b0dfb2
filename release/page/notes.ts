/**
 * Release notes, Markdown, as markup. Nothing in them becomes a tag but what Markdown itself makes: HTML is shown as it is written.
 * Links lead to https, http and mail alone; images are links, so that a page that is opened asks no other server for anything.
 */
import { Html, html } from './html.ts';

/** Headings of notes are below that of the release. */
const HIGHEST = 3;
const LINK = /^(https?:\/\/|mailto:)/i;

export function notesHtml(markdown: string): Html {
  const element = (name: string) => (children: string) => `<${name}>${children}</${name}>`;
  const block = (name: string) => (children: string) => `<${name}>${children}</${name}>\n`;
  const rendered = Bun.markdown.render(
    markdown,
    {
      // All that is not made here goes through this.
      text: (text) => html`${text}`.toString(),
      html: (children) => `<p>${children}</p>\n`,
      heading: (children, { level }) => {
        const name = `h${Math.min(6, level + HIGHEST - 1)}`;
        return `<${name}>${children}</${name}>\n`;
      },
      paragraph: block('p'),
      blockquote: block('blockquote'),
      code: (children) => `<pre><code>${children}</code></pre>\n`,
      list: (children, { ordered, start }) =>
        ordered ? `<ol start="${Number(start ?? 1)}">${children}</ol>\n` : `<ul>${children}</ul>\n`,
      listItem: (children, { checked }) =>
        `<li>${checked === undefined ? '' : checked ? '☑ ' : '☐ '}${children}</li>\n`,
      hr: () => '<hr>\n',
      table: (children) => `<div class="wide"><table>${children}</table></div>\n`,
      thead: block('thead'),
      tbody: block('tbody'),
      tr: block('tr'),
      th: element('th'),
      td: element('td'),
      strong: element('strong'),
      emphasis: element('em'),
      codespan: element('code'),
      strikethrough: element('del'),
      link: (children, { href }) => link(children, href),
      image: (children, { src }) => link(`${children} (image)`, src),
    },
    { autolinks: { url: true } },
  );
  return Html.of(rendered);
}

/** `children` is markup already. What leads elsewhere than to a page or to mail is text. */
function link(children: string, address: string): string {
  if (!LINK.test(address) || !URL.canParse(address)) return children;
  const { href } = new URL(address);
  return html`<a href="${href}" rel="nofollow noopener noreferrer">${Html.of(children)}</a>`.toString();
}
