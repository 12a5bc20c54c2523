"""`Module` wherever TF2 code may call it: functions in functions, branches, datasets, threads, raw TF1 scopes."""

import threading

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1

NAMES = [
    "block/fully_connected/weights",
    "block/fully_connected/BatchNorm/beta",
    "block/fully_connected/BatchNorm/moving_mean",
    "block/fully_connected/BatchNorm/moving_variance",
    "block/fully_connected_1/weights",
    "block/fully_connected_1/biases",
    "block/raw",
]
L2 = slim.l2_regularizer(0.1)
ROWS = np.random.RandomState(0).uniform(-1, 1, (4, 3)).astype("float32")


def net(x, is_training=False):
    with v1.variable_scope("block"):
        params = {"is_training": is_training}
        x = slim.fully_connected(x, 3, weights_regularizer=L2, normalizer_fn=slim.batch_norm, normalizer_params=params)
        return slim.fully_connected(x, 2, activation_fn=None) * v1.get_variable(
            "raw", [2], initializer=v1.ones_initializer()
        )


def names(module):
    return [v.name.removesuffix(":0") for v in module.variables]


def expected_loss(module):
    return float(L2(module.variables[0]))


def test_functions_in_functions_may_call_it_first_and_be_traced_again():
    module = slim.Module(net)
    inner = tf.function(lambda x: 2 * module(x))
    outer = tf.function(lambda x: inner(x) + inner(x[:1]))
    for rows in (4, 2, 3, 4):
        found = outer(tf.constant(ROWS[:rows]))
        assert names(module) == NAMES
        np.testing.assert_allclose(found, 2 * (module(ROWS[:rows]) + module(ROWS[:1])), rtol=1e-5, atol=1e-6)


def test_losses_of_a_call_in_a_function_can_be_used_when_the_function_is_over():
    module = slim.Module(net)
    step = tf.function(module)
    step(tf.constant(ROWS))
    np.testing.assert_allclose([float(loss) for loss in module.losses], [expected_loss(module)], rtol=1e-6)
    module.variables[0].assign_add(tf.ones_like(module.variables[0]))
    step(tf.constant(ROWS))
    np.testing.assert_allclose([float(loss) for loss in module.losses], [expected_loss(module)], rtol=1e-6)
    with tf.GradientTape() as tape:
        step(tf.constant(ROWS))
        loss = tf.add_n(module.losses)
    np.testing.assert_allclose(tape.gradient(loss, module.variables[0]), 0.1 * module.variables[0], rtol=1e-5)


def test_losses_within_the_call_of_a_function_are_those_that_tf1_code_finds():
    module = slim.Module(net)

    @tf.function
    def both(x):
        module(x)
        return tf.add_n(slim.losses.get_regularization_losses()), tf.add_n(v1.losses.get_regularization_losses())

    for rows in (4, 2):
        np.testing.assert_allclose(both(tf.constant(ROWS[:rows])), [expected_loss(module)] * 2, rtol=1e-6)


def test_a_loss_made_in_a_branch_can_be_used_outside_it():
    def branched(x, flag):
        return tf.cond(
            flag,
            lambda: slim.fully_connected(x, 3, weights_regularizer=L2, scope="fc"),
            lambda: tf.identity(x),
        )

    module = slim.Module(branched).build(tf.TensorSpec([None, 3]), tf.TensorSpec([], tf.bool))

    @tf.function
    def loss(x, flag):
        module(x, flag)
        return tf.add_n(module.losses)

    for flag in (True, False):
        np.testing.assert_allclose(loss(ROWS, tf.constant(flag)), expected_loss(module), rtol=1e-6)


def test_branches_and_loops_of_a_function_count_automatic_names_as_a_graph_does():
    def looped(x):
        x = tf.cond(tf.reduce_sum(x) > 0, lambda: slim.fully_connected(x, 3), lambda: slim.fully_connected(x, 3))
        _, x = tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, slim.fully_connected(x, 3)), (0, x))
        return slim.fully_connected(x, 2)

    with tf.Graph().as_default():
        looped(tf.constant(ROWS))
        in_graph = [v.op.name for v in v1.global_variables()]
    module = slim.Module(looped)
    step = tf.function(module)
    for rows in (4, 2):
        step(tf.constant(ROWS[:rows]))
        assert names(module) == in_graph


def model_with_a_function_inside():
    @tf.function
    def part(x):
        x = slim.fully_connected(x, 3, weights_regularizer=L2, scope="part")
        return x * v1.get_variable("raw", [3], initializer=v1.ones_initializer())

    def whole(x):
        with v1.variable_scope("block"):
            return slim.fully_connected(part(slim.fully_connected(x, 3)), 2)

    return whole


@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_a_function_within_the_model_has_its_weights_and_losses_also_when_it_is_not_traced_again(wrap):
    module = slim.Module(model_with_a_function_inside())
    call = wrap(module)
    for rows in (4, 4, 2, 3, 2):
        call(tf.constant(ROWS[:rows]))
        assert names(module) == [
            "block/fully_connected/weights",
            "block/fully_connected/biases",
            "block/part/weights",
            "block/part/biases",
            "block/raw",
            "block/fully_connected_1/weights",
            "block/fully_connected_1/biases",
        ]
        np.testing.assert_allclose([float(loss) for loss in module.losses], [float(L2(module.variables[2]))])


def test_an_automatic_name_in_a_function_within_the_model_is_an_error_that_says_what_to_do():
    module = slim.Module(lambda x: tf.function(lambda x: slim.fully_connected(x, 3))(x))
    with pytest.raises(ValueError, match="scope: expected a name, because the layer is in a tf.function.*Give the"):
        module(ROWS)


@pytest.mark.parametrize("parallel", [None, 2])
def test_a_dataset_maps_it(parallel):
    module = slim.Module(net)
    for rows in (4, 2):
        batches = tf.data.Dataset.from_tensors(ROWS[:rows]).repeat(3).map(module, num_parallel_calls=parallel)
        for outputs in batches:
            np.testing.assert_allclose(outputs, module(ROWS[:rows]), rtol=1e-5, atol=1e-6)
        assert names(module) == NAMES


def test_threads_may_race_for_the_first_call():
    for _ in range(3):
        module = slim.Module(net)
        step = tf.function(module)
        start, results, errors = threading.Barrier(6), [], []

        def work(call, module=module, start=start, results=results, errors=errors):
            try:
                start.wait()
                for _ in range(3):
                    with tf.GradientTape() as tape:
                        outputs = call(tf.constant(ROWS))
                        loss = tf.add_n(module.losses)
                    gradient = tape.gradient(loss, module.variables[0])
                    results.append((outputs.numpy(), gradient.numpy()))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=[step if i % 2 else module]) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors, errors[0]
        assert names(module) == NAMES and len(results) == 18
        # The losses are always those that the thread's own tape saw.
        for outputs, gradient in results:
            np.testing.assert_allclose(outputs, module(ROWS), rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(gradient, 0.1 * module.variables[0], rtol=1e-5)


def test_raw_tf1_code_finds_its_variables_again():
    def raw(x):
        with v1.variable_scope("a", initializer=v1.ones_initializer()) as scope:
            w = v1.get_variable("w", [3])
            with v1.variable_scope("b", regularizer=L2, dtype=tf.float32):
                u = v1.get_variable("u", shape=(3,), trainable=False)
        with v1.variable_scope(scope, reuse=True):
            again = v1.get_variable("w", [3])
        with v1.variable_scope(None, "auto"):
            first = v1.get_variable("w", initializer=tf.constant([2.0, 2.0, 2.0]))
        with v1.variable_scope(None, "auto"):
            second = v1.get_variable(
                "w", initializer=lambda shape, dtype, **_: tf.fill(shape, tf.cast(3, dtype)), shape=[3]
            )
        return x * w * u * again * first * second

    module = slim.Module(raw)
    for call in (module, tf.function(module)):
        for rows in (4, 2):
            np.testing.assert_allclose(call(tf.constant(ROWS[:rows])), 6 * ROWS[:rows], rtol=1e-6)
            assert names(module) == ["a/w", "a/b/u", "auto/w", "auto_1/w"]
    assert [v.name for v in module.trainable_variables] == ["a/w:0", "auto/w:0", "auto_1/w:0"]
    np.testing.assert_allclose([float(loss) for loss in module.losses], [0.15], rtol=1e-6)


def test_each_form_of_restoring_and_listing_sees_the_same_variables(tmp_path):
    module = slim.Module(net).build(tf.TensorSpec([None, 3]))
    for variable in module.variables:
        variable.assign(tf.random.uniform(variable.shape))
    path = v1.train.Saver({v.name.removesuffix(":0"): v for v in module.variables}).save(None, str(tmp_path / "ckpt"))
    layer = slim.Module(net).as_keras_layer()
    layer(tf.constant(ROWS))
    again = slim.Module(net).build(tf.TensorSpec([None, 3])).restore(path)
    slim.keras_models.restore(layer, path)
    expected = module(ROWS)
    np.testing.assert_allclose(again(ROWS), expected, rtol=1e-6)
    np.testing.assert_allclose(layer(tf.constant(ROWS)), expected, rtol=1e-6)
    assert [line.split()[0] for line in again.summary().splitlines()[:-1]] == NAMES
