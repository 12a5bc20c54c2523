"""Initializers, regularizers, optimize_loss and summaries against TF 1.15.

To remake the numbers: see golden/generators/layer_helpers.py.
"""

import types

import goldens
import parity
import pytest
from covered import functions_of

from slimshim import summaries as slim_summaries
from slimshim.layers import initializers, optimizers, regularizers, summaries

pytestmark = pytest.mark.golden

generator = goldens.generator("layer_helpers")
GOLDENS = goldens.content("layer_helpers")
LAYERS = types.SimpleNamespace(
    **{
        name: getattr(module, name)
        for module in (initializers, optimizers, regularizers, summaries)
        for name in module.__all__
    }
)


def test_goldens_and_cases_are_the_same_set():
    assert set(GOLDENS) == set(generator.CASES)


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_results_are_those_of_tf1(case):
    found = goldens.as_json(generator.measure(LAYERS, slim_summaries, case))
    parity.same(functions_of("layer_helpers", case)[0], case, found, GOLDENS[case], rtol=1e-5, atol=1e-5)
