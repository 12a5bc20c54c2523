"""How long `import slimshim` takes on top of `import tensorflow`, in fresh processes of one run.

    python benchmarks/import_time.py

The design's bound is 0.1 s. The first process is left out: it warms the file cache.
"""

import statistics
import subprocess
import sys

CODE = """
import time
start = time.perf_counter()
import tensorflow
middle = time.perf_counter()
import slimshim
end = time.perf_counter()
print(middle - start, end - middle)
"""
ROUNDS = 6


def main():
    rows = [measure() for _ in range(ROUNDS)][1:]
    tensorflow, ours = (statistics.median(column) for column in zip(*rows))
    print(f"tensorflow {tensorflow:.2f} s, slimshim on top {ours:.3f} s: ratio {ours / tensorflow:.4f}")


def measure():
    """Returns (seconds for TensorFlow, seconds for slimshim after it)."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    first, second = done.stdout.split()
    return float(first), float(second)


if __name__ == "__main__":
    main()
