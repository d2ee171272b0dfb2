/** PowerShell's syntax by a grammar of tree-sitter, for machines without PowerShell. It does not run anything. */
import { Language, type Node, Parser } from 'web-tree-sitter';

const GRAMMAR = 'tree-sitter-powershell/tree-sitter-powershell.wasm';

/** Where the script is not PowerShell, as `line: text`; nothing if it is. */
export async function syntaxErrors(script: string): Promise<string[]> {
  await Parser.init();
  const parser = new Parser();
  try {
    parser.setLanguage(await Language.load(Bun.resolveSync(GRAMMAR, import.meta.dir)));
    const tree = parser.parse(script);
    if (tree === null) throw new Error('the parser has no language');
    return faults(tree.rootNode);
  } finally {
    parser.delete();
  }
}

function faults(node: Node): string[] {
  if (node.isError || node.isMissing) return [`${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`];
  return node.hasError ? node.children.flatMap((child) => faults(child)) : [];
}
