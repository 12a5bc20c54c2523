"""Every metric against `tensorflow.contrib.metrics` of TF 1.15, over three batches.

To remake the numbers: see golden/generators/streaming_metrics.py.
"""

import json
import re

import goldens
import numpy as np
import parity
import pytest
from covered import functions_of

import slimshim

pytestmark = pytest.mark.golden

generator = goldens.generator("streaming_metrics")
GOLDENS = goldens.content("streaming_metrics")

# Names that TensorFlow chose by itself, after the operation; they are no promise.
_AUTOMATIC = re.compile(r"AssignAdd|Merge|Select|stack|Identity|(^|/)Assign:|^(true|false)_(positives|negatives):")

DIFFERENT_NUMBERS = {
    "recall_at_precision/1.0_strict": (
        "TF 1.15's graph optimizer folds `precisions - 1.0 + 1e-7` into one rounded constant, and so takes a "
        "threshold just below the target, then finds it too low, and gives 0. A precision of 1 is reached."
    ),
}
UPDATE_WITHOUT_VALUE = "auc_with_confidence_intervals"  # TF 1.15's is True at all times, from a `cond` of no effect.


def _measured(case):
    return json.loads(json.dumps(generator.measure(slimshim.metrics, case), default=generator._default))


@pytest.fixture(scope="module")
def measured():
    cache = {}

    def get(case):
        if case not in cache:
            cache[case] = _measured(case)
        return cache[case]

    return get


def test_goldens_and_cases_are_the_same_set():
    assert set(GOLDENS) == set(generator.CASES)


def test_every_streaming_metric_has_a_golden():
    metrics = {case.split("/")[0] for case in GOLDENS}
    modules = {"classification", "histogram_ops", "metric_ops", "streaming_metrics"}
    own = {"StreamingMetrics", "reset_streaming_metrics"}
    without_state = {"accuracy", "aggregate_metrics", "aggregate_metric_map", *own}
    assert metrics == set(slimshim.metrics.__all__) - modules - without_state


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_variables_and_collections_are_those_of_tf1(case, measured):
    golden, ours = GOLDENS[case], measured(case)
    for part in ("variables", "metric_variables", "in_collections"):
        assert ours[part] == golden[part], part
    if not case.startswith(UPDATE_WITHOUT_VALUE):
        assert ours["dtypes"] == golden["dtypes"]


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_given_names_are_those_of_tf1(case, measured):
    for part, name in GOLDENS[case]["names"].items():
        if name is not None and not _AUTOMATIC.search(name):
            assert measured(case)["names"][part] == name


@pytest.mark.parametrize("case", sorted(set(GOLDENS) - set(DIFFERENT_NUMBERS)))
def test_values_after_each_batch_are_those_of_tf1(case, measured):
    parts = ["value"] if case.startswith(UPDATE_WITHOUT_VALUE) else ["value", "update"]
    found, expected = (
        [{part: step[part] for part in parts} for step in steps["steps"]] for steps in (measured(case), GOLDENS[case])
    )
    parity.same(functions_of("streaming_metrics", case)[0], case, found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", sorted(GOLDENS))
def test_an_empty_stream_and_a_batch_of_no_rows_give_what_tf1_gives(case, measured):
    found, expected = dict(measured(case)["empty"]), dict(GOLDENS[case]["empty"])
    if case.startswith(UPDATE_WITHOUT_VALUE):
        del found["update"], expected["update"]
    parity.same(functions_of("streaming_metrics", case)[0], case + ", empty stream", found, expected, atol=1e-6)


def test_strict_recall_at_a_precision_of_one_is_the_best_recall_without_a_false_positive(measured):
    case = "recall_at_precision/1.0_strict"
    parity.known_difference("metrics.metric_ops.recall_at_precision", case, DIFFERENT_NUMBERS[case])
    steps = measured(case)["steps"]
    for batch, step in enumerate(steps, start=1):
        scores = np.concatenate(generator.SCORES[:batch])
        labels = np.concatenate(generator.LABELS[:batch])
        best_negative = scores[~labels].max()
        np.testing.assert_allclose(step["value"], (scores[labels] > best_negative).mean(), rtol=1e-5)
