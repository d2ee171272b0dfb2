/** What the shell and `man` read: `completions <shell>`, `completions words -- <words>`, which that asks, and `man`. */
import { Installation, type KnownWords, settings } from '../../api/index.ts';
import { UpdaterError } from '../../errors.ts';
import type { CommandContext } from '../context.ts';
import { parseVerb } from '../parsing/verbs.ts';
import { complete, placesIn } from './complete.ts';
import { SCRIPTS } from './scripts.ts';

export async function runCompletions({ line, report, install }: CommandContext): Promise<void> {
  const [what = '', ...more] = line.operands;
  if (what === 'words' && more.length === 0) {
    const known = await knownWords({ ...install, ...placesIn(line.rest) });
    const { words, paths } = complete(line.rest, known);
    // No word begins with a colon.
    report.result('completions', paths === null ? words.join('\n') : `:${paths}`, { words, paths });
    return;
  }
  const { verb: shell } = parseVerb('completions', line.operands);
  report.result('completions', SCRIPTS[shell].trimEnd(), { shell, script: SCRIPTS[shell] });
}

export async function runMan({ report }: CommandContext): Promise<void> {
  const { manPage } = await import('../text/man.ts');
  const page = manPage(settings.version);
  report.result('man', page.trimEnd(), { page });
}

/** Whoever presses Tab wants no message: what can't be read is not offered. */
async function knownWords(install: CommandContext['install']): Promise<KnownWords> {
  try {
    return await new Installation(install).knownWords();
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    return { snapshots: [], versions: [], evolutions: [] };
  }
}
