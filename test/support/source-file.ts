/**
 * A TypeScript source as the rules of the house see it (rules.test.ts): its code without comments and without what
 * stands in strings, and what it imports.
 */

export interface SourceFile {
  /** From the top of the repository, e.g. `lib/trust/root.ts`. */
  path: string;
  /** The text with comments and the contents of strings and regular expressions blanked out: same length, same lines. */
  code: string;
  /** Every module that it names: imports, re-exports, `import()` and `require()`, of types as well. */
  imports: Import[];
}

export interface Import {
  /** As it is written. */
  specifier: string;
  /** The file of the repository that it leads to; null for a package. */
  path: string | null;
}

const IMPORT =
  /\b(?:import|export)\b[^;'"`]*?\bfrom\s*'(?<from> *)'|\bimport\s*'(?<bare> *)'|\b(?:import|require)\s*\(\s*'(?<dynamic> *)'/dg;

export function sourceFile(path: string, text: string): SourceFile {
  const code = codeOf(text);
  const imports = [...code.matchAll(IMPORT)].map((match): Import => {
    const groups = match.indices?.groups ?? {};
    const [start = 0, end = 0] = groups.from ?? groups.bare ?? groups.dynamic ?? [];
    const specifier = text.slice(start, end);
    const relative = specifier.startsWith('.');
    return {
      specifier,
      path: relative ? new URL(specifier, `file:///${path}`).pathname.slice(1) : null,
    };
  });
  return { path, code, imports };
}

/** After one of these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%~^<>]|\b(?:return|typeof|case|in|of|yield|await|do|else))\s*$/;

function codeOf(text: string): string {
  const code = text.split('');
  const blank = (start: number, end: number) => {
    for (let at = start; at < end; at++) if (code[at] !== '\n') code[at] = ' ';
  };
  /** For each `${` that is open, how many braces are open in it. */
  const templates: number[] = [];
  let at = 0;
  /** Blanks what stands from `at` to the end of the string part; in a template that may be its next `${`. */
  const string = (quote: string) => {
    const start = at;
    while (at < text.length && text[at] !== quote) {
      if (quote === '`' && text.startsWith('${', at)) {
        blank(start, at);
        templates.push(0);
        at += 2;
        return;
      }
      at += text[at] === '\\' ? 2 : 1;
    }
    blank(start, at);
    at += 1;
  };
  const regex = () => {
    const start = at;
    for (let inClass = false; at < text.length && (inClass || text[at] !== '/'); at++) {
      if (text[at] === '\\') at += 1;
      else if (text[at] === '[') inClass = true;
      else if (text[at] === ']') inClass = false;
    }
    blank(start, at);
    at += 1;
  };
  const comment = (end: string) => {
    const found = text.indexOf(end, at + 2);
    const stop = found < 0 ? text.length : found + (end === '\n' ? 0 : end.length);
    blank(at, stop);
    at = stop;
  };
  while (at < text.length) {
    const character = text[at] ?? '';
    if (text.startsWith('//', at)) comment('\n');
    else if (text.startsWith('/*', at)) comment('*/');
    else if (character === '/' && BEFORE_REGEX.test(code.slice(Math.max(0, at - 20), at).join(''))) {
      at += 1;
      regex();
    } else if (character === "'" || character === '"' || character === '`') {
      at += 1;
      string(character);
    } else {
      at += 1;
      const depth = templates.at(-1);
      if (depth === undefined) continue;
      if (character === '{') templates[templates.length - 1] = depth + 1;
      else if (character === '}' && depth > 0) templates[templates.length - 1] = depth - 1;
      else if (character === '}') {
        templates.pop();
        string('`');
      }
    }
  }
  return code.join('');
}
