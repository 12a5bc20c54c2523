"""Streaming metrics and replicas: joined results give one device's value; a call within a replica says what to do."""

import numpy as np
import pytest
import tensorflow as tf
import two_devices

import slimshim as slim

LABELS = np.array([0, 1, 2, 3, 1, 1])
PREDICTIONS = np.array([0, 1, 0, 3, 2, 1])


@pytest.fixture(scope="module")
def strategy():
    return two_devices.mirrored()


def halves(context):
    half = context.replica_id_in_sync_group
    return tuple(tf.constant(np.split(array, 2)[half]) for array in (LABELS, PREDICTIONS))


@pytest.mark.parametrize("wrap", [tf.function, lambda function: function], ids=["function", "eager"])
def test_a_metric_inside_a_replica_says_to_join_the_results(strategy, wrap):
    values = strategy.experimental_distribute_values_from_function(halves)
    with strategy.scope():
        module = slim.Module(lambda pair: slim.metrics.streaming_accuracy(pair[1], pair[0])[1])
    with pytest.raises(RuntimeError, match=r"one of 2 replicas.*experimental_local_results"):
        wrap(lambda: strategy.run(module, (values,)))()


def test_what_replicas_return_counts_once_they_are_joined(strategy):
    values = strategy.experimental_distribute_values_from_function(halves)
    labels, predictions = strategy.run(lambda pair: pair, (values,))
    with strategy.scope():
        module = slim.Module(slim.metrics.streaming_accuracy)
    joined = [tf.concat(strategy.experimental_local_results(each), 0) for each in (predictions, labels)]
    for _ in range(2):
        value, _ = module(*joined)
        np.testing.assert_allclose(value, 4 / 6)
