# dgmo-updater completions bash > ~/.local/share/bash-completion/completions/dgmo-updater
_dgmo_updater() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" completions words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _dgmo_updater dgmo-updater
