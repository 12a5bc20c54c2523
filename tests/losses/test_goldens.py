"""Every loss, its gradients and its names against `tensorflow.contrib.losses` of TF 1.15.

To remake the numbers: see golden/generators/losses.py.
"""

import goldens
import parity
import pytest
from covered import functions_of

from slimshim import losses
from slimshim.losses import metric_learning

pytestmark = pytest.mark.golden

generator = goldens.generator("losses")
GOLDENS = goldens.content("losses")


def test_goldens_and_cases_are_the_same_set():
    assert set(GOLDENS) == set(generator.CASES)


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_values_gradients_and_names_are_those_of_tf1(case):
    expected, found = GOLDENS[case], generator.measure(losses, metric_learning, case)
    subject = functions_of("losses", case)[0]
    for key in ("name", "losses", "summaries"):
        assert found[key] == expected[key], key
    parity.same(subject, case, found["value"], expected["value"], rtol=1e-5, atol=1e-5)
    gradients = case + ", gradients"
    parity.same(subject, gradients, found["gradients"], expected["gradients"], rtol=1e-5, atol=1e-5)
