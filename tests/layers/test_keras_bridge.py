"""Keras layers with slim's variables: modes, mixed precision, regularization losses."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim import layers
from slimshim.module import Module

v1 = tf.compat.v1


def net(images):
    """One of each layer with weights."""
    net = layers.conv2d(images, 4, 3, weights_regularizer=layers.l2_regularizer(0.1))
    net = layers.separable_conv2d(net, 4, 3)
    net = layers.separable_conv2d(net, None, 3)
    net = layers.conv2d_in_plane(net, 3)
    net = layers.conv2d_transpose(net, 4, 3, 2)
    net = layers.max_pool2d(net, 2)
    net = layers.fully_connected(net, 5, scope="fc", normalizer_fn=layers.bias_add)
    return layers.legacy_linear(net, 3)


IMAGES = np.random.RandomState(0).rand(2, 8, 8, 3).astype("float32")


@pytest.fixture
def mixed_precision():
    policy = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    tf.keras.mixed_precision.set_global_policy(policy)


def names_in_a_graph():
    with tf.Graph().as_default():
        net(tf.constant(IMAGES))
        return [v.name for v in v1.global_variables()]


def test_a_module_has_the_variables_of_the_graph_and_all_of_them_get_gradients_in_a_function():
    module = Module(net)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(module(tf.constant(IMAGES)) ** 2)
        return loss, tape.gradient(loss, module.trainable_variables)

    loss, gradients = step()
    assert [v.name for v in module.variables] == names_in_a_graph()
    assert len(gradients) == len(module.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    np.testing.assert_allclose(loss, tf.reduce_sum(module(tf.constant(IMAGES)) ** 2), rtol=1e-4)


def test_an_explicit_scope_shares_its_weights_between_eager_calls():
    first = layers.conv2d(IMAGES, 4, 3, scope="keras_bridge_shared")
    second = layers.conv2d(IMAGES, 4, 3, scope="keras_bridge_shared")
    np.testing.assert_array_equal(first, second)


def test_under_a_mixed_precision_policy_layers_compute_low_and_keep_float32_variables(mixed_precision, graph):
    outputs = net(tf.constant(IMAGES))
    assert outputs.dtype == tf.bfloat16
    assert {v.dtype.base_dtype for v in v1.global_variables()} == {tf.float32}
    gradients = v1.gradients(outputs, v1.trainable_variables())
    assert {gradient.dtype for gradient in gradients} == {tf.float32}


def test_under_a_mixed_precision_policy_a_module_does_the_same(mixed_precision):
    module = Module(net)
    assert module(tf.constant(IMAGES)).dtype == tf.bfloat16
    assert {v.dtype for v in module.variables} == {tf.float32}


def test_under_a_mixed_precision_policy_float64_stays_float64(mixed_precision, graph):
    assert layers.conv2d(tf.constant(IMAGES, tf.float64), 4, 3).dtype == tf.float64


def test_pools_are_no_part_of_a_mixed_precision_policy(mixed_precision, graph):
    assert layers.avg_pool2d(tf.constant(IMAGES), 2).dtype == tf.float32


def test_each_regularization_loss_is_built_once_and_is_a_tensor(graph):
    calls = []

    def penalty(weights):
        calls.append(weights.op.name)
        return tf.reduce_sum(weights, name="penalty")

    layers.conv2d(tf.constant(IMAGES), 4, 3, weights_regularizer=penalty, scope="a")
    layers.conv2d(tf.constant(IMAGES), 4, 3, weights_regularizer=penalty, scope="a", reuse=True)
    assert calls == ["a/weights"]
    (loss,) = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    assert isinstance(loss, tf.Tensor)
    assert loss.op.name == "a/kernel/Regularizer/penalty"


def test_a_regularizer_of_the_scope_serves_layers_without_one(graph):
    with v1.variable_scope("net", regularizer=layers.l2_regularizer(0.1)):
        layers.fully_connected(tf.ones([2, 3]), 4, biases_initializer=None)
    (loss,) = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    assert loss.op.name == "net/fully_connected/weights/Regularizer/l2_regularizer"


def test_a_regularizer_that_gives_none_adds_no_loss(graph):
    layers.conv2d(tf.constant(IMAGES), 4, 3, weights_regularizer=lambda weights: None)
    assert not v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)


def test_losses_of_variables_made_in_a_branch_are_readable_outside(graph):
    def branch():
        with v1.variable_scope("v", reuse=v1.AUTO_REUSE):
            return layers.fully_connected(
                tf.ones([2, 3]), 4, weights_regularizer=layers.l2_regularizer(0.1), scope="fc"
            )

    outputs = v1.cond(v1.placeholder_with_default(True, []), branch, branch)
    (loss,) = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert session.run([outputs, loss])[1] > 0
