"""`is_training` as bool, tensor and None, moving averages under XLA, and mixed precision, in each mode."""

import contextlib

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1
keras = tf.keras

ROWS = np.random.RandomState(0).uniform(1, 2, (4, 3)).astype("float32")
MEAN = ROWS.mean(0)


def norm(x, is_training):
    return slim.batch_norm(x, decay=0.5, is_training=is_training)


def moving_mean(variables):
    (found,) = [v for v in variables if "moving_mean" in v.name]
    return found


def flag_of(kind, value):
    return {
        "bool": lambda: value,
        "int": lambda: int(value),
        "tensor": lambda: tf.constant(value),
        "variable": lambda: tf.Variable(value, trainable=False),
    }[kind]()


def steps_in_tf2_mode(call, wrap, kind, value):
    module = slim.Module(call).build(tf.TensorSpec([None, 3]), is_training=False)
    flag = flag_of(kind, value)

    def step(*flags):
        # A Python flag is part of the trace, a tensor an argument of it.
        return module(ROWS, is_training=flags[0] if flags else flag)

    if wrap != "eager":
        step = tf.function(step, autograph=False, jit_compile=wrap == "xla")
    flags = [flag] if kind == "tensor" else []
    return module, [step(*flags).numpy() for _ in range(3)]


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("kind", ["bool", "int", "tensor", "variable"])
@pytest.mark.parametrize("wrap", ["eager", "function", "xla"])
def test_batch_norm_moves_its_averages_once_a_step_and_only_while_training(wrap, kind, value):
    module, outputs = steps_in_tf2_mode(norm, wrap, kind, value)
    expected = (1 - 0.5**3) * MEAN if value else np.zeros(3)
    np.testing.assert_allclose(moving_mean(module.variables), expected, rtol=1e-5)
    assert np.abs(outputs[-1].mean(0)).max() < 1e-5 or not value


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("kind", ["bool", "int", "tensor", "variable"])
@pytest.mark.parametrize("wrap", ["eager", "function", "xla"])
def test_dropout_drops_only_while_training(wrap, kind, value):
    _, outputs = steps_in_tf2_mode(
        lambda x, is_training: slim.dropout(x, 0.5, is_training=is_training), wrap, kind, value
    )
    dropped = np.mean(np.array(outputs) == 0)
    assert 0 < dropped < 1 if value else dropped == 0
    kept = np.array(outputs) / ROWS
    np.testing.assert_allclose(kept[kept > 0], 2.0 if value else 1.0, rtol=1e-5)


@pytest.mark.parametrize("kind", ["bool", "tensor", "variable", "placeholder"])
@pytest.mark.parametrize("value", [True, False])
def test_a_graph_takes_each_kind_of_flag(graph, kind, value):
    flag = v1.placeholder_with_default(value, []) if kind == "placeholder" else None
    if kind == "variable":
        flag = v1.get_variable("flag", initializer=value, trainable=False)
    flag = flag_of(kind, value) if flag is None else flag
    outputs, dropped = norm(tf.constant(ROWS), flag), slim.dropout(tf.constant(ROWS), 0.5, is_training=flag)
    with tf.control_dependencies(v1.get_collection(v1.GraphKeys.UPDATE_OPS)):
        step = tf.identity(outputs)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for _ in range(3):
            session.run(step)
        expected = (1 - 0.5**3) * MEAN if value else np.zeros(3)
        np.testing.assert_allclose(session.run(moving_mean(v1.global_variables())), expected, rtol=1e-5)
        assert (session.run(dropped) == 0).any() == value


def test_none_is_inference_in_a_graph(graph):
    outputs = [norm(tf.constant(ROWS), None), slim.dropout(tf.constant(ROWS), 0.5, is_training=None)]
    assert v1.get_collection(v1.GraphKeys.UPDATE_OPS) == []
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for found, expected in zip(session.run(outputs), [ROWS / np.sqrt(1.001), ROWS]):
            np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_none_is_inference_in_a_module(wrap):
    module = slim.Module(lambda x: slim.dropout(norm(x, None), 0.5, is_training=None))
    for _ in range(2):
        np.testing.assert_allclose(wrap(module)(tf.constant(ROWS)), ROWS / np.sqrt(1.001), rtol=1e-5)
    np.testing.assert_array_equal(moving_mean(module.variables), 0.0)


def test_none_on_keras_tensors_follows_keras():
    inputs = keras.Input([3])
    model = keras.Model(inputs, slim.dropout(norm(inputs, None), 0.5, is_training=None))
    mean = moving_mean(slim.keras_models.variables_by_name(model).values())
    model(ROWS, training=False), model(ROWS)
    np.testing.assert_array_equal(mean, 0.0)
    for _ in range(3):
        outputs = model(ROWS, training=True).numpy()
    np.testing.assert_allclose(mean, (1 - 0.5**3) * MEAN, rtol=1e-5)
    assert (outputs == 0).any()


def test_a_tensor_of_keras_is_a_flag_too():
    inputs, flag = keras.Input([3], 4), keras.Input([], 1, dtype="bool")
    outputs = slim.batch_norm(inputs, decay=0.5, is_training=keras.layers.Reshape([])(flag)[0])
    model = keras.Model([inputs, flag], outputs)
    mean = moving_mean(slim.keras_models.variables_by_name(model).values())
    model([ROWS, np.array([False])])
    np.testing.assert_array_equal(mean, 0.0)
    model([ROWS, np.array([True])])
    np.testing.assert_allclose(mean, 0.5 * MEAN, rtol=1e-5)


# --- mixed precision ----------------------------------------------------------------------------


@contextlib.contextmanager
def policy(name):
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)


def mixed_net(x):
    x = slim.conv2d(x, 4, 3, normalizer_fn=slim.batch_norm, weights_regularizer=slim.l2_regularizer(0.1))
    x = slim.separable_conv2d(x, 4, 3, 1)
    x = slim.layer_norm(slim.bias_add(slim.conv2d_transpose(x, 4, 3, 2)))
    return slim.fully_connected(slim.flatten(slim.dropout(slim.max_pool2d(x, 2), is_training=False)), 3)


IMAGES = np.random.RandomState(1).uniform(-1, 1, (2, 4, 4, 2)).astype("float32")


def mixed_in_graph():
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = mixed_net(tf.constant(IMAGES))
        session.run(v1.global_variables_initializer())
        session.run(outputs)
        gradients = tf.gradients(tf.cast(outputs, tf.float32), v1.trainable_variables())
        return outputs.dtype, v1.global_variables(), gradients, v1.losses.get_regularization_losses()


def mixed_in_tf2_mode(wrap):
    module = slim.Module(mixed_net).build(tf.TensorSpec(IMAGES.shape))

    def step():
        with tf.GradientTape() as tape:
            outputs = module(tf.constant(IMAGES))
            loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
        return outputs, tape.gradient(loss, module.trainable_variables)

    outputs, gradients = wrap(step)()
    return outputs.dtype, module.variables, gradients, module.losses


def mixed_on_keras_tensors():
    inputs = keras.Input(IMAGES.shape[1:])
    model = keras.Model(inputs, mixed_net(inputs))
    variables = list(slim.keras_models.variables_by_name(model).values())
    with tf.GradientTape() as tape:
        outputs = model(IMAGES)
        loss = tf.reduce_sum(tf.cast(outputs, tf.float32))
    return (
        tf.as_dtype(outputs.dtype),
        variables,
        tape.gradient(loss, [v for v in variables if v.trainable]),
        model.losses,
    )


MIXED = {
    "graph": mixed_in_graph,
    "eager": lambda: mixed_in_tf2_mode(lambda step: step),
    "function": lambda: mixed_in_tf2_mode(tf.function),
    "symbolic": mixed_on_keras_tensors,
}


@pytest.mark.parametrize("low", ["bfloat16", "float16"])
@pytest.mark.parametrize("mode", MIXED)
def test_a_mixed_policy_computes_low_and_keeps_variables_gradients_and_losses_in_float32(mode, low):
    with policy("mixed_" + low):
        dtype, variables, gradients, losses = MIXED[mode]()
    assert dtype.name == low
    assert {v.dtype.base_dtype.name for v in variables} == {"float32"}
    assert {g.dtype.name for g in gradients} == {"float32"} and len(gradients) == len(
        [v for v in variables if v.trainable]
    )
    assert [loss.dtype.name for loss in losses] == ["float32"]
