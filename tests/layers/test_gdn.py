"""GDN: the formula, the gradient at its bounds, the layer object, and bad input."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1

X = np.random.RandomState(0).normal(size=(2, 3, 4, 5)).astype("float32")


def _expected(x, beta, gamma, inverse=False):
    norm = np.sqrt(beta + (x**2) @ gamma)
    return x * norm if inverse else x / norm


@pytest.mark.parametrize("inverse", [False, True])
def test_the_first_outputs_follow_the_formula(inverse):
    outputs = slim.Module(slim.gdn, inverse=inverse, gamma_init=0.3)(tf.constant(X))
    np.testing.assert_allclose(outputs, _expected(X, 1.0, 0.3 * np.eye(5), inverse), rtol=1e-5)


def test_gamma_mixes_channels_from_its_rows_to_its_columns():
    layer = slim.GDN(name="mixed")
    layer(X)
    gamma = np.random.RandomState(1).rand(5, 5).astype("float32")
    dict((v.name, v) for v in layer.variables)["mixed/reparam_gamma:0"].assign(np.sqrt(gamma + 2.0**-36))
    np.testing.assert_allclose(layer(X), _expected(X, 1.0, gamma), rtol=1e-4)
    np.testing.assert_allclose(layer.gamma, gamma, rtol=1e-5)
    np.testing.assert_allclose(layer.beta, 1.0, rtol=1e-6)


@pytest.mark.parametrize("rank", [3, 4, 5])
def test_channels_first_gives_the_transposed_result(rank):
    x = np.random.RandomState(rank).rand(*(2, 3, 4, 2)[: rank - 1], 5).astype("float32")
    last = slim.Module(slim.gdn)(tf.constant(x))
    first = slim.Module(slim.gdn, data_format="channels_first")(tf.constant(np.moveaxis(x, -1, 1)))
    np.testing.assert_allclose(last, np.moveaxis(first.numpy(), 1, -1), rtol=1e-5)


def test_a_value_below_its_bound_can_go_up_and_not_down():
    layer = slim.GDN(name="bounded", beta_min=0.25)
    layer(X)
    beta = next(v for v in layer.variables if "beta" in v.name)
    beta.assign([0.1, 0.1, 0.9, 0.9, 0.9])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer.beta * [1.0, -1.0, 1.0, -1.0, 1.0])
    np.testing.assert_allclose(layer.beta[:2], 0.25, rtol=1e-5)
    # Descent would lower the first, which is at its bound, and raise the second.
    np.testing.assert_allclose(tape.gradient(total, beta), [0.0, -1.0, 1.8, -1.8, 1.8], rtol=1e-4)


def test_a_layer_object_keeps_its_variables(graph):
    layer = slim.GDN()
    layer(v1.placeholder(tf.float32, [None, 4, 4, 5]))
    layer.apply(v1.placeholder(tf.float32, [None, 4, 4, 5]))
    assert [v.op.name for v in v1.global_variables()] == ["gdn/reparam_beta", "gdn/reparam_gamma"]
    slim.GDN()(v1.placeholder(tf.float32, [None, 4, 4, 5]))
    assert [v.op.name for v in v1.trainable_variables()][2:] == ["gdn_1/reparam_beta", "gdn_1/reparam_gamma"]


def test_reuse_shares_variables_by_name(graph):
    x = v1.placeholder(tf.float32, [None, 4, 4, 5])
    slim.gdn(x)
    slim.gdn(x, reuse=True)
    slim.gdn(x, name="other")
    slim.gdn(x, name="other", reuse=True)
    assert len(v1.global_variables()) == 4


def test_the_shape_stays():
    layer = slim.GDN()
    assert layer.compute_output_shape([None, 4, 5]).as_list() == [None, 4, 5]


@pytest.mark.parametrize("shape", [None, [2, 5], [2, 3, 3, 3, 3, 5], [2, 4, None]])
def test_unfit_shapes_are_refused(graph, shape):
    with pytest.raises(ValueError, match="input_shape"):
        slim.gdn(v1.placeholder(tf.float32, shape))
    if shape is not None:
        with pytest.raises(ValueError, match="input_shape"):
            slim.GDN().compute_output_shape(shape)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Unsupported `data_format` for GDN layer"):
        slim.GDN(data_format="NHWC")
    with pytest.raises(TypeError, match="colour"):
        slim.GDN(colour="red")
