"""The Object Detection API, unmodified, against what TF 1.15 made of it."""

import json
import pathlib
import subprocess

import numpy as np
import parity
import pytest

pytestmark = pytest.mark.slow

HERE = pathlib.Path(__file__).parent
GOLDEN = HERE.parent / "golden"


def _result_of(script, demo_python, through_run):
    """Runs a script of this folder in the demo's environment; returns the JSON that it prints."""
    launcher = ["-m", "slimshim", "run"] if through_run else []
    done = subprocess.run(
        [demo_python, *launcher, HERE / script], capture_output=True, text=True, timeout=1200, cwd=HERE
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    return json.loads(line[len("RESULT") :])


def test_ssd_inception_v2_has_the_variables_of_tf_115(demo_python):
    golden = json.loads((GOLDEN / "ssd_inception_v2.json").read_text())
    result = _result_of("variables_of_ssd.py", demo_python, through_run=True)
    assert len(result["variables"]) == 410
    assert result["variables"] == golden["variables"]
    assert sorted(result["regularization_losses"]) == sorted(golden["regularization_losses"])
    assert result["update_ops"] == golden["update_ops"]
    assert result["losses"] == golden["losses"]


@pytest.mark.golden
def test_research_slims_inception_v2_gives_tf_115s_numbers(demo_python):
    golden = json.loads((GOLDEN / "inception_v2_forward.json").read_text())
    result = _result_of("inception_v2_forward.py", demo_python, through_run=True)
    for mode in ("train", "inference"):
        for kind in ("end_points", "moving"):
            found, expected = (
                {n: _in_parts_of_spread(d, golden[mode][kind][n]) for n, d in side[mode][kind].items()}
                for side in (result, golden)
            )
            parity.same("nets.inception_v2 (research/slim)", f"{kind}, {mode}", found, expected, rtol=1e-4, atol=1e-4)


def _in_parts_of_spread(digest, golden):
    """Returns a digest relative to the tensor's own spread: elements near zero are differences of large ones."""
    scale = max(golden["std"], 1e-3)
    return {key: value if key == "shape" else (np.array(value) / scale).tolist() for key, value in digest.items()}


def test_ssd_inception_v2_trains_in_tf2_mode(demo_python):
    golden = json.loads((GOLDEN / "ssd_inception_v2.json").read_text())
    result = _result_of("ssd_in_tf2_mode.py", demo_python, through_run=False)
    assert result["variables"] == {v["name"]: v["shape"] for v in golden["variables"]}
    assert result["regularization_losses"] == 90
    assert np.all(np.isfinite(result["totals"]))
    assert result["totals"][-1] < result["totals"][0], result["totals"]
    assert result["moved"] == result["moving_means"] > 0
