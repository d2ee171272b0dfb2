/**
 * A strict parser for the part of XML 1.0 that definitions of services use: a declaration, elements, attributes, text, the
 * predefined entities. Anything else, and whatever is not well-formed, throws.
 */

export interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  /** The text directly in it; empty if it has children. */
  text: string;
}

const NAME = /[A-Za-z_][\w.-]*/y;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function parseXml(source: string): Element {
  let at = 0;
  const fail = (wanted: string): never => {
    throw new SyntaxError(
      `XML: wanted ${wanted} at ${at}, found ${JSON.stringify(source.slice(at, at + 20))}`,
    );
  };
  const skip = (pattern: RegExp) => {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = at;
    const found = sticky.exec(source)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  const expectText = (text: string) => {
    if (!source.startsWith(text, at)) fail(JSON.stringify(text));
    at += text.length;
  };
  const name = () => {
    NAME.lastIndex = at;
    const found = NAME.exec(source)?.[0] ?? fail('a name');
    at += found.length;
    return found;
  };
  const decoded = (text: string) =>
    text.replace(/&(?:(\w+)|#(\d+));|&|</g, (whole, entity?: string, code?: string) => {
      if (code !== undefined) return String.fromCodePoint(Number(code));
      return (entity === undefined ? undefined : ENTITIES[entity]) ?? fail(`an entity instead of ${whole}`);
    });
  const element = (): Element => {
    expectText('<');
    const found: Element = { name: name(), attributes: {}, children: [], text: '' };
    while (skip(/\s+/) !== undefined && /[A-Za-z_]/.test(source[at] ?? '')) {
      const key = name();
      const quoted = skip(/="[^"<]*"/) ?? fail('a quoted value');
      found.attributes[key] = decoded(quoted.slice(2, -1));
    }
    if (skip(/\/>/) !== undefined) return found;
    expectText('>');
    let text = '';
    for (;;) {
      text += decoded(skip(/[^<]+/) ?? '');
      if (source.startsWith('</', at)) break;
      found.children.push(element());
    }
    expectText(`</${found.name}>`);
    if (found.children.length === 0) found.text = text;
    else if (text.trim() !== '') fail('no text between elements');
    return found;
  };
  expectText('<?xml version="1.0" encoding="');
  skip(/UTF-(8|16)"\?>\s*/) ?? fail('an encoding');
  skip(/<!DOCTYPE [^>[]*>\s*/);
  const root = element();
  skip(/\s+/);
  if (at < source.length) fail('the end');
  return root;
}
