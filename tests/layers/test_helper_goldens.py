"""Initializers, regularizers, optimize_loss and summaries against TF 1.15.

To remake the numbers: see golden/generators/layer_helpers.py.
"""

import importlib.util
import json
import pathlib
import types

import pytest

from slimshim import summaries as slim_summaries
from slimshim.layers import initializers, optimizers, regularizers, summaries

_GOLDEN = pathlib.Path(__file__).parent.parent / "golden"


def _load_generator():
    path = _GOLDEN / "generators" / "layer_helpers.py"
    spec = importlib.util.spec_from_file_location("layer_helpers_generator", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = _load_generator()
GOLDENS = json.loads((_GOLDEN / "layer_helpers.json").read_text())
LAYERS = types.SimpleNamespace(
    **{name: getattr(module, name) for module in (initializers, optimizers, regularizers, summaries) for name in module.__all__}
)


def test_goldens_and_cases_are_the_same_set():
    assert set(GOLDENS) == set(generator.CASES)


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_results_are_those_of_tf1(case):
    found = json.loads(json.dumps(generator.measure(LAYERS, slim_summaries, case)))
    _assert_same(found, GOLDENS[case], case)


def _assert_same(found, expected, where):
    """Compares nested plain data: numbers nearly, all else exactly."""
    if isinstance(expected, dict):
        assert set(found) == set(expected), where
        for key, value in expected.items():
            _assert_same(found[key], value, f"{where} / {key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), f"{where}: {found}"
        for index, value in enumerate(expected):
            _assert_same(found[index], value, f"{where} / {index}")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=2e-5, abs=2e-6), where
    else:
        assert found == expected, where
