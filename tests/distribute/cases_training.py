"""Training under a MirroredStrategy: the way of one device with the same global batch."""

import contextlib
import os

import numpy as np
import pytest
import tensorflow as tf
import two_devices

import slimshim as slim
from slimshim import callbacks, learning

v1 = tf.compat.v1

RANDOM = np.random.RandomState(0)
INPUTS = RANDOM.randn(64, 3).astype("float32")
LABELS = (INPUTS @ np.array([[1.0], [-2.0], [0.5]])).astype("float32")
DATA = tf.data.Dataset.from_tensor_slices((INPUTS, LABELS)).batch(16).repeat()
STEPS = 6

OPTIMIZERS = {
    "tf1_momentum": lambda: v1.train.MomentumOptimizer(0.05, momentum=0.9),
    "tf1_adam": lambda: v1.train.AdamOptimizer(0.05),
    "keras_sgd": lambda: tf.keras.optimizers.SGD(0.05, momentum=0.9),
    "keras_adam": lambda: tf.keras.optimizers.Adam(0.05),
}


@pytest.fixture(scope="module")
def strategy():
    return two_devices.mirrored()


def net(x):
    initializer = tf.constant_initializer(np.linspace(-0.5, 0.5, 24))
    regularizer = slim.l2_regularizer(0.01)
    with slim.arg_scope([slim.fully_connected], weights_regularizer=regularizer):
        hidden = slim.fully_connected(x, 8, weights_initializer=initializer)
        return slim.fully_connected(hidden, 1, activation_fn=None, weights_initializer=tf.constant_initializer(0.3))


def total_loss(x, y):
    slim.losses.mean_squared_error(net(x), y)
    return slim.losses.get_total_loss()


def step_of(strategy, optimizer, loss=total_loss, **options):
    with strategy.scope() if strategy else contextlib.nullcontext():
        return learning.create_train_op(loss, OPTIMIZERS[optimizer](), **options)


def way(strategy, optimizer, **options):
    """Returns the losses, and the variables by name, after some steps."""
    step, losses = step_of(strategy, optimizer, **options), []
    batches = iter(step.distributed(DATA))
    for _ in range(STEPS):
        losses.append(float(step(*next(batches))))
    return losses, {v.name.split(":")[0]: v.read_value().numpy() for v in step.variables}


def without_counts(name):
    """Keras numbers its optimizers: `sgd_1/...`."""
    head, slash, rest = name.partition("/")
    return head.rstrip("0123456789").rstrip("_") + slash + rest if head.startswith(("sgd", "adam")) else name


def assert_same_way(found, expected):
    np.testing.assert_allclose(found[0], expected[0], rtol=0, atol=1e-5)
    found, expected = ({without_counts(n): v for n, v in side[1].items()} for side in (found, expected))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_two_devices_go_the_way_of_one_with_slots_and_counters(strategy, optimizer):
    expected = way(None, optimizer)
    assert expected[0][-1] < expected[0][0]
    assert_same_way(way(strategy, optimizer), expected)


@pytest.mark.parametrize(
    "optimizer, options",
    [
        ("tf1_momentum", {"clip_gradient_norm": 0.1}),
        ("keras_adam", {"gradient_multipliers": {"fully_connected/weights": 0.5}, "clip_gradient_norm": 1.0}),
        ("keras_adam", {"accumulate_steps": 2}),
    ],
    ids=["clip", "multiply", "accumulate"],
)
def test_options_act_on_the_gradient_of_the_whole_batch(strategy, optimizer, options):
    expected = way(None, optimizer, **options)
    if "accumulate_steps" not in options:
        assert abs(expected[0][-1] - way(None, optimizer)[0][-1]) > 1e-3
    assert_same_way(way(strategy, optimizer, **options), expected)


def synchronized_loss(x, y):
    hidden = slim.batch_norm(x, is_training=True, decay=0.5, scale=True, synchronized=True, scope="bn")
    return tf.reduce_mean(tf.square(slim.fully_connected(hidden, 1, weights_initializer=tf.ones_initializer()) - y))


def test_a_net_with_synchronized_batch_norm_goes_the_way_of_one_device(strategy):
    expected = way(None, "tf1_momentum", loss=synchronized_loss)
    assert_same_way(way(strategy, "tf1_momentum", loss=synchronized_loss), expected)


def trained(strategy, logdir, ends, optimizer="tf1_momentum", **options):
    for end in ends:
        step = step_of(strategy, optimizer)
        data = DATA.skip(ends[0]) if end != ends[0] else DATA
        loss = learning.train(step, logdir, number_of_steps=end, data=data, **options)
    return step, loss


def content(logdir):
    reader = tf.train.load_checkpoint(str(logdir))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def test_the_loop_saves_what_one_device_saves_and_goes_on_from_it(strategy, tmp_path):
    alone, loss_alone = trained(None, str(tmp_path / "alone"), [3, 6])
    step, loss = trained(strategy, str(tmp_path / "two"), [3, 6])
    assert step.count == alone.count == 6
    np.testing.assert_allclose(loss, loss_alone, rtol=0, atol=1e-5)
    found, expected = content(tmp_path / "two"), content(tmp_path / "alone")
    assert found.keys() == expected.keys() and "fully_connected/weights/Momentum" in found
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5, err_msg=name)
    # The one goes on from the other's.
    more, _ = trained(None, str(tmp_path / "two"), [7])
    assert more.count == 7


def test_early_stopping_takes_the_best_weights_back_in_all_replicas(strategy, tmp_path):
    with strategy.scope():
        w = tf.Variable(3.0, name="w")
        step = learning.create_train_op(lambda x: w * tf.reduce_mean(x), v1.train.GradientDescentOptimizer(1.0))
    evaluation = callbacks.Evaluate(lambda: tf.abs(w.read_value()), 1, every_steps=1)
    stopping = callbacks.EarlyStopping(evaluation, None, patience=2)
    ones = tf.data.Dataset.from_tensor_slices(tf.ones([40])).batch(2)
    learning.train(step, str(tmp_path), data=ones, callbacks=[evaluation, stopping])
    assert step.count == 5 and stopping.best_step == 3
    assert [float(v) for v in strategy.experimental_local_results(w)] == [0.0, 0.0]


def test_data_may_be_a_function_of_the_input_pipeline(strategy):
    def pipeline(context):
        return DATA.unbatch().batch(context.get_per_replica_batch_size(16))

    step = step_of(strategy, "keras_adam")
    whole = step_of(strategy, "keras_adam")
    losses = [learning.train(s, None, number_of_steps=4, data=d) for s, d in ((step, pipeline), (whole, DATA))]
    np.testing.assert_allclose(losses[0], losses[1], rtol=0, atol=1e-5)
    with pytest.raises(TypeError, match="data: expected a tf.data.Dataset, a distributed one"):
        learning.train(step, None, number_of_steps=9, data=[1.0])


def test_summaries_are_written_once_and_callbacks_see_the_run(strategy, tmp_path):
    def loss(x, y):
        slim.summaries.add_scalar_summary(tf.reduce_mean(x), "of_slim")
        value = total_loss(x, y)
        v1.summary.scalar("of_tf1", value)
        return value

    model_loss = []

    class Noting(callbacks.Callback):
        def on_step_end(self, run, loss):
            model_loss.append((run.global_step, float(loss)))

    step = step_of(strategy, "tf1_adam", loss=loss, summarize_gradients=True)
    learning.train(step, str(tmp_path), number_of_steps=2, data=DATA, callbacks=[Noting()])
    assert [count for count, _ in model_loss] == [1, 2]
    tags = []
    for name in os.listdir(tmp_path):
        if name.startswith("events"):
            for record in tf.data.TFRecordDataset(str(tmp_path / name)):
                tags += [value.tag for value in v1.Event.FromString(record.numpy()).summary.value]
    for tag in ("loss", "of_slim", "of_tf1", "learning_rate", "fully_connected/weights_gradient_norm"):
        assert tags.count(tag) == 1, (tag, sorted(tags))


def test_a_loss_that_is_no_number_in_one_replica_leaves_all_weights(strategy):
    with strategy.scope():
        w = tf.Variable(1.0, name="w")
        step = learning.create_train_op(
            lambda x: w * tf.reduce_sum(tf.math.log(x)), v1.train.GradientDescentOptimizer(0.5)
        )
    batches = iter(step.distributed(tf.data.Dataset.from_tensor_slices([1.0, 0.0]).batch(2)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
        step(next(batches))
    assert w.read_value().numpy() == 1.0 and step.count == 0


def test_what_was_made_outside_the_scope_and_xla_are_clear_errors(strategy):
    optimizer = tf.keras.optimizers.SGD(0.1)
    batch = next(iter(strategy.experimental_distribute_dataset(DATA)))
    with strategy.scope():
        step = learning.create_train_op(total_loss, optimizer)
    with pytest.raises(ValueError, match="optimizer: expected variables of the strategy.*inside `with strategy.scope"):
        step(*batch)
    model = slim.Module(net)
    with strategy.scope():
        step = learning.create_train_op(lambda x, y: tf.reduce_mean(model(x) - y), OPTIMIZERS["tf1_adam"]())
    model.build(tf.TensorSpec([None, 3]))
    with pytest.raises(ValueError, match="variables_to_train: expected variables of the strategy"):
        step(*batch)
    with pytest.raises(ValueError, match="jit_compile: expected False"):
        step_of(strategy, "tf1_adam", jit_compile=True)(*batch)
