"""A graph's train op trained under a tape: the losses, weights and checkpoints of the session engine."""

import contextlib
import importlib.util
import json
import pathlib
import sys

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim._engine.input_session import InputSession

v1 = tf.compat.v1
learning = slim.learning
GENERATORS = pathlib.Path(__file__).parents[1] / "golden" / "generators"
RANDOM = np.random.RandomState(1)
INPUTS = RANDOM.randn(64, 6).astype("float32")
LABELS = RANDOM.randint(0, 3, 64)


@pytest.fixture(scope="module")
def trajectories():
    """The golden's generator, whose `trajectory` trains by the functions of `learning`."""
    for folder in (GENERATORS, GENERATORS.parent / "shared"):
        sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location("trajectories_for_lifting", GENERATORS / "learning_trajectories.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.path[:2]


class _TapeLearning:
    """`learning` with the tape as its engine, for a program whose step function uses the session."""

    create_train_op = staticmethod(learning.create_train_op)

    def __init__(self):
        self.losses = []

    def train(self, train_op, logdir, train_step_fn, number_of_steps, **kwargs):
        def take(session, step, global_step, step_kwargs):
            loss = step()
            self.losses.append(float(loss))
            return loss, int(global_step) >= number_of_steps

        return learning.train(train_op, logdir, take, engine="tape", **kwargs)


CASES = json.loads((GENERATORS.parent / "learning_trajectories.json").read_text())["cases"]


@pytest.mark.parametrize("case", sorted(CASES))
def test_the_steps_are_those_of_tf1_and_of_the_session_engine(trajectories, case):
    tape = _TapeLearning()
    found = trajectories.trajectory(tape, case)
    session = trajectories.trajectory(learning, case)
    np.testing.assert_allclose(tape.losses, CASES[case]["losses"], rtol=1e-4)
    np.testing.assert_allclose(tape.losses, session["losses"], rtol=1e-6)
    assert set(found["variables"]) == set(session["variables"])
    for name, value in session["variables"].items():
        np.testing.assert_allclose(found["variables"][name], value, rtol=1e-5, atol=1e-6, err_msg=name)


def _build(optimizer=None, **options):
    """Builds a net with batch norm, seeded dropout, regularization and a decaying learning rate."""
    v1.set_random_seed(7)
    dataset = tf.data.Dataset.from_tensor_slices((INPUTS, LABELS)).shuffle(64, seed=3).repeat().batch(16)
    x, y = v1.data.make_one_shot_iterator(dataset).get_next()
    with slim.arg_scope([slim.fully_connected], weights_regularizer=slim.l2_regularizer(1e-2)):
        net = slim.fully_connected(x, 8, normalizer_fn=slim.batch_norm, normalizer_params={"decay": 0.8})
        net = slim.dropout(net, 0.8)
        logits = slim.fully_connected(net, 3, activation_fn=None)
    slim.losses.sparse_softmax_cross_entropy(logits, y)
    rate = v1.train.exponential_decay(0.1, v1.train.get_or_create_global_step(), 3, 0.5, staircase=True)
    v1.summary.scalar("rate", rate)
    optimizer = optimizer(rate) if optimizer else v1.train.MomentumOptimizer(rate, 0.9)
    return learning.create_train_op(slim.losses.get_total_loss(), optimizer, **options)


class _Recorded:
    """Losses of a training's steps, as its log lines tell."""

    def __init__(self, monkeypatch):
        self.losses = []
        monkeypatch.setattr(v1.logging, "info", self._see)

    def _see(self, text, *args):
        if text.startswith("global step"):
            self.losses.append(float(args[1]))


def _train(monkeypatch, logdir, engine, steps=8, build=_build, **kwargs):
    recorded = _Recorded(monkeypatch)
    with tf.Graph().as_default():
        learning.train(build(), str(logdir), number_of_steps=steps, engine=engine, **kwargs)
    return recorded.losses


def _variables(logdir):
    reader = v1.train.NewCheckpointReader(tf.train.latest_checkpoint(str(logdir)))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def _assert_same_variables(found, expected):
    assert set(found) - {"_CHECKPOINTABLE_OBJECT_GRAPH"} == set(expected) - {"_CHECKPOINTABLE_OBJECT_GRAPH"}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


NO_SUMMARIES = {"save_summaries_secs": 0}


def test_batch_norm_dropout_and_the_learning_rate_of_the_graph_are_lifted(monkeypatch, tmp_path):
    tape = _train(monkeypatch, tmp_path / "tape", "tape", **NO_SUMMARIES)
    session = _train(monkeypatch, tmp_path / "session", "session", **NO_SUMMARIES)
    assert len(tape) == 8
    np.testing.assert_allclose(tape, session, rtol=1e-5)
    found = _variables(tmp_path / "tape")
    _assert_same_variables(found, _variables(tmp_path / "session"))
    assert np.abs(found["fully_connected/BatchNorm/moving_mean"]).max() > 1e-3
    assert "fully_connected/weights/Momentum" in found


@pytest.mark.parametrize("first, second", [("session", "tape"), ("tape", "session")])
def test_either_engine_resumes_the_others_checkpoint(monkeypatch, tmp_path, first, second):
    def build():
        return _build(v1.train.AdamOptimizer)

    _train(monkeypatch, tmp_path / "mixed", first, 4, build, **NO_SUMMARIES)
    mixed = _train(monkeypatch, tmp_path / "mixed", second, 8, build, **NO_SUMMARIES)
    _train(monkeypatch, tmp_path / "same", first, 4, build, **NO_SUMMARIES)
    same = _train(monkeypatch, tmp_path / "same", first, 8, build, **NO_SUMMARIES)
    assert len(mixed) == len(same) == 4
    np.testing.assert_allclose(mixed, same, rtol=1e-5)
    variables = _variables(tmp_path / "mixed")
    assert {"beta1_power", "fully_connected/weights/Adam", "fully_connected/weights/Adam_1"} <= set(variables)
    _assert_same_variables(variables, _variables(tmp_path / "same"))


def test_queues_with_runners_feed_the_tape(monkeypatch, tmp_path):
    def build():
        v1.set_random_seed(7)
        x, y = v1.train.slice_input_producer([INPUTS, LABELS.astype("float32")], shuffle=False, num_epochs=2)
        x, y = v1.train.batch([x, y], 16)
        x, y = slim.prefetch_queue.prefetch_queue([x, y]).dequeue()
        loss = tf.reduce_mean(tf.square(slim.fully_connected(x, 1, activation_fn=None)[:, 0] - y))
        return learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.05))

    tape = _train(monkeypatch, tmp_path / "tape", "tape", None, build)
    session = _train(monkeypatch, tmp_path / "session", "session", None, build, **NO_SUMMARIES)
    assert len(tape) == 8  # Two epochs of four batches, and then the input ends.
    np.testing.assert_allclose(tape, session, rtol=1e-5)


def test_an_error_of_a_queue_runner_reaches_the_program(tmp_path):
    with tf.Graph().as_default():
        bad = v1.py_func(lambda: 1 / 0, [], tf.float64, name="bad")
        bad.set_shape([])
        x = v1.train.batch([tf.cast(bad, tf.float32)], 4)[0]
        loss = tf.reduce_mean(tf.square(x * v1.get_variable("w", [])))
        train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1))
        with pytest.raises(tf.errors.UnknownError, match="ZeroDivisionError"):
            learning.train(train_op, str(tmp_path), number_of_steps=3, engine="tape")


@pytest.mark.parametrize(
    ("error", "raised"), [(ZeroDivisionError("bad"), ZeroDivisionError), (None, tf.errors.OutOfRangeError)]
)
def test_input_that_a_runner_stops_before_the_first_batch_ends_the_waiting(error, raised):
    class Runner:
        def create_threads(self, session, coord, **unused):
            if error is None:
                coord.request_stop()
            with coord.stop_on_exception():
                if error is not None:
                    raise error
            return []

    with tf.Graph().as_default() as graph:
        never = v1.FIFOQueue(2, tf.float32, [3]).dequeue()
        inputs = InputSession(v1.Session(graph=graph), [never.name], [])
        inputs.start([Runner()])
        for _ in range(2):  # Whoever asks again is told again.
            with pytest.raises(raised):
                inputs.next()
        with pytest.raises(raised) if error else contextlib.nullcontext():
            inputs.close()  # Joins the threads, and a coordinator's join raises their error.


def test_python_code_that_makes_the_input_stays_in_the_session(monkeypatch, tmp_path):
    def build():
        count = iter(range(1000))
        x = v1.py_func(lambda: np.float32(next(count)), [], tf.float32)
        weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
        return learning.create_train_op(x * weight, v1.train.GradientDescentOptimizer(0.0))

    assert _train(monkeypatch, tmp_path, "tape", 4, build, **NO_SUMMARIES) == [0.0, 1.0, 2.0, 3.0]


def test_input_that_depends_on_the_global_step_sees_it_move(monkeypatch, tmp_path):
    def build():
        step = v1.train.get_or_create_global_step()
        weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
        x = v1.py_func(lambda n: np.float32(n), [step], tf.float32)
        x.set_shape([])
        return learning.create_train_op(x * weight, v1.train.GradientDescentOptimizer(0.0))

    assert _train(monkeypatch, tmp_path, "tape", 4, build, **NO_SUMMARIES) == [0.0, 1.0, 2.0, 3.0]


def test_the_graphs_summaries_are_written(monkeypatch, tmp_path):
    def build():
        return _build(summarize_gradients=True)

    _train(monkeypatch, tmp_path, "tape", 3, build, save_summaries_secs=1e-6)
    tags = set()
    for path in tmp_path.glob("events.*"):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            tags |= {value.tag for value in v1.Event.FromString(record).summary.value}
    assert {"rate", "loss", "fully_connected/weights_gradient", "fully_connected/weights_gradient_norm"} <= {
        tag.replace("summarize_grads/", "") for tag in tags
    }


def _summaries(logdir, tag):
    """Returns a list of (step, value) of the graph's scalar summaries of that tag."""
    found = []
    for path in sorted(logdir.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = v1.Event.FromString(record)
            found += [(event.step, value.simple_value) for value in event.summary.value if value.tag == tag]
    return found


def _numbers(last):
    """Returns batches of 0 ... last - 1, two at a time, and of ten times as much, by an iterator."""
    numbers = tf.data.Dataset.range(last).map(lambda n: (tf.cast(n, tf.float32), 10 * n)).batch(2)
    return v1.data.make_one_shot_iterator(numbers).get_next()


def _loss_is_the_sum_of(x):
    weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
    return learning.create_train_op(tf.reduce_sum(x) * weight, v1.train.GradientDescentOptimizer(0.0))


def _from_an_iterator():
    return _numbers(5)


def _from_a_queue():
    numbers = v1.train.slice_input_producer([np.arange(5, dtype="float32"), 10 * np.arange(5)], 1, shuffle=False)
    # Its summary is the size of its queue, which is taken as it is.
    return v1.train.batch(numbers, 2, allow_smaller_final_batch=True)


def _by_python():
    x, _ = _numbers(5)
    return x, v1.py_func(lambda values: (10 * values).astype("int64"), [x], tf.int64)


def _by_python_of_another_part():
    x, aux = _numbers(5)
    return x, v1.py_func(lambda values: values + 0, [aux], tf.int64)


def _by_python_that_waits_for_the_batch():
    x, _ = _numbers(5)
    sums = iter([10, 50, 40, 0, 0, 0])
    with tf.control_dependencies([x]):
        return x, v1.py_func(lambda: np.int64(next(sums)), [], tf.int64)


@pytest.mark.parametrize(
    "batch",
    [_from_an_iterator, _from_a_queue, _by_python, _by_python_of_another_part, _by_python_that_waits_for_the_batch],
)
def test_a_summary_is_of_the_steps_own_batch(monkeypatch, tmp_path, batch):
    def build():
        x, aux = batch()
        v1.summary.scalar("aux", tf.reduce_sum(aux))
        return _loss_is_the_sum_of(x)

    losses = _train(monkeypatch, tmp_path, "tape", None, build, save_summaries_secs=1e-6)
    assert losses == [1.0, 5.0, 4.0]
    assert _summaries(tmp_path, "aux") == [(1, 10.0), (2, 50.0), (3, 40.0)]


def test_what_only_summaries_need_is_computed_when_they_are_due(monkeypatch, tmp_path):
    calls = []

    def build():
        x, _ = _numbers(8)
        other = v1.data.make_one_shot_iterator(tf.data.Dataset.range(7, 9)).get_next()
        drawn = v1.py_func(lambda values: calls.append(1) or values, [x], tf.float32)
        v1.summary.scalar("other", other)
        v1.summary.scalar("drawn", tf.reduce_sum(drawn))
        return _loss_is_the_sum_of(x)

    losses = _train(monkeypatch, tmp_path, "tape", None, build, save_summaries_secs=600)
    assert losses == [1.0, 5.0, 9.0, 13.0] and len(calls) == 1
    assert _summaries(tmp_path, "other") == [(1, 7.0)] and _summaries(tmp_path, "drawn") == [(1, 1.0)]


def test_init_fn_gets_a_session_and_only_without_a_checkpoint(monkeypatch, tmp_path):
    calls = []

    def init_fn(session):
        calls.append(1)
        weights = v1.trainable_variables()[0]
        session.run(weights.initializer, {weights.initializer.inputs[1]: np.zeros(weights.shape)})

    tape = _train(monkeypatch, tmp_path / "a", "tape", 2, init_fn=init_fn, **NO_SUMMARIES)
    session = _train(monkeypatch, tmp_path / "b", "session", 2, init_fn=init_fn, **NO_SUMMARIES)
    np.testing.assert_allclose(tape, session, rtol=1e-5)
    _train(monkeypatch, tmp_path / "a", "tape", 4, init_fn=init_fn, **NO_SUMMARIES)
    assert len(calls) == 2


def test_the_programs_saver_says_what_is_saved(tmp_path):
    with tf.Graph().as_default():
        train_op = _build()
        saver = v1.train.Saver(max_to_keep=1)
        learning.train(train_op, str(tmp_path), number_of_steps=2, engine="tape", saver=saver)
    with tf.Graph().as_default():
        learning.train(_build(), str(tmp_path), number_of_steps=4, engine="tape", saver=v1.train.Saver(max_to_keep=1))
    assert [path.name for path in tmp_path.glob("model.ckpt-*.index")] == ["model.ckpt-4.index"]


@pytest.mark.parametrize("first", ["session", "tape"])
def test_a_training_whose_saver_renames_goes_on(tmp_path, first):
    def train(logdir, engine, end, renames=True):
        with tf.Graph().as_default():
            train_op = _build()
            saver = v1.train.Saver({"net/" + v.op.name: v for v in v1.global_variables()}) if renames else None
            learning.train(train_op, str(logdir), number_of_steps=end, engine=engine, saver=saver, **NO_SUMMARIES)

    for renames in (True, False):
        train(tmp_path / str(renames), first, 2, renames)
        train(tmp_path / str(renames), "tape", 4, renames)
    renamed = _variables(tmp_path / "True")
    assert all(name.startswith("net/") for name in renamed)
    _assert_same_variables({name[4:]: v for name, v in renamed.items()}, _variables(tmp_path / "False"))


def test_callbacks_of_the_tf2_loop_work(tmp_path):
    steps = []

    class Watch(slim.callbacks.Callback):
        def on_step_end(self, run, loss):
            steps.append(run.global_step)
            if len(steps) == 2:
                run.request_stop()

    with tf.Graph().as_default():
        learning.train(_build(), str(tmp_path), number_of_steps=9, engine="tape", callbacks=[Watch()])
    assert steps == [1, 2]


def test_a_loss_that_is_no_number_stops_and_leaves_the_weights(tmp_path):
    with tf.Graph().as_default():
        weight = v1.get_variable("w", [], initializer=v1.ones_initializer())
        loss = tf.math.log(0.5 - weight)
        train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1))
        with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
            learning.train(train_op, str(tmp_path), number_of_steps=3, engine="tape")
    assert tf.train.latest_checkpoint(str(tmp_path)) is None or _variables(tmp_path)["w"] == 1.0


def _loss():
    return tf.reduce_sum(tf.square(v1.get_variable("w", [3])))


def test_a_train_op_made_by_hand_is_named_with_the_ways_on(tmp_path, graph):
    loss = _loss()
    update = v1.train.GradientDescentOptimizer(0.1).minimize(loss, v1.train.get_or_create_global_step())
    with tf.control_dependencies([update]):
        train_op = tf.identity(loss, name="by_hand")
    with pytest.raises(ValueError, match="by_hand.*create_train_op.*run --engine tape.*session engine"):
        learning.train(train_op, str(tmp_path), number_of_steps=1, engine="tape")


UNLIFTABLE = {
    "py_func": (lambda w: v1.py_func(lambda v: v, [w], tf.float32, name="mine"), r"'mine' \(PyFunc\).*session engine"),
    "queue": (
        lambda w: v1.FIFOQueue(2, tf.float32, [3], name="mine").dequeue(),
        r"'mine_Dequeue' \(QueueDequeueV2\).*nobody feeds.*session engine",
    ),
    "placeholder": (lambda w: v1.placeholder(tf.float32, [3], name="mine"), r"'mine' \(Placeholder\).*session engine"),
}


@pytest.mark.parametrize("obstacle", UNLIFTABLE)
def test_what_can_not_be_lifted_names_the_op_and_the_session_engine(tmp_path, graph, obstacle):
    build, message = UNLIFTABLE[obstacle]
    weights = v1.get_variable("w", [3])
    loss = tf.reduce_sum(tf.square(weights - build(tf.identity(weights))))
    train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.1))
    with pytest.raises(ValueError, match=message):
        learning.train(train_op, str(tmp_path), number_of_steps=1, engine="tape")


def test_arguments_of_sessions_are_named(tmp_path, graph):
    train_op = learning.create_train_op(_loss(), v1.train.GradientDescentOptimizer(0.1))
    for argument, value in {"master": "grpc://x", "session_wrapper": lambda s: s, "trace_every_n_steps": 2}.items():
        with pytest.raises(ValueError, match=f'{argument}: expected.*engine="tape"'):
            learning.train(train_op, str(tmp_path), engine="tape", **{argument: value})


def test_a_step_function_that_wants_the_session_is_told(tmp_path, graph):
    train_op = learning.create_train_op(_loss(), v1.train.GradientDescentOptimizer(0.1))
    with pytest.raises(AttributeError, match="there is no session.*train_op()"):
        learning.train(train_op, str(tmp_path), lambda s, op, step, kwargs: s.run(op), engine="tape")
