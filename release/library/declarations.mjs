// The declarations of the package as one file: what the public API exports, and nothing else. A type that an exported
// declaration refers to must be exported by name as well, or a user could not write it down; one that is not, or that
// belongs to another package, is an error.
//
// tsc writes a file of declarations beside each module. Their imports lead through the index files of the rooms to every
// module there is, and on to packages whose own declarations want the types of Node.
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SyntaxKind } from 'typescript/unstable/ast';
import { API, SymbolFlags } from 'typescript/unstable/sync';

/** The text of the declarations that `index`, the path of an `index.d.ts` written by tsc, exports. */
export function publicDeclarations(index) {
  const folder = path.dirname(index);
  const config = path.join(folder, 'tsconfig.declarations.json');
  const compilerOptions = {
    module: 'NodeNext',
    target: 'ESNext',
    types: [],
    noEmit: true,
    skipLibCheck: true,
  };
  writeFileSync(config, JSON.stringify({ compilerOptions, files: [index] }));
  const api = new API({ cwd: folder });
  try {
    const project = api.updateSnapshot({ openProject: config }).getProject(config);
    return collect(project, index);
  } finally {
    api.close();
    rmSync(config);
  }
}

function collect(project, index) {
  const { checker, program } = project;
  const resolve = (symbol) => (symbol.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const source = program.getSourceFile(index);
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
  /** By the id of the symbol: the name that it has in the one file. */
  const names = new Map(exported.map((symbol) => [resolve(symbol).id, symbol.name]));
  const publicIds = new Set(names.keys());
  const queue = exported.map(resolve);
  const problems = [];
  const parts = [];

  /** The statements at the top level of a module that declare it; none for a member, a parameter, a global. */
  const statementsOf = (symbol) =>
    symbol.declarations
      .map((handle) => handle.resolve(project))
      .map((node) => (node.kind === SyntaxKind.VariableDeclaration ? node.parent.parent : node))
      .filter((node) => node.parent?.kind === SyntaxKind.SourceFile);
  const isOurs = (file) => !path.relative(path.dirname(index), file).startsWith('..');

  /** The name by which `symbol` is written; it is declared as well. */
  const nameOf = (symbol, user) => {
    const known = names.get(symbol.id);
    if (known !== undefined) return known;
    if (symbol.flags & SymbolFlags.Type) {
      problems.push(`${user} refers to the type ${symbol.name}, which lib/index.ts does not export`);
    }
    // A constant whose type is asked for (`typeof shape`): of the file's own, under a name that nothing else has.
    let name = symbol.name;
    while ([...names.values()].includes(name)) name += '_';
    names.set(symbol.id, name);
    queue.push(symbol);
    return name;
  };

  /** What to write in place of what: names as they are in the one file. */
  const editsIn = (statement, user) => {
    const { identifiers, importTypes } = namesIn(statement);
    const edits = importTypes.map((node) => ({
      from: node.getStart(),
      to: node.qualifier.getStart(),
      text: '',
    }));
    for (const [at, found] of checker.getSymbolAtLocation(identifiers).entries()) {
      if (found === undefined) continue;
      const target = resolve(found);
      const file = statementsOf(target)[0]?.getSourceFile().fileName;
      if (file === undefined) continue;
      if (isOurs(file)) {
        edits.push({ from: identifiers[at].getStart(), to: identifiers[at].end, text: nameOf(target, user) });
      } else if (found.id !== target.id) {
        problems.push(`${user} refers to ${target.name}, which belongs to another package`);
      }
    }
    return edits;
  };

  const done = new Set();
  for (let symbol = queue.shift(); symbol !== undefined; symbol = queue.shift()) {
    if (done.has(symbol.id)) continue;
    done.add(symbol.id);
    for (const statement of statementsOf(symbol)) {
      parts.push(textOf(statement, editsIn(statement, names.get(symbol.id)), publicIds.has(symbol.id)));
    }
  }
  if (problems.length > 0) throw new Error([...new Set(problems)].sort().join('\n'));
  return `${parts.join('\n')}\nexport {};\n`;
}

function namesIn(node, found = { identifiers: [], importTypes: [] }) {
  if (node.kind === SyntaxKind.Identifier) found.identifiers.push(node);
  if (node.kind === SyntaxKind.ImportType) found.importTypes.push(node);
  node.forEachChild((child) => void namesIn(child, found));
  return found;
}

/** The statement with the comment before it, edited, and exported or not. */
function textOf(statement, edits, isExported) {
  const { text } = statement.getSourceFile();
  const start = statement.getStart();
  let edited = text.slice(start, statement.end);
  for (const { from, to, text: replacement } of edits.sort((a, b) => b.from - a.from)) {
    edited = edited.slice(0, from - start) + replacement + edited.slice(to - start);
  }
  const comment = statement.jsDoc?.at(-1);
  const described = comment === undefined ? '' : `${text.slice(comment.pos, comment.end).trim()}\n`;
  return `${described}${isExported ? 'export ' : ''}${edited.replace(/^export /, '')}\n`;
}
