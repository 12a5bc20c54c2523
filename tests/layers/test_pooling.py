"""Pools: shape laws, values against NumPy, wrong arguments. Numbers of TF 1.15: test_kernel_layer_goldens.py."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from slimshim.layers import layers

v1 = tf.compat.v1
quick = settings(max_examples=40, deadline=None)


def images(*shape, dtype="float32"):
    return v1.placeholder(dtype, shape)


@quick
@given(
    st.integers(4, 12), st.integers(1, 4), st.integers(1, 4), st.sampled_from(["SAME", "VALID", "valid"]), st.booleans()
)
def test_sizes_of_a_pool_follow_the_law_and_keras(n, window, stride, padding, channels_first):
    law = math.ceil(n / stride) if padding.upper() == "SAME" else math.ceil((n - window + 1) / stride)
    shape, expected = ([2, 3, n, n], [2, 3, law, law]) if channels_first else ([2, n, n, 3], [2, law, law, 3])
    with tf.Graph().as_default():
        for pool in (layers.max_pool2d, layers.avg_pool2d):
            outputs = pool(images(*shape), window, stride, padding, "NCHW" if channels_first else "NHWC")
            assert outputs.shape.as_list() == expected
    keras = tf.keras.layers.MaxPooling2D(
        window, stride, padding.lower(), "channels_first" if channels_first else "channels_last"
    )
    assert list(keras.compute_output_shape(tuple(shape))) == expected


@quick
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.sampled_from(["MAX", "AVG"]))
def test_a_dilated_pool_looks_at_every_nth_place(dimensions, window, rate, pooling_type):
    reach = rate * (window - 1) + 1
    inputs = np.random.RandomState(window).rand(1, *[reach + 2] * dimensions, 2).astype("float32")
    places = [inputs]
    for axis in range(1, dimensions + 1):
        places = [np.take(p, range(k * rate, k * rate + 3), axis) for p in places for k in range(window)]
    expected = np.max(places, axis=0) if pooling_type == "MAX" else np.mean(places, axis=0)
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = session.run(layers.pool(tf.constant(inputs), window, pooling_type, dilation_rate=rate))
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: layers.max_pool2d(images(2, 8, 3), 2), "rank 4.*max_pool2d"),
        (lambda: layers.avg_pool2d(v1.placeholder("float32"), 2), "rank 4"),
        (lambda: layers.avg_pool3d(images(2, 8, 8, 3), 2), "rank 5"),
        (lambda: layers.max_pool2d(images(2, 8, 8, 3), 2, padding="FULL"), "padding: expected one of"),
        (lambda: layers.max_pool2d(images(2, 8, 8, 3), [2, 2, 2]), "kernel_size: expected a positive int"),
        (lambda: layers.max_pool2d(images(2, 8, 8, 3), 2, data_format="CHWN"), "either NCHW or NHWC"),
        (lambda: layers.avg_pool3d(images(2, 8, 8, 8, 3), 2, data_format="NHWC"), "either NCDHW or NDHWC"),
        (lambda: layers.max_pool2d(images(2, 2, 2, 3), 3), "Negative dimension size"),
        (lambda: layers.pool(v1.placeholder("float32"), 2, "MAX"), "Rank of inputs must be known"),
        (lambda: layers.pool(images(2, 3), 2, "MAX"), "Rank of inputs must be >= 3"),
        (lambda: layers.pool(images(2, 8, 8, 3), 2, "SUM"), "pooling_type: expected one of 'AVG', 'MAX'"),
        (lambda: layers.pool(images(2, 8, 8, 3), 2, "MAX", data_format="CHWN"), "data_format: expected one of"),
        (lambda: layers.pool(images(2, 8, 8, 3), 2, "MAX", stride=2, dilation_rate=2), "dilation_rate=\\(2, 2\\)"),
    ],
)
def test_a_wrong_argument_is_a_value_error_that_names_it(graph, build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("dtype", ["int32", "float16", "float64"])
def test_a_pool_keeps_the_inputs_dtype(graph, dtype):
    assert layers.max_pool2d(images(2, 8, 8, 3, dtype=dtype), 2).dtype == dtype


def test_channels_first_pools_run_on_the_cpu_in_float64_too(graph):
    inputs = np.random.RandomState(0).rand(1, 2, 4, 4)
    with v1.Session() as session:
        outputs = session.run(layers.max_pool2d(tf.constant(inputs), 2, data_format="NCHW"))
    np.testing.assert_array_equal(outputs, inputs.reshape(1, 2, 2, 2, 2, 2).max((3, 5)))
