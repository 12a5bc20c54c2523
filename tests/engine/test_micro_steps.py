"""`accumulate_steps`: several small batches train as one large one."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import learning

v1 = tf.compat.v1

RANDOM = np.random.RandomState(0)
INPUTS = RANDOM.randn(12, 3).astype("float32")
LABELS = RANDOM.randn(12, 1).astype("float32")
STEPS = 5

OPTIMIZERS = {
    "tf1_momentum": lambda: v1.train.MomentumOptimizer(0.05, momentum=0.9),
    "tf1_adam": lambda: v1.train.AdamOptimizer(0.05),
    "keras_sgd": lambda: tf.keras.optimizers.SGD(0.05, momentum=0.9),
    "keras_adam": lambda: tf.keras.optimizers.Adam(0.05),
}


def net(x):
    with slim.arg_scope([slim.fully_connected], weights_regularizer=slim.l2_regularizer(0.01)):
        return slim.fully_connected(slim.fully_connected(x, 4), 1, activation_fn=None)


def loss_of(x, y):
    slim.losses.mean_squared_error(net(x), y)
    return slim.losses.get_total_loss()


def trained(optimizer, loss=loss_of, args=(INPUTS, LABELS), **options):
    """Returns the losses and the variables after some steps, from the same weights each time."""
    tf.random.set_seed(3)
    step = learning.create_train_op(loss, optimizer(), **options)
    args = [tf.constant(arg) for arg in args]
    losses = [float(step(*args)) for _ in range(STEPS)]
    return losses, {v.name: v.numpy() for v in step.trainable_variables}


def assert_same_way(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-5)
    assert found[1].keys() == expected[1].keys()
    for name, value in expected[1].items():
        np.testing.assert_allclose(found[1][name], value, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_small_batches_train_as_one_large_one(name):
    whole = trained(OPTIMIZERS[name])
    assert whole[0][-1] < whole[0][0]
    assert_same_way(trained(OPTIMIZERS[name], accumulate_steps=4), whole)


@pytest.mark.parametrize(
    "options",
    [
        {"clip_gradient_norm": 0.05},
        {"gradient_multipliers": {"fully_connected/weights": 0.0}},
        {"jit_compile": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_act_on_the_mean_gradient(options):
    optimizer = OPTIMIZERS["tf1_momentum"]
    assert_same_way(trained(optimizer, accumulate_steps=3, **options), trained(optimizer, **options))


def test_a_function_without_arguments_reads_its_iterator_so_many_times():
    batches = iter(tf.data.Dataset.from_tensor_slices([1.0, 2.0, 6.0, 7.0]))
    w = tf.Variable(0.0)
    step = learning.create_train_op(
        lambda: w * next(batches), v1.train.GradientDescentOptimizer(1.0), accumulate_steps=3
    )
    step()
    assert float(w) == -3.0
    with pytest.raises(tf.errors.OutOfRangeError):
        step()
    assert float(w) == -3.0 and int(step.global_step) == 1


def test_one_trace_and_one_global_step_for_all_of_them():
    calls = []

    def loss(x):
        calls.append(v1.train.get_global_step())
        return tf.reduce_mean(x * w)

    w = tf.Variable(1.0)
    step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.5), accumulate_steps=50)
    step(tf.ones([50]))
    assert int(step.global_step) == 1 and float(w) == 0.5
    assert len(calls) <= 4 and all(found is step.global_step for found in calls)


def test_sparse_gradients_and_scalar_arguments_count_too():
    table = tf.Variable(tf.ones([4, 2]), name="table")

    def loss(ids, factor):
        return factor * tf.reduce_mean(tf.nn.embedding_lookup(table, ids))

    args = (np.array([0, 1, 1, 3]), np.float32(2.0))
    for options in ({}, {"accumulate_steps": 2}):
        table.assign(tf.ones([4, 2]))
        step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(1.0), **options)
        step(*map(tf.constant, args))
        np.testing.assert_allclose(table.numpy()[:, 0], [0.75, 0.5, 1.0, 0.75])


def test_moving_averages_move_with_each_part():
    def loss(x):
        return tf.reduce_mean(slim.batch_norm(x, is_training=True, decay=0.5, scale=True))

    step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.0), accumulate_steps=2)
    step(tf.constant([[1.0], [1.0], [3.0], [3.0]]))
    (mean,) = [v for v in step.variables if v.name.endswith("moving_mean:0")]
    np.testing.assert_allclose(mean, [0.5 * 0.5 + 3.0 * 0.5])


def test_functions_that_run_eagerly_accumulate_too():
    optimizer = OPTIMIZERS["tf1_momentum"]
    traced = trained(optimizer, accumulate_steps=3)
    tf.config.run_functions_eagerly(True)
    try:
        assert_same_way(trained(optimizer, accumulate_steps=3), traced)
    finally:
        tf.config.run_functions_eagerly(False)


def test_a_batch_that_does_not_divide_and_a_bad_count_are_clear_errors():
    step = learning.create_train_op(loss_of, OPTIMIZERS["tf1_adam"](), accumulate_steps=5)
    with pytest.raises(ValueError, match="accumulate_steps: expected a number that divides the batch, which is 12"):
        step(tf.constant(INPUTS), tf.constant(LABELS))
    for bad in (0, 1.5, None):
        with pytest.raises(ValueError, match="accumulate_steps: expected a positive whole number"):
            learning.create_train_op(loss_of, OPTIMIZERS["tf1_adam"](), accumulate_steps=bad)
