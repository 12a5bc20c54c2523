"""Every loss, its gradients and its names against `tensorflow.contrib.losses` of TF 1.15.

To remake the numbers: see golden/generators/losses.py.
"""

import importlib.util
import json
import pathlib

import numpy as np
import pytest

from slimshim import losses
from slimshim.losses import metric_learning

_GOLDEN = pathlib.Path(__file__).parent.parent / "golden"


def _load_generator():
    path = _GOLDEN / "generators" / "losses.py"
    spec = importlib.util.spec_from_file_location("losses_generator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = _load_generator()
GOLDENS = json.loads((_GOLDEN / "losses.json").read_text())


def test_goldens_and_cases_are_the_same_set():
    assert set(GOLDENS) == set(generator.CASES)


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_values_gradients_and_names_are_those_of_tf1(case):
    expected, found = GOLDENS[case], generator.measure(losses, metric_learning, case)
    np.testing.assert_allclose(found["value"], expected["value"], rtol=2e-5, atol=2e-6)
    assert set(found["gradients"]) == set(expected["gradients"])
    for key, gradient in expected["gradients"].items():
        np.testing.assert_allclose(found["gradients"][key], gradient, rtol=2e-4, atol=5e-6, err_msg=key)
    for key in ("name", "losses", "summaries"):
        assert found[key] == expected[key], key
