#!/bin/sh
# test_ops_table.sh - ops/ops.md is what the registry says today.
set -eu
if ! ./tests/ops/ops_table >ops_table.tmp; then
    echo "tests/ops/ops_table failed"
    exit 1
fi
if ! diff "${srcdir:-.}/ops/ops.md" ops_table.tmp; then
    echo "ops/ops.md is not what the registry says: run make ops.md"
    rm -f ops_table.tmp
    exit 1
fi
rm -f ops_table.tmp
