/** Release notes in a terminal whose background is not known: xterm on white has a yellow that nobody can read, on black a blue. */
import { expect, test } from 'bun:test';
import { notesText } from '../../lib/ui/text/notes.ts';

const NOTES = `# 1.1.0

## Added

### Breaking changes

- A [link](https://example.org/), \`code\`, **strong**
1. ![picture](https://example.org/a.png)

\`\`\`js
const x = 1 + 'text'; // comment
\`\`\`

- [x] done
`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CODE = /(\u001b\[[\d;]*m)/;

/** Each character with the state of the terminal: foreground, background, bold, underline. */
function shown(text: string) {
  let state: { color: boolean; background: boolean; bold: boolean; underlined: boolean } = plain();
  return text.split(CODE).flatMap((part, index) => {
    if (index % 2 === 0) return [...part].map((character) => ({ character, ...state }));
    state = after(state, part.slice(2, -1));
    return [];
  });
}
const plain = () => ({ color: false, background: false, bold: false, underlined: false });

function after(state: ReturnType<typeof plain>, code: string): ReturnType<typeof plain> {
  if (code === '0') return plain();
  if (code === '1' || code === '22') return { ...state, bold: code === '1' };
  if (code === '4' || code === '24') return { ...state, underlined: code === '4' };
  if (code === '49' || /^48;5;/.test(code)) return { ...state, background: code !== '49' };
  if (code === '39' || /^(3[0-7]|9[0-7]|38;5;\d+)$/.test(code)) return { ...state, color: code !== '39' };
  return state;
}

test('letters have the color of the terminal, unless they have a background of their own', () => {
  const characters = shown(notesText(NOTES, { columns: 80, colors: true, unicode: true }));
  const those = (wanted: (one: (typeof characters)[number]) => boolean) =>
    characters.flatMap((one) => (wanted(one) ? [one.character] : [])).join('');
  expect(those(({ color, background }) => color !== background)).toBe('');
  expect(those(({ background }) => background)).toBe('code');
  expect(those(({ bold }) => bold)).toBe('1.1.0AddedBreaking changesstrong');
  expect(those(({ underlined }) => underlined)).toBe('link');
});
