"""Streaming metrics in TF2 mode: the numbers of TF 1.15, eagerly and traced, and whose sums they are."""

import gc
import json

import goldens
import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import metrics

v1 = tf.compat.v1

generator = goldens.generator("streaming_metrics")
GOLDENS = goldens.content("streaming_metrics")
# tests/metrics/test_goldens.py says why.
DIFFERENT = {"recall_at_precision/1.0_strict"}
UPDATE_WITHOUT_VALUE = ("auc_with_confidence_intervals",)


def tensors(batches, number):
    value = batches[number]
    if isinstance(value, v1.SparseTensorValue):
        return tf.SparseTensor(*value)
    return tf.constant(value)


def steps_of(case, traced):
    """Returns the values after each batch, of the metric made by one function that runs for each."""
    name, data, options = generator.CASES[case]
    updates = []

    def measure(**inputs):
        value, update = getattr(metrics, name)(**inputs, **options)
        return {"value": value, "update": 0 if update is None else update}

    stream = metrics.StreamingMetrics(measure)
    call = tf.function(stream) if traced else stream
    for number in range(generator.BATCHES):
        found = call(**{argument: tensors(batches, number) for argument, batches in data.items()})
        updates.append({part: as_json(found[part]) for part in found})
    return updates


def as_json(value):
    return json.loads(json.dumps(generator._plain(value), default=generator._default))


def assert_as_in_tf1(found, case):
    for step, expected in zip(found, GOLDENS[case]["steps"], strict=True):
        parts = ["value", "update"]
        if expected["update"] is None or case.startswith(UPDATE_WITHOUT_VALUE):
            parts = ["value"]
        for part in parts:
            found_part, expected_part = tf.nest.flatten(step[part]), tf.nest.flatten(expected[part])
            if isinstance(expected_part[0], str):
                assert found_part == expected_part
            else:
                np.testing.assert_allclose(found_part, expected_part, rtol=1e-5, atol=1e-6, err_msg=part)


@pytest.mark.parametrize("case", sorted(set(GOLDENS) - DIFFERENT))
def test_values_and_updates_after_each_batch_are_those_of_tf1(case):
    assert_as_in_tf1(steps_of(case, traced=False), case)


@pytest.mark.parametrize("case", sorted(case for case in set(GOLDENS) - DIFFERENT if "/" not in case))
def test_inside_a_function_they_are_the_same(case):
    assert_as_in_tf1(steps_of(case, traced=True), case)


def accuracy_and_recall(predictions, labels):
    return {
        "accuracy": metrics.streaming_accuracy(predictions, labels),
        "recall": metrics.streaming_recall(predictions, labels),
        "again": metrics.streaming_accuracy(predictions, labels, name="mine"),
        "inverse": metrics.streaming_accuracy(predictions, tf.logical_not(labels), name="mine"),
    }


def test_an_object_adds_up_reads_and_resets():
    stream = metrics.StreamingMetrics(accuracy_and_recall)
    with pytest.raises(ValueError, match="result.*Call it with a batch first"):
        stream.result()
    for _ in range(2):
        stream(tf.constant([True, False]), tf.constant([True, True]))
        stream(tf.constant([False, False, False]), tf.constant([False, False, True]))
        found = {name: float(value) for name, value in stream.result().items()}
        np.testing.assert_allclose(
            [found["accuracy"], found["again"], found["inverse"], found["recall"]], [0.6, 0.6, 0.4, 1 / 3], rtol=1e-6
        )
        stream.reset()


def test_two_objects_share_nothing_and_a_map_of_metrics_gives_its_values():
    def measure(values):
        return metrics.aggregate_metric_map({"mean": metrics.streaming_mean(values)})

    first, second = metrics.StreamingMetrics(measure), metrics.StreamingMetrics(measure)
    first(tf.constant([1.0, 3.0]))
    assert float(second(tf.constant([10.0]))["mean"]) == 10.0
    assert float(first(tf.constant([5.0]))["mean"]) == 3.0


def test_a_name_is_shared_in_the_process_until_it_is_reset():
    metrics.reset_streaming_metrics()
    for expected in (2.0, 3.0):
        value, update = metrics.streaming_mean(tf.constant([expected * 2 - 2]), name="shared_by_name")
        assert float(value) == float(update) == expected
    metrics.reset_streaming_metrics()
    assert float(metrics.streaming_mean(tf.constant([8.0]), name="shared_by_name")[0]) == 8.0


def test_a_module_keeps_the_sums_of_the_metrics_in_it():
    model = slim.Module(lambda x: metrics.streaming_mean(slim.fully_connected(x, 1, scope="fc") * 0.0 + x)[0])
    assert float(model(tf.constant([[2.0]]))) == 2.0
    assert float(model(tf.constant([[4.0]]))) == 3.0
    assert [v.name for v in model.variables] == ["fc/weights:0", "fc/biases:0"]


def test_a_train_step_may_measure_and_its_checkpoint_has_no_sums():
    found = []

    def loss(x):
        value, _ = metrics.streaming_mean(x)
        v1.summary.scalar("mean", value)
        found.append(value)
        return tf.reduce_sum(w * x)

    w = tf.Variable(1.0, name="w")
    step = slim.learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.0))
    step(tf.constant([1.0]))
    assert {v.name for v in step.variables} == {"w:0", "global_step:0"}


def test_collections_get_the_values():
    names = {"metrics_collections": ["values"], "updates_collections": ["updates"]}

    @tf.function
    def step(x):
        value, update = metrics.streaming_mean(x, name="in_collections", **names)
        return v1.get_collection("values")[0], v1.get_collection("updates")[0], value, update

    metrics.reset_streaming_metrics()
    assert [float(tensor) for tensor in step(tf.constant([4.0]))] == [4.0] * 4


def test_batches_of_all_sizes_keep_one_state():
    stream = metrics.StreamingMetrics(lambda x: metrics.streaming_mean(x))
    for size in range(1, 6):
        stream(tf.ones([size, 2]))
    gc.collect()
    before = len(gc.get_objects())
    for size in range(6, 60):
        stream(tf.ones([size, 2]))
    gc.collect()
    assert len(gc.get_objects()) - before < 100
    assert len(stream.variables) == 2 and float(stream.variables[1]) == 2 * sum(range(1, 60))


def test_what_is_no_function_is_a_clear_error():
    with pytest.raises(TypeError, match="fn: expected a function"):
        metrics.StreamingMetrics({"accuracy": 1})
