"""Programs of 2017 under `run`: the TF-Slim walkthrough's examples, typed in as they were."""

import os
import pathlib
import subprocess
import sys

import slimshim

HERE = pathlib.Path(__file__).parent


def _run(name, *words):
    # Where the package is found under its name, which is a longer one in the rows with a vendored copy.
    root = str(pathlib.Path(slimshim.__file__).parents[slimshim.__name__.count(".") + 1])
    done = subprocess.run(
        [sys.executable, "-m", "slimshim", "run", str(HERE / "programs" / name), *words],
        capture_output=True,
        text=True,
        timeout=600,
        env=dict(os.environ, PYTHONPATH=root),
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return eval(done.stdout.splitlines()[-1])


def test_the_walkthroughs_regression_trains_and_is_evaluated(tmp_path):
    found = _run("regression.py", str(tmp_path), "600")
    assert found["end_points"] == {"fc1": [200, 32], "fc2": [200, 16], "out": [200, 1]}
    assert found["loss"] < 0.6
    assert found["metrics"]["Mean Squared Error"] < 0.6
    assert list(tmp_path.glob("model.ckpt-600.index"))


def test_the_walkthroughs_flowers_train_from_records_and_from_a_checkpoint(tmp_path):
    found = _run("flowers.py", "--folder", str(tmp_path))
    assert found["accuracy"] > 0.9 and max(found["losses"]) < 0.7
    assert found["files"] and found["resnet_ends"] and found["resnet_variables"] == 267
