#!/bin/sh
# test_ops_table.sh - ops/ops.md is what the registry says today.
set -eu
# shellcheck source=tests/support/scratch.sh
. "$(dirname "$0")/../support/scratch.sh"
./tests/ops/ops_table >"$scratch/table" || fail "tests/ops/ops_table failed"
diff "${srcdir:-.}/ops/ops.md" "$scratch/table" ||
    fail "ops/ops.md is not what the registry says: run make ops.md"
