/**
 * Text as HTML and XML. What comes from outside (notes, reasons, names) gets into a page only through `html`, which escapes every
 * value that is not markup itself, and is safe in text and in double quotes.
 */

/** Markup. Made by `html`, or by `of` from text that is markup already. */
export class Html {
  readonly #text: string;
  private constructor(text: string) {
    this.#text = text;
  }
  static of(text: string): Html {
    return new Html(text);
  }
  toString(): string {
    return this.#text;
  }
}

export type Value = Html | string | number | readonly Value[];

/** The markup of a template, its values escaped. Lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Html {
  return Html.of(String.raw({ raw: parts }, ...values.map(markup)));
}

function markup(value: Value): string {
  if (value instanceof Html) return value.toString();
  if (typeof value === 'object') return value.map(markup).join('');
  return escaped(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What neither HTML nor XML 1.0 may contain, and what turns the direction of text, becomes U+FFFD. */
const UNWANTED = /[^\P{Cc}\t\n]|[\p{Bidi_Control}\ufffe\uffff]/gu;

export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replace(UNWANTED, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
