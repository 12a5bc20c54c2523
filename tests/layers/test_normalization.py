"""Group, instance and layer normalization against NumPy, in low precision, and with bad input."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import layers

v1 = tf.compat.v1

X = np.random.RandomState(0).normal(2.0, 3.0, (3, 4, 5, 6)).astype("float32")


def _normalized(x, axes, epsilon):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


def test_instance_norm_is_over_places():
    outputs = slim.Module(slim.instance_norm)(tf.constant(X))
    np.testing.assert_allclose(outputs, _normalized(X, (1, 2), 1e-6), rtol=1e-4, atol=1e-5)


def test_layer_norm_is_over_each_example():
    outputs = slim.Module(slim.layer_norm)(tf.constant(X))
    np.testing.assert_allclose(outputs, _normalized(X, (1, 2, 3), 1e-12), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("near_zero", [False, True])
def test_group_norm_is_over_places_and_the_channels_of_a_group(groups, near_zero):
    outputs = slim.Module(slim.group_norm, groups=groups, mean_close_to_zero=near_zero)(tf.constant(X))
    grouped = X.reshape(3, 4, 5, groups, 6 // groups)
    expected = _normalized(grouped, (1, 2, 4), 1e-6).reshape(X.shape)
    np.testing.assert_allclose(outputs, expected, rtol=1e-3, atol=1e-4)


def test_a_group_for_each_channel_is_instance_norm():
    one = slim.Module(slim.group_norm, groups=6)(tf.constant(X))
    other = slim.Module(slim.instance_norm)(tf.constant(X))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_group_norm_takes_channels_first():
    last = slim.Module(slim.group_norm, groups=3)(tf.constant(X))
    first = slim.Module(slim.group_norm, groups=3, channels_axis=1, reduction_axes=[2, 3])(X.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(last, np.transpose(first, (0, 2, 3, 1)), rtol=1e-4, atol=1e-5)


@pytest.fixture
def mixed_float16():
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    yield
    tf.keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("layer", ["layer_norm", "instance_norm", "group_norm", "bias_add"])
def test_a_mixed_precision_policy_keeps_variables_in_float32(layer, mixed_float16):
    kwargs = {"groups": 2} if layer == "group_norm" else {}
    model = slim.Module(getattr(layers, layer), **kwargs)
    assert model(tf.constant(X, tf.float16)).dtype == tf.float16
    assert {v.dtype for v in model.variables} == {tf.float32}


@pytest.mark.parametrize(
    "layer, shape, kwargs, words",
    [
        ("instance_norm", None, {}, "undefined rank"),
        ("instance_norm", [2, 3, None], {}, "undefined channels dimension"),
        ("instance_norm", [2, 3, 3, 4], {"data_format": "CHWN"}, "data_format has to be either NCHW or NHWC"),
        ("group_norm", None, {}, "undefined rank"),
        ("group_norm", [2, 3, 3, 4], {"groups": 5}, "Invalid groups 5 for 4 channels"),
        ("group_norm", [2, 3, 3, 4], {"groups": 3}, "4 channels is not commensurate with 3 groups"),
        ("group_norm", [2, 3, 3, 4], {"groups": 2, "channels_axis": 4}, "Axis is out of bounds"),
        ("group_norm", [2, 3, 3, 4], {"groups": 2, "reduction_axes": (1, 5)}, "Axis is out of bounds"),
        ("group_norm", [2, 3, 3, 4], {"groups": 2, "reduction_axes": (-1,)}, "mutually exclusive"),
        ("group_norm", [2, None, 3, 4], {"groups": 2}, "undefined dimensions"),
        ("group_norm", [2, 3, 3, None], {"groups": 2}, "undefined channel dimension"),
        ("layer_norm", None, {}, "undefined rank"),
        ("layer_norm", [2, 3, None], {}, "is not fully defined"),
        ("layer_norm", [2, 3], {"begin_norm_axis": 2}, r"must be < rank\(inputs\)"),
        ("layer_norm", [2, 3], {"begin_params_axis": 2}, r"must be < rank\(inputs\)"),
    ],
)
def test_a_bad_argument_is_named(graph, layer, shape, kwargs, words):
    with pytest.raises(ValueError, match=words):
        getattr(layers, layer)(v1.placeholder(tf.float32, shape), **kwargs)


@pytest.mark.parametrize("layer", ["batch_norm", "bias_add", "group_norm", "instance_norm", "layer_norm"])
def test_an_activation_that_is_no_function_is_a_type_error_that_says_so(graph, layer):
    kwargs = {"groups": 2} if layer == "group_norm" else {}
    with pytest.raises(TypeError, match="activation_fn: expected a function.*'relu'"):
        getattr(layers, layer)(tf.zeros([2, 3, 3, 4]), activation_fn="relu", **kwargs)
