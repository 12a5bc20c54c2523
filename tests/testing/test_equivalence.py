"""`assert_equivalent` passes what is one network in two forms, and names what is not."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.testing import assert_equivalent, deterministic_random, in_graph

v1 = tf.compat.v1
keras = tf.keras
IMAGES = np.random.RandomState(0).rand(4, 8, 8, 3).astype("float32")
RENAME = ["^Conv/BatchNorm/=norm/", "^Conv/=conv/", "^fully_connected/=head/", "weights$=kernel", "biases$=bias"]


def net(images, is_training=True, decay=0.9, keep=0.8, l2=1e-3, stride=1, epsilon=0.001):
    params = {"is_training": is_training, "decay": decay, "scale": True, "epsilon": epsilon}
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=slim.l2_regularizer(l2)):
        images = slim.conv2d(images, 4, 3, stride, normalizer_fn=slim.batch_norm, normalizer_params=params)
        features = slim.dropout(slim.flatten(images), keep, is_training=is_training)
        logits = slim.fully_connected(features, 5, activation_fn=None)
    return logits, {"features": features}


def by_hand(images, is_training=True):
    """The same as `net` in raw TensorFlow 1: variables, update ops, losses."""
    with v1.variable_scope("Conv"):
        weights = v1.get_variable("weights", [3, 3, 3, 4])
        with v1.variable_scope("BatchNorm"):
            gamma, beta, mean, variance = (
                v1.get_variable(name, [4], initializer=first, trainable=name in ("gamma", "beta"))
                for name, first in (
                    ("gamma", v1.ones_initializer()),
                    ("beta", v1.zeros_initializer()),
                    ("moving_mean", v1.zeros_initializer()),
                    ("moving_variance", v1.ones_initializer()),
                )
            )
        x = tf.nn.conv2d(images, weights, 1, "SAME")
        if is_training:
            x, batch_mean, batch_variance = v1.nn.fused_batch_norm(x, gamma, beta, epsilon=0.001)
            for moving, value in ((mean, batch_mean), (variance, batch_variance)):
                v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, v1.assign_sub(moving, (moving - value) * 0.1))
        else:
            x, _, _ = v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=0.001, is_training=False)
    x = tf.reshape(tf.nn.relu(x), [-1, 256])
    if is_training:
        x = v1.nn.dropout(x, rate=0.2)
    with v1.variable_scope("fully_connected"):
        kernel = v1.get_variable("weights", [256, 5])
        bias = v1.get_variable("biases", [5])
    for value in (weights, kernel):
        v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, 1e-3 * tf.nn.l2_loss(value))
    return tf.matmul(x, kernel) + bias


def keras_net(l2=0.0005, momentum=0.9, rate=0.2):
    regularizer = keras.regularizers.L2(l2)
    inputs = keras.Input([8, 8, 3])
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_regularizer=regularizer, name="conv")(inputs)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=0.001, name="norm")(x)
    x = keras.layers.Dropout(rate)(keras.layers.Flatten()(keras.layers.ReLU()(x)))
    return keras.Model(inputs, keras.layers.Dense(5, kernel_regularizer=regularizer, name="head")(x))


def momentum():
    return v1.train.MomentumOptimizer(0.05, 0.9)


def test_a_slim_function_in_a_graph_and_as_a_module():
    assert_equivalent(in_graph(net), slim.Module(net), IMAGES, optimizer=momentum)


def test_raw_tensorflow_1_code_and_its_slim_form():
    assert_equivalent(in_graph(by_hand), net, IMAGES, optimizer=momentum)


def test_a_symbolic_keras_model_and_a_module_whose_values_stay():
    inputs = keras.Input([8, 8, 3])
    model = keras.Model(inputs, net(inputs, is_training=None)[0])
    module = slim.Module(net)
    module(IMAGES)
    before = [v.numpy() for v in module.variables], model.get_weights()
    assert_equivalent(module, model, IMAGES)
    after = [v.numpy() for v in module.variables], model.get_weights()
    for old, new in zip(before, after):
        assert all((x == y).all() for x, y in zip(old, new))


def unfused(images, is_training=True):
    """As `net`, with batch norm as Keras 3 has it: without Bessel's correction of the moving variance."""
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=slim.l2_regularizer(1e-3)):
        params = {"is_training": is_training, "decay": 0.9, "scale": True, "fused": False}
        images = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm, normalizer_params=params)
        features = slim.dropout(slim.flatten(images), 0.8, is_training=is_training)
        return slim.fully_connected(features, 5, activation_fn=None)


def test_kerass_own_layers_under_other_names():
    # Keras 2's batch norm is fused, and then has the correction; Keras 3's is not.
    is_fused = not hasattr(keras, "ops")
    assert_equivalent(net if is_fused else unfused, keras_net(), IMAGES, rename=RENAME)
    assert_equivalent(
        net if is_fused else unfused,
        keras_net(),
        IMAGES,
        rename=RENAME,
        optimizer=(lambda: v1.train.GradientDescentOptimizer(0.1), lambda: keras.optimizers.SGD(0.1)),
    )


def test_several_inputs_and_chosen_outputs_and_losses():
    def scaled(images, factor):
        return {"scaled": slim.conv2d(images, 2, 1, scope="c") * factor, "more": factor}

    assert_equivalent(
        in_graph(scaled),
        scaled,
        [IMAGES, np.float32([2.0])],
        outputs=lambda result: result["scaled"],
        loss=lambda result: tf.reduce_sum(tf.abs(result["scaled"])),
    )


@pytest.mark.parametrize("structure", ["list", "dict"])
def test_a_keras_model_of_several_inputs_takes_them_in_the_order_of_its_inputs(structure):
    images, mask = keras.Input([8, 8, 3], name="images"), keras.Input([8, 8, 3], name="mask")
    x = keras.layers.Flatten()(keras.layers.Subtract()([images, mask]))
    inputs = [images, mask] if structure == "list" else {"images": images, "mask": mask}
    model = keras.Model(inputs, keras.layers.Dense(5, name="head")(x))

    def subtracted(images, mask):
        return slim.fully_connected(slim.flatten(images - mask), 5, activation_fn=None, scope="head")

    rename = ["weights$=kernel", "biases$=bias"]
    assert_equivalent(subtracted, model, [IMAGES, IMAGES**2], rename=rename)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(l2=2e-3), r"with constant weights, the sum of the regularization losses: .* One is twice the other"),
        (dict(l2=3e-3), r"the sum of the regularization losses: .* Look for a regularizer"),
        (dict(epsilon=0.1), r"with constant weights, 'output': largest difference .* so the structure differs"),
        (dict(keep=0.5), r"step 1: the loss: .* look at dropout's rate"),
        (dict(decay=0.99), r"after step 1, the variable 'Conv/BatchNorm/moving_mean': .* batch norm's decay"),
        (dict(stride=2), r"fully_connected/weights: a has shape \(256, 5\), b has shape \(64, 5\)"),
    ],
)
def test_what_differs_is_named(change, words):
    with pytest.raises(AssertionError, match=words):
        assert_equivalent(net, net, IMAGES, b_kwargs=change)


def test_names_that_differ_are_listed_with_the_nearest():
    with pytest.raises(AssertionError, match=r"a's Conv/weights: b has none of that name[\s\S]*rename="):
        assert_equivalent(net, keras_net(), IMAGES)
    with pytest.raises(AssertionError, match=r"b's tower/weights: a has none .*\(nearest: towers/weights\)"):
        assert_equivalent(
            lambda x: slim.conv2d(x, 2, 1, scope="towers", biases_initializer=None),
            lambda x: slim.conv2d(x, 2, 1, scope="tower", biases_initializer=None),
            IMAGES,
        )


def test_a_transposed_kernel_shows_with_random_weights_alone():
    def dense(x, transposed):
        weights = v1.get_variable("w", [3, 3])
        return tf.matmul(x, weights, transpose_b=transposed)

    x = np.random.RandomState(1).rand(2, 3).astype("float32")
    with pytest.raises(AssertionError, match="with random weights, 'output': .* a transposed kernel"):
        assert_equivalent(dense, dense, x, a_kwargs=dict(transposed=False), b_kwargs=dict(transposed=True))


def test_a_variable_that_one_does_not_train_is_named():
    def dense(x, trainable):
        return tf.matmul(x, v1.get_variable("w", [3, 3], trainable=trainable))

    with pytest.raises(AssertionError, match="w: a trains it, and the other does not"):
        assert_equivalent(
            dense, dense, np.ones([2, 3], "float32"), a_kwargs=dict(trainable=True), b_kwargs=dict(trainable=False)
        )


def test_a_model_that_makes_variables_at_each_call_is_named():
    class Growing(tf.Module):
        def __init__(self):
            super().__init__()
            self.all = []

        def __call__(self, x):
            self.all.append(tf.Variable(1.0, name=f"v{len(self.all)}"))
            return x * self.all[-1]

    with pytest.raises(AssertionError, match="a: a second call made 1 more variables"):
        assert_equivalent(Growing(), net, IMAGES)


def test_a_model_without_variables_and_graph_mode_are_clear_errors():
    with pytest.raises(ValueError, match="model: expected a model with variables"):
        assert_equivalent(lambda x: x, lambda x: x, IMAGES)
    with tf.Graph().as_default(), pytest.raises(ValueError, match="Pass in_graph"):
        assert_equivalent(net, net, IMAGES)


# --- deterministic_random


def masks(dropout):
    x = tf.ones([3, 50])
    return np.stack([dropout(x).numpy() for _ in range(2)])


def test_random_ops_agree_in_a_graph_in_eager_code_and_in_keras():
    def raw(x):
        return tf.nn.dropout(x, 0.5)

    with deterministic_random(7):
        eager = masks(raw)
    assert (eager[0] != eager[1]).any()
    with deterministic_random(7):
        traced = masks(tf.function(raw))
    np.testing.assert_array_equal(traced, [eager[0], eager[0]])  # One op, made once.
    with deterministic_random(7):
        layer = keras.layers.Dropout(0.5)
        with_keras = masks(lambda x: tf.convert_to_tensor(layer(x, training=True)))
    np.testing.assert_array_equal(with_keras, eager)
    with tf.Graph().as_default(), v1.Session() as session, deterministic_random(7):
        in_a_graph = session.run([raw(tf.ones([3, 50])), slim.dropout(tf.ones([3, 50]), 0.5)])
    np.testing.assert_array_equal(in_a_graph, eager)
    with deterministic_random(8):
        assert (masks(raw) != eager).any()


def test_first_values_agree_and_afterwards_random_ops_are_random_again():
    def drawn():
        return [
            tf.random.normal([4]),
            tf.random.uniform([2, 2], 0, 10, tf.int32),
            tf.random.truncated_normal([5]),
            v1.glorot_uniform_initializer()([3, 3]),
        ]

    with deterministic_random(1):
        eager = [value.numpy() for value in drawn()]
    with tf.Graph().as_default(), v1.Session() as session, deterministic_random(1):
        in_a_graph = session.run(drawn())
    for x, y in zip(eager, in_a_graph):
        np.testing.assert_array_equal(x, y)
    assert (tf.random.normal([50]).numpy() != tf.random.normal([50]).numpy()).any()


def drawn_around(between):
    first = tf.random.uniform([20]).numpy()
    between()
    return np.concatenate([first, tf.random.uniform([20]).numpy()])


def test_a_comparison_leaves_the_programs_seed_and_its_place_in_the_sequence():
    def compare():
        assert_equivalent(slim.Module(net), in_graph(net), IMAGES)

    try:
        tf.random.set_seed(5)
        expected = drawn_around(lambda: None)
        tf.random.set_seed(5)
        np.testing.assert_array_equal(drawn_around(compare), expected)
    finally:
        tf.random.set_seed(None)
    assert (drawn_around(compare)[20:] != drawn_around(compare)[20:]).any()


def scaled(factor, dtype):
    def function(images):
        weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
        return tf.cast(tf.reduce_mean(images * weight, [1, 2, 3]), dtype) * tf.constant(factor, dtype)

    return slim.Module(function)


def test_low_precision_has_its_tolerance_and_complex_numbers_both_parts():
    options = {"steps": 0, "outputs": lambda result: result}
    assert_equivalent(
        scaled(1.0, tf.bfloat16), scaled(1.004, tf.bfloat16), IMAGES, loss=lambda y: 0.0, rtol=0.02, **options
    )
    with pytest.raises(AssertionError, match="largest difference"):
        assert_equivalent(scaled(1.0, tf.bfloat16), scaled(1.5, tf.bfloat16), IMAGES, rtol=0.02, **options)
    with pytest.raises(AssertionError, match="largest difference"):
        assert_equivalent(scaled(1.0, tf.complex64), scaled(1.0 + 0.5j, tf.complex64), IMAGES, **options)
