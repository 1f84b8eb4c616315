#!/bin/sh
# test_oracle.sh - tapegrad against PyTorch: values, gradients, second gradients and optimizers.
#
# Needs a python3 with torch and numpy (Debian: python3-torch); without one it is skipped.
# PYTHON names another interpreter.  Run by hand: sh tests/oracle/test_oracle.sh [SEED]
set -eu
top=${srcdir:-.}
programs=tests/oracle

for python in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    "$python" -c 'import numpy, torch' 2>/dev/null || continue
    "$python" -B "$top/tests/oracle/oracle.py" "$programs/oracle" "$@"
    "$python" -B "$top/tests/oracle/optim.py" "$programs/optim" "$@"
    exit 0
done
echo "oracle: skipped: python3-torch is not installed"
exit 77
