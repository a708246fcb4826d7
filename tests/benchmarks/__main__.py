"""`make bench`: every benchmark, or those named, such as `python -m tests.benchmarks lookup section`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    names = sys.argv[1:] or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    for name in names:
        import_module(f"tests.benchmarks.bench_{name}").main()


if __name__ == "__main__":
    main()
