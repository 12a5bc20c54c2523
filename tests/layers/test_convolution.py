"""Convolutions: shape laws, wrong arguments, scopes, dtypes. Numbers of TF 1.15: test_kernel_layer_goldens.py."""

import math
import random

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from slimshim.layers import layers
from slimshim.ops.arg_scope import arg_scope, arg_scope_func_key

v1 = tf.compat.v1

FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}
quick = settings(max_examples=40, deadline=None)


def images(*shape, dtype="float32"):
    return v1.placeholder(dtype, shape)


@st.composite
def convolutions(draw):
    dimensions = draw(st.integers(1, 3))
    per_dimension = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(dimensions))  # noqa: E731
    strided = draw(st.booleans())
    kernel, rate = per_dimension(1, 4), (1,) * dimensions if strided else per_dimension(1, 3)
    padding = draw(st.sampled_from(["SAME", "VALID", "same", "Valid"]))
    reach = [r * (k - 1) + 1 for k, r in zip(kernel, rate)]
    return {
        "sizes": [draw(st.integers(least, least + 6)) for least in reach],
        "kernel_size": kernel,
        "stride": per_dimension(1, 3) if strided else (1,) * dimensions,
        "rate": rate,
        "padding": padding,
        "data_format": draw(st.sampled_from(FORMATS[dimensions])),
    }


def with_channels(sizes, channels, data_format):
    return [2, channels, *sizes] if data_format.startswith("NC") else [2, *sizes, channels]


@quick
@given(convolutions())
def test_sizes_of_a_convolution_follow_the_law_and_keras(case):
    sizes, data_format = case.pop("sizes"), case["data_format"]
    expected = [
        math.ceil(n / s) if case["padding"].upper() == "SAME" else math.ceil((n - r * (k - 1)) / s)
        for n, k, s, r in zip(sizes, case["kernel_size"], case["stride"], case["rate"])
    ]
    inputs_shape = with_channels(sizes, 3, data_format)
    with tf.Graph().as_default():
        outputs = layers.convolution(images(*inputs_shape), 5, **case)
    assert outputs.shape.as_list() == with_channels(expected, 5, data_format)

    keras = getattr(tf.keras.layers, f"Conv{len(sizes)}D")(
        5,
        case["kernel_size"],
        case["stride"],
        case["padding"].lower(),
        data_format="channels_first" if data_format.startswith("NC") else "channels_last",
        dilation_rate=case["rate"],
    )
    assert list(keras.compute_output_shape(tuple(inputs_shape))) == outputs.shape.as_list()


@quick
@given(
    st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.sampled_from(["SAME", "VALID"]), st.sampled_from([2, 3])
)
def test_a_transposed_convolution_has_the_size_whose_convolution_gives_the_inputs(
    n, kernel, stride, padding, dimensions
):
    build = {2: layers.conv2d_transpose, 3: layers.conv3d_transpose}[dimensions]
    with tf.Graph().as_default():
        outputs = build(images(1, *[n] * dimensions, 2), 3, kernel, stride, padding)
        back = layers.convolution(outputs, 2, kernel, stride, padding)
    law = n * stride + (max(kernel - stride, 0) if padding == "VALID" else 0)
    assert outputs.shape.as_list() == [1, *[law] * dimensions, 3]
    assert back.shape.as_list() == [1, *[n] * dimensions, 2]


@quick
@given(st.integers(3, 9), st.integers(1, 3), st.integers(1, 2), st.integers(1, 3), st.sampled_from(["SAME", "VALID"]))
def test_a_separable_convolution_has_the_sizes_of_a_plain_one(n, kernel, stride, multiplier, padding):
    with tf.Graph().as_default():
        inputs = images(2, n, n + 1, 3)
        plain = layers.conv2d(inputs, 4, kernel, stride, padding)
        separable = layers.separable_conv2d(inputs, 4, kernel, multiplier, stride, padding)
        depthwise = layers.separable_conv2d(inputs, None, kernel, multiplier, stride, padding)
    assert separable.shape.as_list() == plain.shape.as_list()
    assert depthwise.shape.as_list() == [*plain.shape.as_list()[:3], 3 * multiplier]


@quick
@given(convolutions())
def test_static_sizes_are_those_of_the_run(case):
    sizes, data_format = case.pop("sizes"), case["data_format"]
    inputs = np.ones(with_channels(sizes, 2, data_format), np.float32)
    known = with_channels([None] * len(sizes), 2, data_format)
    with tf.Graph().as_default(), v1.Session() as session:
        static = layers.convolution(tf.constant(inputs), 3, **case)
        fed = images(*known)
        dynamic = layers.convolution(fed, 3, **case)
        session.run(v1.global_variables_initializer())
        assert list(session.run(dynamic, {fed: inputs}).shape) == static.shape.as_list()


@pytest.mark.parametrize(
    "build, message",
    [
        (lambda: layers.conv2d(images(2, 8, 3), 4, 3), "Convolution expects input with rank 4, got 3"),
        (lambda: layers.conv3d(images(2, 8, 8, 3), 4, 3), "Convolution expects input with rank 5, got 4"),
        (lambda: layers.convolution(v1.placeholder("float32"), 4, 3), "not supported for input with rank None"),
        (lambda: layers.convolution(images(2, 3), 4, 3), "not supported for input with rank 2"),
        (lambda: layers.conv2d(images(2, 8, 8, None), 4, 3), "channel dimension.*Received: inputs="),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 4, 3, padding="FULL"), "padding: expected one of 'SAME', 'VALID'"),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 4, 3, padding="CAUSAL"), "padding: expected one of 'SAME', 'VALID'"),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 4, 3, padding=None), "Received: padding=None"),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 4, 3, data_format="CHWN"), "data_format.*'CHWN'"),
        (
            lambda: layers.conv2d(images(2, 8, 8, 3), 4, 3, stride=2, rate=2),
            "strides > 1 not supported.*rate=\\(2, 2\\)",
        ),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 4, [3, 3, 3]), "kernel_size: expected a positive int"),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 4, 3, stride=0), "stride: expected a positive int"),
        (lambda: layers.conv2d(images(2, 8, 8, 3), 0, 3), "num_outputs: expected a positive integer"),
        (lambda: layers.conv2d(images(2, 8, 8, 3), "4", 3), "num_outputs: expected a positive integer"),
        (lambda: layers.conv2d(images(2, 2, 2, 3), 4, 3, padding="VALID"), "output size|Negative dimension"),
        (lambda: layers.separable_conv2d(images(2, 8, 3), 4, 3), "rank 4"),
        (lambda: layers.separable_conv2d(images(2, 8, 3), None, 3), "inputs: expected rank 4"),
        (lambda: layers.separable_conv2d(images(2, 8, 8, 3), 4, 3, data_format="NWC"), "either NCHW or NHWC"),
        (lambda: layers.separable_conv2d(images(2, 8, 8, 3), 4, 3, stride=2, rate=2), "strides > 1 not supported"),
        (lambda: layers.conv2d_in_plane(images(2, 8, 3), 3), "inputs: expected rank 4"),
        (lambda: layers.conv2d_in_plane(images(2, 8, 8, None), 3), "inputs: expected a known number of channels"),
        (lambda: layers.conv2d_transpose(images(2, 8, 3), 4, 3), "rank 4"),
        (lambda: layers.conv2d_transpose(images(2, 8, 8, 3), 4, 3, data_format="CHWN"), "either NCHW or NHWC"),
        (lambda: layers.conv3d_transpose(images(2, 8, 8, 8, 3), 4, 3, data_format="NHWC"), "either NCDHW or NDHWC"),
        (lambda: layers.conv2d_transpose(images(2, 8, 8, None), 4, 3), "channel dimension"),
    ],
)
def test_a_wrong_argument_is_a_value_error_that_names_it(graph, build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    "layer, arguments",
    [
        (layers.conv2d, (4, 3)),
        (layers.conv2d_in_plane, (3,)),
        (layers.separable_conv2d, (4, 3)),
        (layers.conv2d_transpose, (4, 3)),
        (layers.fully_connected, (4,)),
    ],
)
def test_a_name_in_place_of_a_function_is_a_type_error_that_says_so(graph, layer, arguments):
    with pytest.raises(TypeError, match="activation_fn: expected a function.*'relu'"):
        layer(images(2, 8, 8, 3), *arguments, activation_fn="relu")
    with pytest.raises(TypeError, match="normalizer_fn: expected a function.*'bn'"):
        layer(images(2, 8, 8, 3), *arguments, normalizer_fn="bn")


def test_integer_inputs_are_a_type_error(graph):
    with pytest.raises(TypeError, match="non-floating point type"):
        layers.separable_conv2d(images(2, 8, 8, 3, dtype="int32"), 4, 3)


@pytest.mark.parametrize(
    "short, long",
    [
        ("conv1d", "convolution1d"),
        ("conv2d", "convolution2d"),
        ("conv3d", "convolution3d"),
        ("conv2d_in_plane", "convolution2d_in_plane"),
        ("conv2d_transpose", "convolution2d_transpose"),
        ("conv3d_transpose", "convolution3d_transpose"),
        ("separable_conv2d", "separable_convolution2d"),
    ],
)
def test_two_names_of_a_function_share_one_arg_scope_key(short, long):
    assert arg_scope_func_key(getattr(layers, short)) == arg_scope_func_key(getattr(layers, long))
    assert getattr(layers, short).__name__ == long


def test_convolutions_of_different_ranks_have_different_arg_scope_keys():
    keys = {arg_scope_func_key(f) for f in (layers.convolution, layers.conv1d, layers.conv2d, layers.conv3d)}
    assert len(keys) == 4


def test_an_arg_scope_of_conv2d_reaches_convolution2d_alone(graph):
    with arg_scope([layers.conv2d], padding="VALID", activation_fn=None):
        assert layers.convolution2d(images(2, 8, 8, 3), 4, 3).shape.as_list() == [2, 6, 6, 4]
        assert layers.convolution(images(2, 8, 8, 3), 4, 3).shape.as_list() == [2, 8, 8, 4]


def test_sizes_may_be_tensor_shapes_and_dimensions(graph):
    inputs = images(2, 5, 6, 3)
    outputs = layers.conv2d(inputs, v1.Dimension(4), inputs.shape[1:3], padding="VALID")
    assert outputs.shape.as_list() == [2, 1, 1, 4]


def test_sharing_without_reuse_is_a_value_error(graph):
    layers.conv2d(images(2, 8, 8, 3), 4, 3, scope="conv1")
    with pytest.raises(ValueError, match="conv1/weights already exists"):
        layers.conv2d(images(2, 8, 8, 3), 4, 3, scope="conv1")


def test_sharing_with_another_shape_is_a_value_error(graph):
    layers.conv2d(images(2, 8, 8, 3), 4, 3, scope="conv1")
    with pytest.raises(ValueError, match="Trying to share variable conv1/weights"):
        layers.conv2d(images(2, 8, 8, 3), 5, 3, scope="conv1", reuse=True)


def test_a_layer_draws_nothing_from_pythons_random_state(graph):
    state = random.getstate()
    layers.conv2d(layers.separable_conv2d(images(2, 8, 8, 3), 4, 3), 4, 3)
    assert random.getstate() == state


def test_a_getter_may_give_tensors_in_place_of_variables(graph):
    def halved(getter, *args, **kwargs):
        return getter(*args, **kwargs) * 0.5

    with v1.variable_scope("net", custom_getter=halved):
        outputs = layers.conv2d(tf.ones([1, 4, 4, 1]), 1, 1, weights_initializer=v1.ones_initializer())
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        np.testing.assert_allclose(session.run(outputs), np.full([1, 4, 4, 1], 0.5))


def test_one_kernel_in_plane_serves_all_channels(graph):
    inputs = np.random.RandomState(0).rand(2, 5, 6, 3).astype("float32")
    right_less_left = v1.constant_initializer([[-1.0, 1.0]])
    outputs = layers.conv2d_in_plane(
        tf.constant(inputs), [1, 2], padding="VALID", weights_initializer=right_less_left, activation_fn=None
    )
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        np.testing.assert_allclose(session.run(outputs), np.diff(inputs, axis=2), atol=1e-6)
