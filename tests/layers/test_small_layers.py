"""Softmaxes, unit_norm, poincare_normalize, maxout, scale_gradient and bias_add against NumPy."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import layers

v1 = tf.compat.v1

X = np.random.RandomState(0).normal(size=(2, 3, 4)).astype("float32")


def test_softmax_is_over_the_last_axis():
    exponentials = np.exp(X)
    expected = exponentials / exponentials.sum(-1, keepdims=True)
    np.testing.assert_allclose(slim.softmax(X, scope="s"), expected, rtol=1e-5)


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_spatial_softmax_finds_where_each_channel_is_active(data_format):
    features = np.zeros((1, 5, 9, 2), "float32")
    features[0, 0, 8, 0] = features[0, 3, 2, 1] = 100.0
    if data_format == "NCHW":
        features = features.transpose(0, 3, 1, 2)
    keypoints = slim.Module(layers.spatial_softmax, data_format=data_format)(tf.constant(features))
    np.testing.assert_allclose(keypoints, [[-1.0, 1.0, 0.5, -0.5]], atol=1e-5)


def test_spatial_softmax_takes_half_precision():
    keypoints = slim.Module(layers.spatial_softmax)(tf.zeros([2, 3, 3, 1], tf.float16))
    np.testing.assert_array_equal(keypoints, np.zeros((2, 2), "float16"))


@pytest.mark.parametrize("dim", [0, 1, 2])
def test_unit_norm_makes_vectors_of_length_one(dim):
    outputs = slim.unit_norm(X, dim, scope="u")
    np.testing.assert_allclose(np.linalg.norm(outputs, axis=dim), 1.0, rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1, [1, 2]])
def test_poincare_normalize_shortens_long_vectors_alone(axis):
    outputs = layers.poincare_normalize(0.4 * X, axis=axis, epsilon=0.1).numpy()
    axes = tuple(axis) if isinstance(axis, list) else (axis,)
    lengths = np.sqrt((np.square(0.4 * X)).sum(axes, keepdims=True))
    expected = 0.4 * X * np.minimum(1.0, 0.9 / lengths)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5)
    assert (lengths > 0.9).any()


def test_maxout_takes_the_maximum_of_neighbours():
    expected = X.reshape(2, 3, 2, 2).max(-1)
    np.testing.assert_array_equal(slim.maxout(X, 2, scope="m"), expected)


@pytest.mark.parametrize("multiplier", [0.0, -2.0, tf.constant(0.5)])
def test_scale_gradient_scales_the_gradient_alone(multiplier):
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs = layers.scale_gradient(x, multiplier)
        total = tf.reduce_sum(outputs**2)
    np.testing.assert_array_equal(outputs, X)
    np.testing.assert_allclose(tape.gradient(total, x), 2 * X * float(multiplier), rtol=1e-6)


def test_bias_add_adds_one_value_for_each_channel():
    model = slim.Module(slim.bias_add, initializer=v1.constant_initializer([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(model(tf.constant(X)), X + [1, 2, 3, 4], rtol=1e-6)
    first = slim.Module(slim.bias_add, initializer=v1.constant_initializer([1.0, 2.0]), data_format="NCHW")
    np.testing.assert_allclose(first(tf.zeros([1, 2, 2, 2]))[0, :, 0, 0], [1.0, 2.0])


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: slim.softmax(v1.placeholder(tf.float32)), "rank"),
        (lambda: slim.softmax(v1.placeholder(tf.float32, [2, None])), "known"),
        (lambda: layers.spatial_softmax(tf.ones([2, 3, 3, 1]), data_format="HWC"), "data_format has to be"),
        (lambda: layers.spatial_softmax(v1.placeholder(tf.float32, [2, 3, 3, None])), "channels"),
        (lambda: slim.unit_norm(v1.placeholder(tf.float32), 1), "known rank"),
        (lambda: slim.unit_norm(tf.ones([2, 3]), 2), "dim"),
        (lambda: slim.unit_norm(tf.ones([2, 3]), -1), "dim"),
        (lambda: slim.maxout(tf.ones([2, 5]), 2), r"number of features\(5\) is not a multiple"),
        (lambda: slim.maxout(v1.placeholder(tf.float32, [2, None]), 2), "known number of features"),
        (lambda: slim.bias_add(v1.placeholder(tf.float32)), "known rank"),
        (lambda: slim.bias_add(tf.ones([2, 3, 4]), data_format="NCHW"), "data_format"),
        (lambda: slim.bias_add(v1.placeholder(tf.float32, [2, None])), "channels"),
    ],
)
def test_bad_input_is_named(graph, make, words):
    with pytest.raises(ValueError, match=words):
        make()
