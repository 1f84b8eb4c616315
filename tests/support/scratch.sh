#!/bin/sh
# scratch.sh - read by test scripts: a folder $scratch that is removed however the script ends, and
# fail, which says what is wrong and ends it.
script=$(basename "$0" .sh)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tapegrad-$script.XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
fail() { echo "$script: $*"; exit 1; }
