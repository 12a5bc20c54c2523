"""Fully connected layers, new and old: values against NumPy, wrong arguments, dtypes."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.layers import layers

v1 = tf.compat.v1


def units(*shape, dtype="float32"):
    return v1.placeholder(dtype, shape)


@pytest.mark.parametrize("build", [layers.linear, layers.legacy_linear])
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5), (2, 3, 2, 5)])
def test_outputs_are_the_product_along_the_last_axis(graph, build, shape):
    inputs = np.random.RandomState(0).randn(*shape).astype("float32")
    outputs = build(tf.constant(inputs), 3)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        value, weights, biases = session.run([outputs, *v1.global_variables()])
    np.testing.assert_allclose(value, inputs @ weights + biases, atol=1e-5)


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: layers.fully_connected(units(5), 3), "rank 2 or more"),
        (lambda: layers.fully_connected(v1.placeholder("float32"), 3), "rank 2 or more"),
        (lambda: layers.fully_connected(units(4, None), 3), "The last dimension of the inputs"),
        (lambda: layers.fully_connected(units(4, 5), 3.0), "num_outputs type should be"),
        (lambda: layers.legacy_fully_connected(units(5), 3), "rank of x must be at least 2 not: 1"),
        (lambda: layers.legacy_fully_connected(v1.placeholder("float32"), 3), "dims of x must be known but is None"),
        (lambda: layers.legacy_fully_connected(units(4, None), 3), "last dimension of x must be known but is None"),
    ],
)
def test_a_wrong_argument_is_a_value_error_that_names_it(graph, build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("build", [layers.fully_connected, layers.legacy_fully_connected])
def test_variables_have_the_inputs_dtype(graph, build, dtype):
    outputs = build(units(4, 5, dtype=dtype), 3)
    assert outputs.dtype == dtype
    assert {v.dtype.base_dtype.name for v in v1.global_variables()} == {dtype}


def test_no_rows_give_no_rows(graph):
    outputs = layers.fully_connected(tf.zeros([0, 5]), 3)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert session.run(outputs).shape == (0, 3)
