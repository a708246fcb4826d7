#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh environment far from the source, and runs the demo and a look-up there.
# Use: tests/smoke.sh PYTHON, a Python that has the package "build".
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
case $1 in /*) python=$1 ;; *) python=$source/$1 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$source"
"$python" -m build --wheel --outdir "$work/dist" . >/dev/null
cd "$work"
"$python" -m venv fresh
fresh/bin/python -m pip --quiet --disable-pip-version-check install --constraint "$source/constraints.txt" dist/*.whl

export HOME=$work PAPERBOY_STORE__PATH=$work/paperboy.db
unset PYTHONPATH XDG_CONFIG_HOME XDG_DATA_HOME
fresh/bin/paperboy --version
fresh/bin/paperboy demo >demo.txt
grep -q "Action100M" demo.txt
cat >day.md <<'REPORT'
# Daily Papers Report
**Date**: 2026-01-16
**Source URL**: https://huggingface.co/papers/date/2026-01-16

============================================================

## A Paper for the Smoke Test

- **Link**: https://huggingface.co/papers/2601.00001
- **Read from**: HTML

1. **Application domain**
   Testing.

2. **Core contribution**
   It shows that the wheel works.

3. **Usage guide**
   *   **Input**: a wheel.

4. **Main innovations**
   *   **None**: it only installs.

5. **Experimental results**
   *   It reaches 100% on one paper.
REPORT
fresh/bin/paperboy import day.md
fresh/bin/paperboy paper 2601.00001 results | grep -q "100%"
echo "The wheel works by itself."
