"""What all streaming metrics share: modes, collections, variables, replicas, docs."""

import inspect
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from slimshim import metrics

v1 = tf.compat.v1

_WITHOUT_STATE = (
    "accuracy",
    "aggregate_metrics",
    "aggregate_metric_map",
    "StreamingMetrics",
    "reset_streaming_metrics",
)
_STREAMING = [name for name in metrics.__all__ if callable(getattr(metrics, name)) and name not in _WITHOUT_STATE]


@pytest.mark.parametrize("name", _STREAMING)
def test_without_a_name_or_an_owner_tf2_mode_is_a_runtime_error_that_says_what_to_do(name):
    metric = getattr(metrics, name)
    required = [p for p in inspect.signature(metric).parameters.values() if p.default is p.empty]
    with pytest.raises(RuntimeError, match=rf"{name}.*tf\.Graph.*tf\.keras\.metrics"):
        metric(*(tf.zeros([1]) for _ in required))


def test_a_function_traced_in_tf2_mode_is_no_graph_either():
    @tf.function
    def step():
        return metrics.streaming_mean(tf.zeros([1]))

    with pytest.raises(RuntimeError, match="streaming_mean keeps its sums"):
        step()


def test_accuracy_of_one_batch_works_eagerly_and_traced():
    guesses, labels = tf.constant([1, 2, 3, 3]), tf.constant([1, 2, 0, 0])
    assert metrics.accuracy(guesses, labels) == 0.5
    assert tf.function(metrics.accuracy)(guesses, labels, weights=[3.0, 3.0, 1.0, 1.0]) == 0.75


@pytest.mark.parametrize("name", _STREAMING)
def test_docs_name_every_argument(name):
    metric = getattr(metrics, name)
    for argument in inspect.signature(metric).parameters:
        assert f"{argument}:" in metric.__doc__, argument


def test_a_metric_of_arrays_needs_no_tensors(graph):
    value, update = metrics.streaming_false_positives_at_thresholds(
        np.array([0.2, 0.8]), np.array([False, False]), np.array([0.1, 0.5], "float32"), weights=2.0
    )
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        session.run(update)
        assert session.run(value).tolist() == [4.0, 2.0]


def test_two_metrics_of_one_kind_have_sums_of_their_own(graph):
    for _ in range(2):
        metrics.cohen_kappa(tf.zeros([1]), tf.zeros([1]), num_classes=2)
    names = {variable.name for variable in v1.local_variables()}
    parts = ("po", "pe_row", "pe_col")
    assert names == {f"{scope}/{part}:0" for scope in ("cohen_kappa", "cohen_kappa_1") for part in parts}


def test_sums_are_not_trained_nor_saved(graph):
    metrics.f1_score(tf.ones([2]), tf.ones([2]))
    assert v1.trainable_variables() == [] and v1.global_variables() == []
    assert len(v1.get_collection(v1.GraphKeys.METRIC_VARIABLES)) == 3


def test_an_update_moves_every_sum_and_a_value_moves_none(graph):
    value, update = metrics.recall_at_precision(tf.constant([True, False]), tf.constant([0.7, 0.2]), 0.5)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        session.run(update)
        sums = session.run(v1.local_variables())
        assert all(total.any() for total in sums)
        session.run(value)
        for before, after in zip(sums, session.run(v1.local_variables())):
            np.testing.assert_array_equal(before, after)


def test_the_value_of_an_exact_auc_needs_no_further_batch(graph):
    labels, scores = v1.placeholder(tf.int64, [None]), v1.placeholder(tf.float32, [None])
    (interval, update), (area, add) = (
        metric(labels, scores) for metric in (metrics.auc_with_confidence_intervals, metrics.streaming_dynamic_auc)
    )
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        session.run([update, add], {labels: [0, 1, 1], scores: [0.3, 0.2, 0.9]})
        assert session.run(area) == session.run(interval).auc == 0.5


def test_batches_of_one_label_each_make_one_stream_with_both(graph):
    labels, scores = v1.placeholder(tf.int64, [None]), v1.placeholder(tf.float32, [None])
    interval, update = metrics.auc_with_confidence_intervals(labels, scores)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        session.run(update, {labels: [0, 0], scores: [0.1, 0.2]})
        assert session.run(interval.auc) == 0
        session.run(update, {labels: [1, 1], scores: [0.8, 0.9]})
        assert session.run(interval).lower == 1


def test_ranks_known_in_the_session_alone_are_matched_there(graph):
    guesses, labels, weights = (v1.placeholder(dtype) for dtype in (tf.float32, tf.float32, tf.float32))
    _, update = metrics.streaming_covariance(guesses, labels, weights)
    with v1.Session() as session:
        session.run(v1.local_variables_initializer())
        column, row = np.array([[1.0], [2], [4]]), np.array([2.0, 3, 9])
        expected = np.cov([1, 2, 4], [2, 3, 9], fweights=[1, 2, 1])[0, 1]
        for fed in (
            {guesses: column, labels: row, weights: [[1], [2], [1]]},
            {guesses: column, labels: row[:, None], weights: [1, 2, 1]},
            {guesses: row, labels: column, weights: [1, 2, 1]},
        ):
            session.run(v1.local_variables_initializer())
            np.testing.assert_allclose(session.run(update, fed), expected, rtol=1e-5)


def test_aggregates_keep_order_and_names(graph):
    pairs = {"a": (1, 2), "b": (3, 4)}
    assert metrics.aggregate_metrics(*pairs.values()) == ([1, 3], [2, 4])
    assert metrics.aggregate_metric_map(pairs) == ({"a": 1, "b": 3}, {"a": 2, "b": 4})


def test_an_array_grows_in_steps_of_half_its_size(graph):
    from slimshim.metrics.concat import next_array_size

    sizes = [1, 2, 3, 10, 1000, 2**24 + 1]
    with v1.Session() as session:
        grown = [session.run(next_array_size(size)) for size in sizes]
    assert all(size <= next_size <= 1.5 * size + 1 for size, next_size in zip(sizes, grown))


_IN_A_NEW_PROCESS = """
import json, sys
import tensorflow as tf
from slimshim import metrics
v1 = tf.compat.v1
if sys.argv[1] == "off":
    v1.disable_v2_behavior()
with tf.Graph().as_default(), v1.Session() as session:
    labels, scores = tf.constant([0, 1, 1, 0]), tf.constant([0.1, 0.9, 0.3, 0.4])
    pairs = [metrics.streaming_dynamic_auc(labels, scores), metrics.streaming_covariance(scores, tf.cast(labels, tf.float32)),
             metrics.auc_using_histogram(labels > 0, scores, [0.0, 1.0]), metrics.streaming_mean(scores)]
    session.run(v1.local_variables_initializer())
    for _ in range(3):
        session.run([update for _, update in pairs])
    print(json.dumps([float(value) for value in session.run([value for value, _ in pairs])]))
"""


@pytest.mark.parametrize("v2_behavior", ["on", "off"])
def test_v2_behavior_on_or_off_gives_the_same(v2_behavior):
    root = os.path.dirname(os.path.dirname(os.path.abspath(metrics.__path__[0])))
    environment = dict(os.environ, PYTHONPATH=root)
    command = [sys.executable, "-c", _IN_A_NEW_PROCESS, v2_behavior]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    scores, labels = np.tile([0.1, 0.9, 0.3, 0.4], 3), np.tile([0, 1, 1, 0], 3)
    expected = [0.75, np.cov(scores, labels)[0, 1], 0.75, scores.mean()]
    np.testing.assert_allclose(json.loads(output.splitlines()[-1]), expected, rtol=1e-5)


def test_a_value_sums_over_the_replicas_of_a_strategy(graph):
    strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])

    def replica_step():
        replica = tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.float32)
        scores = tf.stack([replica + 1.0, replica + 2.0])
        negatives = tf.zeros_like(scores)
        return (
            metrics.count(scores, metrics_collections=["values"]),
            metrics.streaming_false_positive_rate_at_thresholds(scores, negatives, [1.5]),
        )

    with strategy.scope():
        pairs = strategy.extended.call_for_each_replica(replica_step)
    assert len(v1.get_collection("values")) == 1
    with v1.Session(config=v1.ConfigProto(device_count={"CPU": 2})) as session:
        session.run(v1.local_variables_initializer())
        session.run([strategy.experimental_local_results(update) for _, update in pairs])
        seen, rate = session.run([value for value, _ in pairs])
    assert seen == 4.0
    np.testing.assert_allclose(rate, [0.75])
