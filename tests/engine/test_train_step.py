"""`create_train_op` of a function: one step of training under a tape."""

import gc
import os

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import learning
from slimshim.nets import inception_v2

v1 = tf.compat.v1

STEPS = 20
RANDOM = np.random.RandomState(0)
INPUTS = RANDOM.randn(8, 3).astype("float32")
LABELS = RANDOM.randn(8, 1).astype("float32")
START = {
    "fully_connected/weights": RANDOM.randn(3, 4).astype("float32"),
    "fully_connected_1/weights": RANDOM.randn(4, 1).astype("float32"),
}

OPTIMIZERS = {
    "sgd": lambda: v1.train.GradientDescentOptimizer(0.1),
    "momentum": lambda: v1.train.MomentumOptimizer(0.05, momentum=0.9),
    "adam": lambda: v1.train.AdamOptimizer(0.05),
    "rmsprop": lambda: v1.train.RMSPropOptimizer(0.01, momentum=0.5),
}
KERAS_TWINS = {"sgd": lambda: tf.keras.optimizers.SGD(0.1)}


def total_loss():
    regularizer = slim.l2_regularizer(0.01)
    with slim.arg_scope([slim.fully_connected], weights_regularizer=regularizer):
        hidden = slim.fully_connected(
            INPUTS, 4, normalizer_fn=slim.batch_norm, normalizer_params={"is_training": True, "decay": 0.9}
        )
        outputs = slim.fully_connected(hidden, 1, activation_fn=None)
    slim.losses.mean_squared_error(outputs, LABELS)
    return slim.losses.get_total_loss()


def fill(variables, assign):
    for variable in variables:
        start = START.get(variable.name.split(":")[0])
        if start is not None:
            assign(variable, start)


def in_a_session(optimizer, **options):
    """Returns the losses, and all variables of the model by name, after the session engine's steps."""
    with tf.Graph().as_default(), v1.Session() as session:
        train_op = learning.create_train_op(total_loss(), optimizer(), **options)
        session.run(v1.global_variables_initializer())
        fill(v1.global_variables(), lambda variable, value: variable.load(value, session))
        losses = [session.run(train_op) for _ in range(STEPS)]
        return losses, dict(
            zip([v.op.name for v in slim.get_model_variables()], session.run(slim.get_model_variables()))
        )


def under_a_tape(optimizer, **options):
    step = learning.create_train_op(total_loss, optimizer(), **options).build()
    fill(step.variables, lambda variable, value: variable.assign(value))
    losses = [step().numpy() for _ in range(STEPS)]
    return losses, {v.name.split(":")[0]: v.numpy() for v in step.variables}


def assert_same_way(session, tape):
    np.testing.assert_allclose(tape[0], session[0], rtol=0, atol=1e-5)
    for name, value in session[1].items():
        np.testing.assert_allclose(tape[1][name], value, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_twenty_steps_go_where_the_session_goes(name):
    session, tape = in_a_session(OPTIMIZERS[name]), under_a_tape(OPTIMIZERS[name])
    assert session[0][-1] < session[0][0]
    assert_same_way(session, tape)


@pytest.mark.parametrize("name", KERAS_TWINS)
def test_a_keras_optimizer_goes_the_same_way(name):
    assert_same_way(in_a_session(OPTIMIZERS[name]), under_a_tape(KERAS_TWINS[name]))


@pytest.mark.parametrize(
    "options",
    [
        {"clip_gradient_norm": 0.1},
        {"gradient_multipliers": {"fully_connected/weights": 0.0, "fully_connected_1/biases": 2.0}},
    ],
    ids=lambda options: next(iter(options)),
)
def test_changes_to_gradients_are_the_sessions(options):
    changed = in_a_session(OPTIMIZERS["momentum"], **options)
    assert abs(changed[0][-1] - in_a_session(OPTIMIZERS["momentum"])[0][-1]) > 1e-4
    assert_same_way(changed, under_a_tape(OPTIMIZERS["momentum"], **options))


def test_slots_have_the_names_of_the_session():
    with tf.Graph().as_default():
        learning.create_train_op(total_loss(), OPTIMIZERS["adam"]())
        names = {v.op.name for v in v1.global_variables()}
    for _ in range(2):  # The second optimizer of a process gets no other names.
        step = learning.create_train_op(total_loss, OPTIMIZERS["adam"]())
        assert step.variables == ()
        step.build()
    assert {v.name.split(":")[0] for v in step.variables} == names
    assert len({v.name for v in step.variables}) == len(step.variables)


def parabola(w):
    return lambda: tf.square(w)


def test_a_step_returns_the_loss_before_it_and_counts():
    w = tf.Variable(3.0)
    step = learning.create_train_op(parabola(w), v1.train.GradientDescentOptimizer(0.25))
    assert [float(step()) for _ in range(2)] == [9.0, 2.25]
    assert int(step.global_step) == 2 and step.global_step.dtype == tf.int64
    assert [v is w for v in step.trainable_variables] == [True]


def test_the_programs_own_global_step_counts_and_none_counts_nothing():
    w, mine = tf.Variable(3.0), tf.Variable(7, dtype=tf.int64)
    optimizer = v1.train.GradientDescentOptimizer(0.25)
    learning.create_train_op(parabola(w), optimizer, mine)()
    assert int(mine) == 8
    assert learning.create_train_op(parabola(w), optimizer, None).build().global_step is None


def test_the_function_finds_the_global_step_that_counts():
    def loss():
        return tf.square(w) * tf.cast(v1.train.get_global_step(), tf.float32)

    w = tf.Variable(3.0)
    step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.0))
    assert [float(step()) for _ in range(3)] == [0.0, 9.0, 18.0]


def test_a_variable_may_be_the_key_of_a_multiplier():
    w, b = tf.Variable(1.0), tf.Variable(1.0)
    optimizer = v1.train.GradientDescentOptimizer(0.5)
    learning.create_train_op(lambda: w + b, optimizer, gradient_multipliers={w.ref(): 0.5})()
    assert (float(w), float(b)) == (0.75, 0.5)


def test_transform_grads_fn_gets_and_gives_pairs():
    w = tf.Variable(1.0)
    transform = lambda pairs: [(10.0 * g, v) for g, v in pairs]  # noqa: E731
    slim.training.create_train_op(
        lambda: 1.0 * w, v1.train.GradientDescentOptimizer(0.5), transform_grads_fn=transform
    )()
    assert float(w) == -4.0


def test_only_the_chosen_variables_move():
    w, b = tf.Variable(1.0), tf.Variable(1.0)
    step = learning.create_train_op(lambda: w * b, v1.train.GradientDescentOptimizer(0.5), variables_to_train=[b])
    step()
    assert (float(w), float(b)) == (1.0, 0.5)
    with pytest.raises(ValueError, match="variables_to_train: expected trainable.*fixed"):
        fixed = tf.Variable(1.0, trainable=False, name="fixed")
        learning.create_train_op(lambda: w, v1.train.GradientDescentOptimizer(0.5), variables_to_train=[fixed])
    for bad in (["w"], [tf.constant(1.0)], w, 3):
        with pytest.raises(ValueError, match="variables_to_train: expected a list of variables"):
            learning.create_train_op(lambda: w, v1.train.GradientDescentOptimizer(0.5), variables_to_train=bad)


def test_a_loss_that_is_no_number_raises_and_leaves_the_weights():
    w = tf.Variable(-1.0)
    step = learning.create_train_op(lambda: tf.math.log(w), v1.train.GradientDescentOptimizer(1.0))
    with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
        step()
    assert float(w) == -1.0 and int(step.global_step) == 0
    unchecked = learning.create_train_op(
        lambda: tf.math.log(w), v1.train.GradientDescentOptimizer(1.0), check_numerics=False
    )
    assert np.isnan(unchecked())


def test_data_may_be_arguments_and_new_shapes_use_the_same_weights():
    def loss(x):
        return tf.reduce_mean(tf.square(slim.fully_connected(x, 1, activation_fn=None)))

    step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1)).build(tf.TensorSpec([2, 3]))
    names = [v.name for v in step.variables]
    for size in (2, 5):
        step(tf.ones([size, 3]))
    assert [v.name for v in step.variables] == names and int(step.global_step) == 2


def test_moving_averages_move_once_a_step():
    step = learning.create_train_op(total_loss, v1.train.GradientDescentOptimizer(0.0)).build()
    (mean,) = [v for v in step.variables if v.name.endswith("moving_mean:0")]
    fill(step.variables, lambda variable, value: variable.assign(value))
    batch_mean = (INPUTS @ START["fully_connected/weights"]).mean(0)
    for count in (1, 2):
        step()
        np.testing.assert_allclose(mean, batch_mean * (1 - 0.9**count), rtol=1e-5)


def test_a_module_inside_keeps_its_variables_and_its_losses_count():
    model = slim.Module(lambda x: slim.fully_connected(x, 1, weights_regularizer=lambda w: tf.constant(5.0)))

    def loss():
        model(INPUTS)
        return slim.losses.get_total_loss() + 0.0 * tf.reduce_sum(model.variables[0])

    step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1))
    assert [float(step()) for _ in range(2)] == [5.0, 5.0]
    assert step.trainable_variables[0] is model.variables[0]


def test_functions_that_run_eagerly_for_debugging_go_the_same_way():
    traced = under_a_tape(OPTIMIZERS["momentum"])
    tf.config.run_functions_eagerly(True)
    try:
        eager = under_a_tape(OPTIMIZERS["momentum"])
    finally:
        tf.config.run_functions_eagerly(False)
    np.testing.assert_allclose(eager[0], traced[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("wrap", [lambda model: model, tf.function], ids=["bare", "traced"])
def test_variables_of_a_module_that_are_only_assigned_count(wrap):
    model = slim.Module(lambda x: slim.batch_norm(x, is_training=True, scale=True))
    call = wrap(model)
    # Twice: the second step finds the module's own trace made.
    for _ in range(2):
        step = learning.create_train_op(lambda: tf.reduce_sum(call(INPUTS)), v1.train.GradientDescentOptimizer(0.1))
        assert {v.name for v in model.variables} < {v.name for v in step.build().variables}
        assert "BatchNorm/moving_mean:0" in {v.name for v in step.variables}


def test_two_steps_of_one_function_share_nothing():
    first, second = (learning.create_train_op(total_loss, OPTIMIZERS["sgd"]()).build() for _ in range(2))
    assert not {id(v) for v in first.variables} & {id(v) for v in second.variables}


def test_an_end_of_the_data_is_the_iterators_error():
    batches = iter(tf.data.Dataset.from_tensor_slices([1.0, 2.0]))
    w = tf.Variable(1.0)
    step = learning.create_train_op(lambda: w * next(batches), v1.train.GradientDescentOptimizer(0.0))
    assert [float(step()), float(step())] == [1.0, 2.0]
    with pytest.raises(tf.errors.OutOfRangeError):
        step()


def test_xla_goes_the_same_way():
    losses = []
    for jit_compile in (False, True):
        w = tf.Variable([3.0, 1.0])
        optimizer = v1.train.MomentumOptimizer(0.1, 0.9)
        step = learning.create_train_op(lambda w=w: tf.reduce_sum(tf.square(w)), optimizer, jit_compile=jit_compile)
        losses.append([float(step()) for _ in range(5)])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-6)


@pytest.mark.parametrize("summaries", [False, True])
def test_a_loss_of_a_step_for_xla_is_checked_with_summaries_too(tmp_path, summaries):
    w = tf.Variable(-1.0)
    step = learning.create_train_op(lambda: tf.math.log(w), v1.train.GradientDescentOptimizer(0.1), jit_compile=True)
    writer = tf.summary.create_file_writer(str(tmp_path))
    with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
        step.with_summaries(writer) if summaries else step()


@pytest.mark.parametrize(
    "loss, error",
    [
        (lambda: tf.ones([2]), "total_loss: expected a function that returns"),
        (lambda: tf.constant(1.0), "variables_to_train"),
    ],
)
def test_a_function_that_can_not_be_trained_is_a_clear_error(loss, error):
    with pytest.raises(ValueError, match=error):
        learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1))()


def test_a_function_within_a_graph_is_a_clear_error(graph):
    with pytest.raises(ValueError, match="total_loss:.*a tf.Graph is entered"):
        learning.create_train_op(lambda: 1.0, v1.train.GradientDescentOptimizer(0.1))


def test_options_of_the_tape_are_clear_errors_in_a_graph(graph):
    loss = tf.square(v1.get_variable("w", []))
    with pytest.raises(ValueError, match="jit_compile: expected nothing, because total_loss is a tensor"):
        learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1), jit_compile=True)


def test_update_ops_and_optimizers_that_do_not_fit_are_clear_errors():
    with pytest.raises(ValueError, match="update_ops:.*Leave update_ops out"):
        learning.create_train_op(lambda: 1.0, v1.train.GradientDescentOptimizer(0.1), update_ops=[])
    with pytest.raises(TypeError, match="optimizer: expected"):
        learning.create_train_op(lambda: 1.0, "sgd")
    scaling = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(0.1))
    with pytest.raises(TypeError, match="does not scale the loss"):
        learning.create_train_op(lambda: 1.0, scaling)


def inception_loss():
    random = np.random.RandomState(0)
    images, labels = random.rand(4, 64, 64, 3).astype("float32"), np.eye(5, dtype="float32")[[0, 3, 1, 4]]
    with slim.arg_scope(inception_v2.inception_v2_arg_scope()):
        logits, _ = inception_v2.inception_v2(
            images, 5, is_training=True, dropout_keep_prob=1.0, depth_multiplier=0.25, min_depth=8
        )
    slim.losses.softmax_cross_entropy(logits, labels)
    return slim.losses.get_total_loss()


@pytest.mark.slow
def test_inception_v2_goes_where_the_session_goes():
    optimizer = lambda: v1.train.MomentumOptimizer(0.01, 0.9)  # noqa: E731
    step = learning.create_train_op(inception_loss, optimizer()).build()
    start = {v.name: v.numpy() for v in step.variables}
    tape = [step().numpy() for _ in range(3)]
    with tf.Graph().as_default(), v1.Session() as session:
        train_op = learning.create_train_op(inception_loss(), optimizer())
        variables = {v.name: v for v in v1.global_variables()}
        assert variables.keys() == start.keys()
        for name, value in start.items():
            variables[name].load(value, session)
        # Rounding grows through 69 batch norms of four images.
        np.testing.assert_allclose(tape, [session.run(train_op) for _ in range(3)], rtol=0, atol=1e-4)


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads Linux's /proc")
@pytest.mark.parametrize("steps", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_memory_stays_the_same_over_many_steps(steps):
    step = learning.create_train_op(total_loss, OPTIMIZERS["adam"]())
    for _ in range(200):
        step()
    gc.collect()
    objects, before = len(gc.get_objects()), resident_bytes()
    for _ in range(steps):
        step()
    gc.collect()
    assert len(gc.get_objects()) - objects < 100
    assert resident_bytes() - before < 8 * 2**20
