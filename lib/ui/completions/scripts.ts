/** What a shell reads to complete commands: it asks the updater, which knows its own table. */
import type { Verb } from '../parsing/verbs.ts';

export const SCRIPTS: Record<Verb<'completions'>, string> = {
  bash: `# mkdir -p ~/.local/share/bash-completion/completions && dgmo-updater completions bash > $_/dgmo-updater
_dgmo_updater() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" completions words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _dgmo_updater dgmo-updater
`,
  zsh: `#compdef dgmo-updater
# mkdir -p ~/.zfunc && dgmo-updater completions zsh > ~/.zfunc/_dgmo-updater
# and in ~/.zshrc, before compinit: fpath+=~/.zfunc
_dgmo_updater() {
  local -a found
  found=("\${(@f)$("\${words[1]}" completions words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n $found[1] ]]; then compadd -- $found; else _files; fi
}
if [[ $funcstack[1] = _dgmo-updater ]]; then _dgmo_updater "$@"; else compdef _dgmo_updater dgmo-updater; fi
`,
  fish: `# mkdir -p ~/.config/fish/completions; dgmo-updater completions fish > ~/.config/fish/completions/dgmo-updater.fish
function __dgmo_updater_words
    set -l typed (commandline -opc)
    $typed[1] completions words -- $typed[2..-1] (commandline -ct) 2>/dev/null
end
complete -c dgmo-updater -f -a '(__dgmo_updater_words)'
complete -c dgmo-updater -n 'not count (__dgmo_updater_words) >/dev/null' -F
`,
  powershell: `# New-Item -Force (Split-Path $PROFILE) -ItemType Directory; dgmo-updater completions powershell >> $PROFILE
Register-ArgumentCompleter -Native -CommandName dgmo-updater -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
    $program = $commandAst.CommandElements[0].Value
    # Before 7.3 PowerShell does not hand over an empty word.
    $current = if ($wordToComplete) { "$wordToComplete" } else { '=' }
    & $program completions words '--' @typed $current 2>$null |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`,
};
