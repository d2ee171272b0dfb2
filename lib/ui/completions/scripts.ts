/**
 * What a shell reads to complete commands: it asks the updater, which knows its own table, and answers with a word in each line, with nothing,
 * or with `:files` or `:folders`. The bash of macOS has no compopt. PowerShell offers files where nothing is offered.
 */
import type { Verb } from '../parsing/verbs.ts';

export const SCRIPTS: Record<Verb<'completions'>, string> = {
  bash: `# mkdir -p ~/.local/share/bash-completion/completions && dgmo-updater completions bash > $_/dgmo-updater
_dgmo_updater() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" completions words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  local how current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMPREPLY[0]}" in
    :files) how=default ;;
    :folders) how=dirnames ;;
    *) return ;;
  esac
  COMPREPLY=()
  compopt -o $how 2>/dev/null || COMPREPLY=($(compgen -o $how -- "\${current#=}"))
}
complete -F _dgmo_updater dgmo-updater
`,
  zsh: `#compdef dgmo-updater
# mkdir -p ~/.zfunc && dgmo-updater completions zsh > ~/.zfunc/_dgmo-updater
# and in ~/.zshrc, before compinit: fpath+=~/.zfunc
_dgmo_updater() {
  local -a found
  found=("\${(@f)$("\${words[1]}" completions words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $found[1] in
    :files) compset -P '--*='; _files ;;
    :folders) compset -P '--*='; _files -/ ;;
    ?*) compadd -- $found ;;
  esac
}
if [[ $funcstack[1] = _dgmo-updater ]]; then _dgmo_updater "$@"; else compdef _dgmo_updater dgmo-updater; fi
`,
  fish: `# mkdir -p ~/.config/fish/completions; dgmo-updater completions fish > ~/.config/fish/completions/dgmo-updater.fish
function __dgmo_updater_words
    set -l typed (commandline -opc)
    $typed[1] completions words -- $typed[2..-1] (commandline -ct) 2>/dev/null
end
function __dgmo_updater_next
    set -l words (__dgmo_updater_words)
    switch "$words"
        case :files
        case :folders
            set -l option (commandline -ct | string match -r '^--[^=]*=')
            for folder in (__fish_complete_directories (commandline -ct | string replace -- "$option" '') '')
                echo "$option$folder"
            end
        case '*'
            string join -- \\n $words
    end
end
complete -c dgmo-updater -f -a '(__dgmo_updater_next)'
complete -c dgmo-updater -n 'string match -q :files -- (__dgmo_updater_words)' -F
`,
  powershell: `# New-Item -Force (Split-Path $PROFILE) -ItemType Directory; dgmo-updater completions powershell >> $PROFILE
Register-ArgumentCompleter -Native -CommandName dgmo-updater -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
    $program = $commandAst.CommandElements[0].Value
    $element = $commandAst.CommandElements |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition -and $_.Extent.EndOffset -ge $cursorPosition } |
        ForEach-Object { "$_".Substring(0, $cursorPosition - $_.Extent.StartOffset) }
    # Of a list PowerShell replaces only what is after the last comma.
    $list = if ("$element" -match '^.*,' -and "$wordToComplete" -notlike '*,*') { $Matches[0] } else { '' }
    # Before 7.3 PowerShell does not hand over an empty word.
    $current = if ("$list$wordToComplete") { "$list$wordToComplete" } else { '=' }
    & $program completions words '--' @typed $current 2>$null | Where-Object { $_ -notlike ':*' } |
        ForEach-Object { $_.Substring($list.Length) } |
        ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`,
};
