/** XML as the service managers of macOS and Windows read it. */
import { UsageError } from '../../errors.ts';

/** Text between tags. Throws UsageError if XML can't express it. */
function escaped(text: string): string {
  // XML 1.0 has no control characters but three, and no lone surrogates.
  if (/(?![\t\n\r])\p{Cc}|[\ufffe\uffff]/u.test(text) || !text.isWellFormed())
    throw new UsageError(
      `service: ${JSON.stringify(text)} can't be written into the definition of a service`,
    );
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

/** An element with text in it. */
export function element(name: string, text: string): string {
  return `<${name}>${escaped(text)}</${name}>`;
}
