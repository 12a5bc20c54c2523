"""With v2 behaviour off: the tests of evaluation and training once more, in a process of their own.

They hold checkpoints (TF 1.15's among them), events, hooks, scaffolds and waiting. `learning` has its own such
tests: the trajectories in test_learning.py, and resuming in test_stopping.py.
"""

import pathlib
import re
import subprocess
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
AGAIN = ["test_evaluation.py", "training", "golden/test_functions.py"]


def test_evaluation_and_training_pass_with_v2_behaviour_off():
    files = [str(TESTS / name) for name in AGAIN]
    command = [sys.executable, "-m", "pytest", "-q", "--without-v2", "-k", "evaluation or training", *files]
    done = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-5000:]
    assert int(re.search(r"(\d+) passed", done.stdout).group(1)) > 50
