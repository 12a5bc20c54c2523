"""Single functions against TF 1.15: the cases of the generators with the registry `golden_cases.Cases`."""

import importlib

import covered
import goldens
import parity
import pytest

import slimshim

pytestmark = pytest.mark.golden


def _module(path):
    return importlib.import_module(f"{slimshim.__name__}.{path}")


@pytest.mark.parametrize("suite", covered.REGISTRIES)
def test_goldens_and_cases_are_the_same_set(suite):
    assert set(goldens.content(suite)) == set(goldens.generator(suite).CASES)


@pytest.mark.parametrize(
    "suite, case", [(suite, case) for suite in covered.REGISTRIES for case in goldens.generator(suite).CASES]
)
def test_results_are_those_of_tf1(suite, case):
    cases, expected = goldens.generator(suite).CASES, goldens.content(suite)[case]
    found = goldens.as_json(cases.measure(_module, case))
    for function in covered.functions_of(suite, case):
        parity.same(function, case, found, expected, rtol=cases[case].tolerance, atol=cases[case].tolerance)
