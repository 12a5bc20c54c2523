"""Dropout: how much is dropped, and what the rest becomes."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1


@pytest.mark.parametrize("keep_prob", [0.2, 0.5, 0.9])
def test_kept_values_are_scaled_so_that_the_mean_stays(keep_prob):
    outputs = slim.dropout(tf.ones([200, 200]), keep_prob, scope="d").numpy()
    np.testing.assert_allclose(outputs[outputs != 0], 1 / keep_prob, rtol=1e-6)
    assert abs((outputs != 0).mean() - keep_prob) < 0.02


def test_inference_changes_nothing():
    x = np.random.RandomState(0).rand(3, 4).astype("float32")
    np.testing.assert_array_equal(slim.dropout(x, is_training=False, scope="d"), x)


def test_noise_is_shared_where_its_shape_is_one(graph):
    outputs = slim.dropout(tf.ones([8, 5, 7]), noise_shape=[None, 1, 7])
    with v1.Session() as session:
        kept = session.run(outputs) != 0
    assert (kept == kept[:, :1]).all()
    assert 0 < kept.mean() < 1


def test_the_gradient_passes_where_values_were_kept():
    x = tf.ones([50, 50])
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = slim.dropout(x, 0.4, scope="d")
    np.testing.assert_allclose(tape.gradient(outputs, x), outputs)


def test_each_call_of_a_function_drops_other_elements():
    model = tf.function(slim.Module(slim.dropout))
    assert (model(tf.ones([100])).numpy() != model(tf.ones([100])).numpy()).any()


@pytest.mark.parametrize("keep_prob", [0.0, -0.5, 1.5])
def test_a_keep_prob_out_of_range_is_refused(graph, keep_prob):
    with pytest.raises(ValueError, match="keep_prob"):
        slim.dropout(tf.ones([3]), keep_prob)


def test_integers_and_short_noise_shapes_are_refused(graph):
    with pytest.raises(ValueError, match="floating"):
        slim.dropout(tf.constant([1, 2]))
    with pytest.raises(ValueError, match="noise_shape"):
        slim.dropout(tf.ones([2, 3]), noise_shape=[None])
