#!/bin/sh
# Installs @NAME@: downloads its updater, compares it with the SHA-256 below, and has it fetch @NAME@ itself. The updater believes
# only what the publisher's keys have signed, whose root was compiled into it; so what you trust here is this script, once.
#
#   curl -fsSL @ADDRESS@install.sh | sh
#   sh install.sh [--dir <folder>] [--no-links]
#
# It changes nothing outside of --dir (default: ~/.@APP@/bin) but for two links in ~/.local/bin and a man page in
# ~/.local/share/man, and never needs root.

# All is in a function that is called in the last line: of a script that was cut off on its way, nothing runs.
main() {
  set -eu
  umask 022
  address='@ADDRESS@'
  app='@APP@'
  [ -n "${HOME:-}" ] || fail 'HOME is not set'
  dir="$HOME/.$app/bin"
  links=yes
  while [ $# -gt 0 ]; do
    case "$1" in
      --dir) [ $# -ge 2 ] || usage; dir="$2"; shift 2 ;;
      --no-links) links=no; shift ;;
      *) usage ;;
    esac
  done
  case "$dir" in /*) ;; *) dir="$PWD/$dir" ;; esac
  if [ -e "$dir/$app" ] && [ -e "$dir/$app-updater" ]; then
    say "$app is installed in $dir already. \`$dir/$app-updater update\` looks for a newer one."
    exit 0
  fi
  target="$(target_here)"
  choose "$target"
  [ -n "$path" ] || fail "there is no updater for $target here"

  mkdir -p "$dir" || fail "$dir can't be made"
  remove_left_work
  work="$(mktemp -d "$dir/.install.$$.XXXXXX")" || fail "$dir can't be written to"
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  say "downloading the updater for $target ($size bytes)"
  fetch "$address$path" "$work/updater.gz" || fail "$address$path could not be downloaded"
  require "$work/updater.gz" "$packed"
  gzip -dc <"$work/updater.gz" >"$work/updater" || fail 'the updater could not be unpacked; is the disk full?'
  require "$work/updater" "$unpacked"
  chmod 755 "$work/updater"
  "$work/updater" --version >/dev/null || fail "the updater for $target does not start on this machine"
  mv -f "$work/updater" "$dir/$app-updater"

  say "installing $app in $dir"
  "$dir/$app-updater" repair --yes </dev/null || fail "$app could not be installed; run \`$dir/$app-updater repair\` once the reason above is gone"
  if [ "$links" = yes ]; then
    link_commands
    place_man_page
  fi
  say "done: \`$("$dir/$app" --version 2>/dev/null | head -n 1)\`. \`$app-updater status\` tells all about it."
}

# Of a run that was killed: its name tells the process.
remove_left_work() {
  for left in "$dir"/.install.*; do
    name="${left##*/.install.}"
    if [ -d "$left" ] && ! kill -0 "${name%%.*}" 2>/dev/null; then rm -rf "$left"; fi
  done
}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "install.sh: $*"
  exit 1
}

usage() {
  say 'usage: sh install.sh [--dir <folder>] [--no-links]'
  exit 2
}

target_here() {
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no updater for $(uname -s) here" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no updater for $(uname -m) here" ;;
  esac
  # A shell that Rosetta translates says that it is on Intel.
  if [ "$os" = darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then arch=arm64; fi
  libc=
  if [ "$os" = linux ]; then
    for loader in /lib/ld-musl-*.so.1; do
      if [ -e "$loader" ] && ! has_glibc; then libc=-musl; fi
    done
  fi
  printf '%s' "$os-$arch$libc"
}

has_glibc() {
  for loader in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do
    if [ -e "$loader" ]; then return 0; fi
  done
  return 1
}

# Sets path, size, packed and unpacked: where the updater for a target is, how large, and its two digests.
choose() {
  path= size= packed= unpacked=
  case "$1" in
@UPDATERS@
  esac
}

fetch() {
  case "$1" in https://*) only='=https' ;; *) only='=http' ;; esac
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --location --proto "$only" --retry 3 --output "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1"
  else
    fail 'wanted curl or wget, found neither'
  fi
}

# Nothing is used before it is what was published.
require() {
  found="$(digest "$1")"
  [ "$found" = "$2" ] || fail "the download is not what was published: wanted SHA-256 $2, found $found. Nothing was installed."
}

digest() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum <"$1" | cut -c 1-64
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 <"$1" | cut -c 1-64
  elif command -v openssl >/dev/null 2>&1; then
    openssl dgst -sha256 -r <"$1" | cut -c 1-64
  else
    fail 'wanted sha256sum, shasum or openssl to compare digests, found none. Nothing was installed.'
  fi
}

link_commands() {
  bin="$HOME/.local/bin"
  mkdir -p "$bin" || return 0
  for name in "$app" "$app-updater"; do
    if [ -e "$bin/$name" ] && [ ! -L "$bin/$name" ]; then
      say "$bin/$name is something else, and stays as it is"
    else
      ln -sf "$dir/$name" "$bin/$name"
    fi
  done
  case ":$PATH:" in
    *":$bin:"*) ;;
    *)
      say "$bin is not in PATH, so the shell does not find $app yet. This adds it, for every shell that you open from now on:"
      say "  $(path_advice)"
      ;;
  esac
}

# The line to type, for the shell that the user logs in with.
path_advice() {
  # What is in single quotes is for that shell to replace.
  # shellcheck disable=SC2016
  line='export PATH="$HOME/.local/bin:$PATH"'
  shell="${SHELL:-}"
  case "${shell##*/}" in
    fish) printf '%s' 'fish_add_path ~/.local/bin' ;;
    zsh) printf '%s' "echo '$line' >> ~/.zshrc" ;;
    bash) printf '%s' "echo '$line' >> ~/.$([ "$(uname -s)" = Darwin ] && printf bash_profile || printf bashrc)" ;;
    *) printf '%s' "echo '$line' >> ~/.profile" ;;
  esac
}

# An updater without one is no reason to fail.
place_man_page() {
  pages="$HOME/.local/share/man/man1"
  "$dir/$app-updater" man >"$work/man" 2>/dev/null && [ -s "$work/man" ] || return 0
  mkdir -p "$pages" && mv -f "$work/man" "$pages/dgmo-updater.1" || say "the man page could not be written to $pages"
}

main "$@"
