"""`python -m tests.fuzz [--inputs N] [--seed S] [--only NUMBER]`: exit status 1 for any fault."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

from tests.fuzz.run import Summary, input_of, run

_CHUNK = 250
_LONGEST_CHUNK_SECONDS = 300


def main() -> int:
    """Runs the inputs in two processes, in chunks: a chunk that does not end is a fault too."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="write this input to standard output")
    asked = parser.parse_args()
    if asked.only is not None:
        sys.stdout.buffer.write(input_of(asked.seed, asked.only))
        return 0
    begun, total = perf_counter(), Summary()
    with ProcessPoolExecutor(max_workers=2) as pool:
        starts = range(0, asked.inputs, _CHUNK)
        chunks = {
            start: pool.submit(run, asked.seed, range(start, min(start + _CHUNK, asked.inputs)))
            for start in starts
        }
        for start, chunk in chunks.items():
            try:
                total += chunk.result(timeout=_LONGEST_CHUNK_SECONDS)
            except Exception as error:  # noqa: BLE001  # the process died, or does not end
                print(f"inputs from {start}: {error!r}")
                pool.shutdown(wait=False, cancel_futures=True)
                return 1
    print(total.told(perf_counter() - begun))
    return 1 if total.faults else 0


if __name__ == "__main__":
    sys.exit(main())
