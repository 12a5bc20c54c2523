"""learning: train ops and the training loop, in graphs, with v2 behaviour on."""

import glob
import json
import os
import signal
import subprocess
import sys
import threading

import goldens
import numpy as np
import parity
import pytest
import tensorflow as tf

from slimshim import learning
from slimshim._engine import session as session_engine

v1 = tf.compat.v1

TRAJECTORIES = goldens.generator("learning_trajectories")


def parabola(start=3.0):
    """The loss w², whose gradient is 2w."""
    return tf.square(v1.get_variable("w", initializer=start))


def sgd_train_op(learning_rate=0.25, start=3.0, **kwargs):
    """With the default rate, each step halves w."""
    return learning.create_train_op(parabola(start), v1.train.GradientDescentOptimizer(learning_rate), **kwargs)


def saved(logdir, step, name="w"):
    return v1.train.NewCheckpointReader(os.path.join(logdir, f"model.ckpt-{step}")).get_tensor(name)


def events(logdir):
    paths = sorted(glob.glob(os.path.join(logdir, "events*")))
    return [event for path in paths for event in v1.train.summary_iterator(path)]


def tags(logdir):
    return {value.tag for event in events(logdir) for value in event.summary.value}


class Steps:
    """A train_step_fn that counts its calls and does `before(count)` ahead of each."""

    def __init__(self, before=lambda count: None):
        self.count = 0
        self.before = before

    def __call__(self, session, *args):
        self.count += 1
        self.before(self.count)
        return learning.train_step(session, *args)


# Gradients.


@pytest.mark.parametrize("sparse", [False, True])
def test_clip_gradient_norms_scales_only_gradients_that_are_too_long(graph, sparse):
    dense = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    gradient = tf.IndexedSlices(tf.constant(dense), [1, 0], [9, 2]) if sparse else tf.constant(dense)
    short = tf.constant([0.1])
    pairs = learning.clip_gradient_norms([(gradient, "a"), (short, "b"), (None, "c")], 2.0)
    with v1.Session() as session:
        clipped = session.run(pairs[0][0].values if sparse else pairs[0][0])
        np.testing.assert_allclose(clipped, dense * 2 / 5, rtol=1e-6)
        np.testing.assert_allclose(session.run(pairs[1][0]), [0.1])
    assert [variable for _, variable in pairs] == ["a", "b", "c"]
    assert pairs[2][0] is None
    if sparse:
        assert pairs[0][0].indices is gradient.indices


@pytest.mark.parametrize("key", ["variable", "ref", "name"])
@pytest.mark.parametrize("as_tensor", [False, True])
def test_multiply_gradients_finds_the_variable_by_each_kind_of_key(graph, key, as_tensor):
    a, b = v1.get_variable("scope/a", [2]), v1.get_variable("b", [2])
    key = {"variable": a, "ref": a.ref(), "name": "scope/a"}[key]
    factor = tf.constant(3.0) if as_tensor else 3
    pairs = learning.multiply_gradients([(tf.constant([1.0, 2.0]), a), (tf.constant([1.0, 2.0]), b)], {key: factor})
    with v1.Session() as session:
        np.testing.assert_allclose(session.run(pairs[0][0]), [3.0, 6.0])
        np.testing.assert_allclose(session.run(pairs[1][0]), [1.0, 2.0])


def test_multiply_gradients_scales_the_values_of_sparse_gradients(graph):
    variable = v1.get_variable("a", [4, 1])
    gradient = tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([0, 3]), tf.constant([4, 1]))
    [(scaled, _)] = learning.multiply_gradients([(gradient, variable)], {"a": 0.5})
    with v1.Session() as session:
        np.testing.assert_allclose(session.run(scaled.values), [[0.5], [1.0]])


@pytest.mark.parametrize(
    "pairs, multipliers, message",
    [((), {"a": 1}, "grads_and_vars"), ([], {}, "not empty"), ([], None, "not empty"), ([], ["a"], "a dict")],
)
def test_multiply_gradients_refuses_what_it_cannot_use(pairs, multipliers, message):
    with pytest.raises(ValueError, match=message):
        learning.multiply_gradients(pairs, multipliers)


def test_multiplying_a_gradient_that_is_none_names_the_variable(graph):
    with pytest.raises(ValueError, match="lonely"):
        learning.multiply_gradients([(None, v1.get_variable("lonely", []))], {"lonely": 2.0})


def test_gradient_summaries_leave_out_variables_without_gradient(graph):
    pairs = [(tf.constant([3.0, 4.0]), v1.get_variable("a", [2])), (None, v1.get_variable("b", []))]
    summaries = learning.add_gradients_summaries(pairs)
    with v1.Session() as session:
        parsed = [v1.Summary.FromString(session.run(summary)).value[0] for summary in summaries]
    assert [value.tag for value in parsed] == ["a/gradient", "a/gradient_norm"]
    assert parsed[1].simple_value == 5.0


# create_train_op.


def test_a_train_op_steps_and_returns_the_loss_before_the_step(graph):
    train_op = sgd_train_op()
    assert v1.get_collection(v1.GraphKeys.TRAIN_OP)[-1] is train_op
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert [session.run(train_op) for _ in range(3)] == [9.0, 2.25, 0.5625]
        assert session.run(v1.train.get_global_step()) == 3


def test_a_given_global_step_is_counted_and_none_counts_nothing(graph):
    mine = v1.get_variable("mine", initializer=np.int64(5), trainable=False)
    counting, silent = sgd_train_op(global_step=mine), None
    with v1.variable_scope("again"):
        silent = sgd_train_op(global_step=None)
    assert v1.train.get_global_step() is None
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run([counting, silent])
        session.run(silent)
        assert session.run(mine) == 6


def test_update_ops_run_before_the_loss_by_default_and_not_if_an_empty_list_is_given(graph, caplog):
    shift = v1.get_variable("shift", initializer=0.0, trainable=False)
    v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, v1.assign_add(shift, 1.0, use_locking=True))
    loss = tf.square(v1.get_variable("w", initializer=1.0))
    optimizer = v1.train.GradientDescentOptimizer(0.0)
    with_updates = learning.create_train_op(loss, optimizer)
    assert not caplog.records
    without = learning.create_train_op(loss, optimizer, update_ops=[])
    assert "does not contain all the update_ops" in caplog.text
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(without)
        assert session.run(shift) == 0.0
        session.run(with_updates)
        assert session.run(shift) == 1.0


def test_only_variables_to_train_are_trained(graph):
    a, b = v1.get_variable("a", initializer=1.0), v1.get_variable("b", initializer=1.0)
    optimizer = v1.train.GradientDescentOptimizer(0.1)
    train_op = learning.create_train_op(tf.square(a) + tf.square(b), optimizer, variables_to_train=[b])
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(train_op)
        np.testing.assert_allclose(session.run([a, b]), [1.0, 0.8])


def test_variables_that_cannot_be_trained_are_named(graph):
    fixed = v1.get_variable("fixed", initializer=1.0, trainable=False)
    optimizer = v1.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="fixed"):
        learning.create_train_op(tf.square(fixed), optimizer, variables_to_train=[fixed])
    with pytest.raises(ValueError, match="at least one variable"):
        learning.create_train_op(tf.square(fixed), optimizer)


@pytest.mark.parametrize("bad", [["w"], [None], "w", 3, tf.constant([1.0])], ids=repr)
def test_variables_to_train_that_are_no_variables_are_an_error(graph, bad):
    loss, optimizer = parabola(), v1.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="variables_to_train: expected a list of variables"):
        learning.create_train_op(loss, optimizer, variables_to_train=bad)
    with pytest.raises(ValueError, match="variables_to_train: expected a list of variables"):
        learning.create_train_op(loss, optimizer, variables_to_train=v1.trainable_variables()[0])


@pytest.mark.parametrize("use_resource", [False, True])
def test_variables_to_train_may_be_of_every_kind_and_parts(graph, use_resource):
    with v1.variable_scope("", use_resource=use_resource, partitioner=tf.compat.v1.fixed_size_partitioner(2)):
        parts = v1.get_variable("parts", [4], initializer=v1.ones_initializer())
    whole = v1.get_variable("whole", initializer=1.0, use_resource=use_resource)
    loss = tf.reduce_sum(tf.square(parts)) + tf.square(whole)
    optimizer = v1.train.GradientDescentOptimizer(0.5)
    train_op = learning.create_train_op(loss, optimizer, variables_to_train=(*parts, whole))
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(train_op)
        np.testing.assert_array_equal(session.run(tf.convert_to_tensor(parts)), np.zeros(4))
        assert session.run(whole) == 0.0


def test_a_loss_that_is_no_scalar_is_an_error_and_one_of_unknown_shape_passes(graph):
    w, optimizer = v1.get_variable("w", initializer=[3.0]), v1.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="total_loss: expected a scalar"):
        learning.create_train_op(tf.square(w), optimizer)
    unknown = v1.placeholder_with_default(tf.reduce_sum(w), shape=None)
    train_op = learning.create_train_op(unknown, optimizer)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert session.run(train_op) == 3.0


@pytest.mark.parametrize(
    "argument, value",
    [
        ("gate_gradients", v1.train.Optimizer.GATE_GRAPH),
        ("aggregation_method", tf.AggregationMethod.EXPERIMENTAL_ACCUMULATE_N),
        ("colocate_gradients_with_ops", True),
    ],
)
def test_arguments_about_gradients_reach_the_optimizer(graph, argument, value):
    class Recording(v1.train.GradientDescentOptimizer):
        def compute_gradients(self, loss, var_list=None, **kwargs):
            self.seen = kwargs
            return super().compute_gradients(loss, var_list, **kwargs)

    optimizer = Recording(0.1)
    learning.create_train_op(parabola(), optimizer, **{argument: value})
    assert optimizer.seen[argument] == value


def test_summarize_gradients_adds_both_summaries_for_each_variable(graph):
    sgd_train_op(summarize_gradients=True)
    names = [tensor.op.name for tensor in v1.get_collection(v1.GraphKeys.SUMMARIES)]
    assert names == ["summarize_grads/w_gradient", "summarize_grads/w_gradient_norm"]


def test_check_numerics_can_be_left_out(graph):
    loss = tf.math.log(-tf.square(v1.get_variable("w", initializer=1.0)))
    optimizer = v1.train.GradientDescentOptimizer(0.1)
    unchecked = learning.create_train_op(loss, optimizer, check_numerics=False)
    checked = learning.create_train_op(loss, optimizer)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert np.isnan(session.run(unchecked))
        with pytest.raises(tf.errors.InvalidArgumentError, match="LossTensor is inf or nan"):
            session.run(checked)


def test_a_keras_optimizer_in_a_graph_is_an_error_that_says_which_work(graph):
    with pytest.raises(TypeError, match=r"optimizer:.*tf\.compat\.v1\.train"):
        learning.create_train_op(parabola(), tf.keras.optimizers.SGD(0.1))


def test_an_optimizer_that_wraps_a_graph_optimizer_works(graph):
    class Wrapper:
        def __init__(self):
            self.inner = v1.train.GradientDescentOptimizer(0.25)

        def compute_gradients(self, *args, **kwargs):
            return self.inner.compute_gradients(*args, **kwargs)

        def apply_gradients(self, *args, **kwargs):
            return self.inner.apply_gradients(*args, **kwargs)

    train_op = learning.create_train_op(parabola(), Wrapper())
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert [session.run(train_op) for _ in range(2)] == [9.0, 2.25]


def test_an_eager_loss_is_an_error_that_shows_both_right_forms():
    optimizer = v1.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match=r"(?s)total_loss:.*tf\.Graph\(\)\.as_default.*lambda"):
        learning.create_train_op(tf.constant(1.0), optimizer)


def test_an_eager_train_op_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="train_op:.*tf.Graph"):
        learning.train(tf.constant(1.0), str(tmp_path))


@pytest.mark.golden
@pytest.mark.parametrize("case", TRAJECTORIES.CASES)
def test_twenty_steps_go_where_tensorflow_1_15_went(case):
    expected = goldens.content("learning_trajectories")["cases"][case]
    parity.same("learning.train", case, TRAJECTORIES.trajectory(learning, case), expected, rtol=0, atol=1e-5)


WITHOUT_V2 = """
import json, goldens
import tensorflow as tf
tf.compat.v1.disable_v2_behavior()
from slimshim import learning
trajectories = goldens.generator("learning_trajectories")
print(json.dumps({case: trajectories.trajectory(learning, case) for case in trajectories.CASES}))
"""


@pytest.mark.golden
def test_the_same_twenty_steps_with_v2_behaviour_switched_off():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    made = subprocess.run(
        [sys.executable, "-c", WITHOUT_V2], env=environment, stdout=subprocess.PIPE, check=True, timeout=300
    )
    trajectories = json.loads(made.stdout.splitlines()[-1])
    expected = goldens.content("learning_trajectories")["cases"]
    assert trajectories.keys() == expected.keys()
    for case, trajectory in trajectories.items():
        parity.same("learning.train", f"{case}, v2 behaviour off", trajectory, expected[case], rtol=0, atol=1e-5)


# train: what it returns and leaves behind.


def test_train_stops_at_number_of_steps_and_leaves_checkpoints_and_events(graph, tmp_path):
    v1.summary.scalar("tag_of_mine", tf.constant(1.0))
    loss = learning.train(sgd_train_op(), str(tmp_path), number_of_steps=3)
    assert loss == 0.5625
    assert saved(tmp_path, 0) == 3.0
    assert saved(tmp_path, 3) == 3.0 / 8
    assert (tmp_path / "graph.pbtxt").exists()
    assert {"tag_of_mine", "global_step/sec"} <= tags(tmp_path)
    kinds = [event.WhichOneof("what") for event in events(tmp_path)]
    assert {"graph_def", "meta_graph_def"} <= set(kinds)
    logs = [(event.session_log.status, event.step) for event in events(tmp_path) if event.HasField("session_log")]
    start, checkpoint, stop = v1.SessionLog.START, v1.SessionLog.CHECKPOINT, v1.SessionLog.STOP
    assert logs == [(start, 0), (checkpoint, 0), (stop, 0)]


def test_train_finds_the_graph_of_its_train_op_outside_of_the_graphs_context(tmp_path):
    with tf.Graph().as_default():
        train_op = sgd_train_op()
    assert tf.executing_eagerly()
    assert learning.train(train_op, str(tmp_path), number_of_steps=2) == 2.25
    assert saved(tmp_path, 2) == 0.75


def test_train_goes_on_from_the_latest_checkpoint(tmp_path):
    for number_of_steps in (2, 5):
        with tf.Graph().as_default():
            learning.train(sgd_train_op(), str(tmp_path), number_of_steps=number_of_steps)
    assert saved(tmp_path, 5) == 3.0 / 2**5


def test_a_finished_training_goes_no_further_when_started_again(tmp_path):
    for _ in range(3):
        with tf.Graph().as_default():
            loss = learning.train(sgd_train_op(), str(tmp_path), number_of_steps=2)
    assert loss == 0.5625
    assert sorted(path.name for path in tmp_path.glob("*.index")) == ["model.ckpt-0.index", "model.ckpt-2.index"]


def test_a_finished_training_is_known_by_another_spelling_of_its_logdir(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for logdir in (str(tmp_path / "logs"), "logs"):
        with tf.Graph().as_default():
            learning.train(sgd_train_op(), logdir, number_of_steps=2)
    names = sorted(path.name for path in (tmp_path / "logs").glob("*.index"))
    assert names == ["model.ckpt-0.index", "model.ckpt-2.index"]


def test_an_aborted_step_after_a_signal_ends_the_training_and_is_not_tried_again(monkeypatch):
    tries = []

    def aborted(session, train_op, global_step, kwargs):
        tries.append(1)
        signal.raise_signal(signal.SIGTERM)
        raise tf.errors.AbortedError(None, None, "a server is gone")

    got = []
    previous = signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
    try:
        with tf.Graph().as_default():
            assert learning.train(sgd_train_op(), None, aborted, number_of_steps=2) is None
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert tries == [1] and got == [signal.SIGTERM]


def test_old_checkpoints_are_kept_track_of_after_a_resume(tmp_path):
    for number_of_steps in range(1, 8):
        with tf.Graph().as_default():
            learning.train(sgd_train_op(), str(tmp_path), number_of_steps=number_of_steps)
    kept = tf.train.get_checkpoint_state(str(tmp_path)).all_model_checkpoint_paths
    assert [os.path.basename(path) for path in kept] == [f"model.ckpt-{n}" for n in range(3, 8)]


def test_an_early_killed_training_resumes_from_its_last_periodic_save(tmp_path):
    class Crash(Exception):
        pass

    def crash_at_four(count):
        if count == 4:
            raise Crash

    with tf.Graph().as_default(), pytest.raises(Crash):
        # An interval that is over at each step: a save before every one.
        learning.train(sgd_train_op(), str(tmp_path), Steps(crash_at_four), save_interval_secs=1e-9)
    steps = Steps()
    with tf.Graph().as_default():
        learning.train(sgd_train_op(), str(tmp_path), steps, number_of_steps=5)
    assert steps.count == 2
    assert saved(tmp_path, 5) == 3.0 / 2**5


def test_without_a_logdir_nothing_is_written(graph, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert learning.train(sgd_train_op(), None, number_of_steps=2) == 2.25
    assert not list(tmp_path.iterdir())


def test_intervals_of_zero_save_at_the_end_alone(graph, tmp_path):
    learning.train(sgd_train_op(), str(tmp_path), number_of_steps=2, save_interval_secs=0, save_summaries_secs=0)
    assert [path.name for path in tmp_path.glob("*.index")] == ["model.ckpt-2.index"]
    assert not tags(tmp_path)


def test_a_saver_and_a_summary_writer_of_the_program_are_used(graph, tmp_path):
    train_op = sgd_train_op()
    v1.get_variable("not_saved", initializer=1.0)
    saver = v1.train.Saver([v1.train.get_global_step(), *v1.trainable_variables("w")])
    writer = v1.summary.FileWriter(str(tmp_path / "elsewhere"))
    learning.train(train_op, str(tmp_path / "logs"), saver=saver, summary_writer=writer, number_of_steps=1)
    assert {name for name, _ in tf.train.list_variables(str(tmp_path / "logs"))} == {"global_step", "w"}
    assert not glob.glob(str(tmp_path / "logs" / "events*"))
    assert "global_step/sec" in tags(tmp_path / "elsewhere")


@pytest.mark.parametrize("given", [False, True])
def test_without_a_logdir_summaries_go_to_the_writer_of_the_program(graph, tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    mine = v1.summary.scalar("tag_of_mine", tf.constant(1.0))
    kwargs = {"summary_op": mine} if given else {}
    writer = v1.summary.FileWriter(str(tmp_path / "elsewhere"))
    learning.train(sgd_train_op(), None, summary_writer=writer, number_of_steps=2, **kwargs)
    assert {"tag_of_mine", "global_step/sec"} <= tags(tmp_path / "elsewhere")
    assert [path.name for path in tmp_path.iterdir()] == ["elsewhere"]
    assert [path.name for path in (tmp_path / "elsewhere").iterdir() if "events" not in path.name] == []


def test_summary_writer_none_writes_no_events(graph, tmp_path):
    kwargs = {}

    def step(session, train_op, global_step, train_step_kwargs):
        kwargs.update(train_step_kwargs)
        return learning.train_step(session, train_op, global_step, train_step_kwargs)

    learning.train(sgd_train_op(), str(tmp_path), step, summary_writer=None, number_of_steps=1)
    assert not glob.glob(str(tmp_path / "events*"))
    assert set(kwargs) == {"should_stop", "should_log"}


def test_traces_are_chrome_json_in_the_logdir(graph, tmp_path):
    learning.train(sgd_train_op(), str(tmp_path), number_of_steps=5, trace_every_n_steps=2)
    traces = sorted(tmp_path.glob("tf_trace-*.json"))
    assert [path.name for path in traces] == ["tf_trace-1.json", "tf_trace-3.json", "tf_trace-5.json"]
    complete = [event for event in json.loads(traces[0].read_text())["traceEvents"] if event["ph"] == "X"]
    assert any("w" in event["args"]["name"] for event in complete)
    assert any(event.HasField("tagged_run_metadata") for event in events(tmp_path))


# train: its arguments.


def test_the_default_step_kwargs_hold_the_documented_keys(graph, tmp_path):
    seen = []

    def step(session, train_op, global_step, kwargs):
        seen.append(set(kwargs))
        return learning.train_step(session, train_op, global_step, kwargs)

    learning.train(sgd_train_op(), str(tmp_path), step, number_of_steps=1, trace_every_n_steps=5)
    assert seen == [{"should_stop", "should_log", "should_trace", "logdir", "summary_writer"}]


def test_step_kwargs_of_the_program_decide_when_to_stop(graph, tmp_path):
    train_op = sgd_train_op()
    kwargs = {"should_stop": tf.greater_equal(v1.train.get_global_step(), 4), "mine": "kept"}
    learning.train(train_op, str(tmp_path), train_step_kwargs=kwargs, number_of_steps=2)
    assert saved(tmp_path, 4) == 3.0 / 2**4
    assert kwargs["mine"] == "kept" and kwargs["summary_writer"] is not None


def test_the_log_line_comes_every_n_steps_with_the_step_that_was_made(graph, tmp_path, caplog):
    v1.logging.set_verbosity(v1.logging.INFO)
    learning.train(sgd_train_op(), str(tmp_path), number_of_steps=4, log_every_n_steps=2)
    lines = [r.getMessage() for r in caplog.records if r.getMessage().startswith("global step ")]
    assert [line.split(" (")[0] for line in lines] == ["global step 2: loss = 2.2500", "global step 4: loss = 0.1406"]


def test_init_op_feed_and_init_fn_run_in_this_order_and_only_without_a_checkpoint(tmp_path):
    order = []
    for number_of_steps in (1, 2):
        with tf.Graph().as_default():
            train_op = sgd_train_op()
            weight = v1.trainable_variables()[0]
            fed = v1.placeholder(tf.float32, [])
            init_op = tf.group(v1.global_variables_initializer())
            with tf.control_dependencies([init_op]):
                init_op = v1.assign(weight, fed)

            def init_fn(session, weight=weight):
                order.append(float(session.run(weight)))

            learning.train(
                train_op,
                str(tmp_path),
                number_of_steps=number_of_steps,
                init_op=init_op,
                init_feed_dict={fed: 8.0},
                init_fn=init_fn,
            )
    assert order == [8.0]
    assert saved(tmp_path, 2) == 2.0


def test_without_any_initialization_training_does_not_start(graph, tmp_path):
    with pytest.raises(RuntimeError, match="ready"):
        learning.train(sgd_train_op(), str(tmp_path), init_op=None, number_of_steps=1)


def test_local_variables_and_tables_are_initialized_by_default(graph, tmp_path):
    local = v1.Variable(2.0, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES])
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [4.0]), 0.0)
    factor = local * table.lookup(tf.constant("a"))
    optimizer = v1.train.GradientDescentOptimizer(0.0)
    train_op = learning.create_train_op(factor * parabola(), optimizer)
    assert learning.train(train_op, str(tmp_path), number_of_steps=1) == 72.0


def test_a_ready_op_that_names_something_stops_the_start(graph, tmp_path):
    with pytest.raises(RuntimeError, match="the_missing_piece"):
        learning.train(sgd_train_op(), str(tmp_path), ready_op=tf.constant(["the_missing_piece"]), number_of_steps=1)


def test_the_session_wrapper_gets_every_step_and_a_session_config_is_obeyed(graph, tmp_path):
    class Wrapped:
        def __init__(self, session):
            self.session, self.runs = session, 0

        def run(self, *args, **kwargs):
            self.runs += 1
            return self.session.run(*args, **kwargs)

    wrapped = []

    def wrapper(session):
        wrapped.append(Wrapped(session))
        return wrapped[0]

    config = v1.ConfigProto(device_count={"CPU": 1}, intra_op_parallelism_threads=1)
    learning.train(sgd_train_op(), str(tmp_path), session_wrapper=wrapper, session_config=config, number_of_steps=3)
    assert wrapped[0].runs >= 3
    assert wrapped[0].session._config.intra_op_parallelism_threads == 1


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"number_of_steps": 0}, "number_of_steps"),
        ({"number_of_steps": -3}, "number_of_steps"),
        ({"logdir": None, "trace_every_n_steps": 10}, "trace_every_n_steps"),
        ({"logdir": None, "summary_op": None}, "summary_op"),
        ({"logdir": None, "saver": object()}, "saver"),
        ({"sync_optimizer": [object()]}, "sync_optimizer: expected a .*SyncReplicasOptimizer, or a list"),
        ({"sync_optimizer": v1.train.GradientDescentOptimizer(0.1)}, "sync_optimizer: expected a .*SyncReplicas"),
        ({"sync_optimizer": []}, "sync_optimizer: expected"),
        ({"number_of_steps": 2.5}, "number_of_steps: expected None or a positive whole number"),
        ({"number_of_steps": "3"}, "number_of_steps: expected None or a positive whole number"),
        ({"trace_every_n_steps": 0}, "trace_every_n_steps: expected None or a positive whole number"),
        ({"trace_every_n_steps": -1}, "trace_every_n_steps: expected None or a positive whole number"),
        ({"log_every_n_steps": None}, "log_every_n_steps: .*0 logs never"),
        ({"train_step_kwargs": None}, "train_step_kwargs: expected a dict"),
        ({"train_op": None}, "train_op"),
    ],
)
def test_bad_arguments_are_named(graph, tmp_path, kwargs, message):
    arguments = {"train_op": sgd_train_op(), "logdir": str(tmp_path), "number_of_steps": 1, **kwargs}
    with pytest.raises(ValueError, match=message):
        learning.train(**arguments)


def test_a_train_op_of_another_graph_is_an_error_that_says_what_to_pass(graph, tmp_path):
    train_op = sgd_train_op()
    with tf.Graph().as_default(), pytest.raises(ValueError, match=r"train_op:.*pass `graph=train_op\.graph`"):
        learning.train(train_op, str(tmp_path), number_of_steps=1)


def test_the_argument_graph_decides_which_graph_is_trained(graph, tmp_path):
    train_op = sgd_train_op()
    with tf.Graph().as_default() as other:
        assert learning.train(train_op, str(tmp_path), graph=graph, number_of_steps=2) == 2.25
    assert graph.finalized and not other.finalized
    assert saved(tmp_path, 2) == 0.75


def test_a_local_init_op_runs_in_place_of_the_default_one(graph):
    local = v1.Variable(2.0, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES])
    train_op = learning.create_train_op(local * parabola(), v1.train.GradientDescentOptimizer(0.0))
    assert learning.train(train_op, None, local_init_op=v1.assign(local, 5.0), number_of_steps=1) == 45.0


def test_threads_that_do_not_end_are_an_error_unless_ignored(monkeypatch):
    monkeypatch.setattr(session_engine, "_STOP_GRACE_SECS", 0.1)
    monkeypatch.setattr(session_engine, "_OWN_END_SECS", 0.1)
    release = threading.Event()

    class Stuck:
        def create_threads(self, *args, **kwargs):
            thread = threading.Thread(target=release.wait, args=(60,), daemon=True)
            thread.start()
            return [thread]

    def train(**kwargs):
        with tf.Graph().as_default():
            v1.add_to_collection(v1.GraphKeys.QUEUE_RUNNERS, Stuck())
            return learning.train(sgd_train_op(), None, number_of_steps=1, **kwargs)

    try:
        with pytest.raises(RuntimeError, match="threads still running"):
            train()
        assert train(ignore_live_threads=True) == 9.0
    finally:
        release.set()


def test_a_trace_without_logdir_in_the_step_kwargs_is_an_error(graph):
    train_op = sgd_train_op()
    with v1.Session() as session, pytest.raises(ValueError, match="logdir"):
        learning.train_step(session, train_op, v1.train.get_global_step(), {"should_trace": tf.constant(True)})


def test_a_logdir_that_cannot_be_written_is_an_error_before_any_step(graph, tmp_path):
    (tmp_path / "file").write_text("in the way")
    steps = Steps()
    with pytest.raises(tf.errors.OpError, match="(?s)logdir:.*Training has not started"):
        learning.train(sgd_train_op(), str(tmp_path / "file" / "logs"), steps, number_of_steps=1)
    assert steps.count == 0


# train: how it ends.


def test_the_end_of_the_input_is_a_clean_end(graph, tmp_path):
    data = v1.data.make_one_shot_iterator(tf.data.Dataset.from_tensors(1.0).repeat(4)).get_next()
    optimizer = v1.train.GradientDescentOptimizer(0.25)
    loss = learning.train(learning.create_train_op(data * parabola(), optimizer), str(tmp_path), save_summaries_secs=0)
    assert loss == 9.0 / 4**3
    assert saved(tmp_path, 4) == 3.0 / 2**4


def test_queue_runners_feed_their_queues_until_the_end(graph, tmp_path):
    queue = tf.queue.FIFOQueue(10, [tf.float32], [()])
    enqueue = queue.enqueue(v1.train.limit_epochs(tf.constant(1.0), num_epochs=5))
    v1.train.add_queue_runner(v1.train.QueueRunner(queue, [enqueue]))
    train_op = learning.create_train_op(queue.dequeue() * parabola(), v1.train.GradientDescentOptimizer(0.25))
    learning.train(train_op, str(tmp_path))
    assert saved(tmp_path, 5) == 3.0 / 2**5


def test_an_error_in_a_queue_runner_is_raised(graph, tmp_path):
    queue = tf.queue.FIFOQueue(10, [tf.float32], [()])
    enqueue = queue.enqueue(tf.debugging.check_numerics(tf.constant(np.nan), "in the input thread"))
    v1.train.add_queue_runner(v1.train.QueueRunner(queue, [enqueue]))
    train_op = learning.create_train_op(queue.dequeue() * parabola(), v1.train.GradientDescentOptimizer(0.25))
    with pytest.raises(tf.errors.InvalidArgumentError, match="in the input thread"):
        learning.train(train_op, str(tmp_path))


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(graph, tmp_path):
    weight = v1.get_variable("w", initializer=1.0)
    # w goes 1, 0.6, -0.07: the third loss is the logarithm of a negative number.
    train_op = learning.create_train_op(tf.math.log(weight), v1.train.GradientDescentOptimizer(0.4))
    with pytest.raises(tf.errors.InvalidArgumentError, match="(?s)LossTensor is inf or nan.*last good.*model.ckpt-2"):
        learning.train(train_op, str(tmp_path), save_interval_secs=1e-9)
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("model.ckpt-2")
    assert np.isfinite(saved(tmp_path, 2))


@pytest.mark.parametrize("number_of_steps", [1, 5])
def test_weights_that_are_not_finite_are_never_saved_though_the_loss_still_was(graph, tmp_path, number_of_steps):
    train_op = sgd_train_op(learning_rate=1e30, start=1e10)
    with pytest.raises(tf.errors.InvalidArgumentError, match="(?s)w.*last good checkpoint is .*model.ckpt-0"):
        learning.train(train_op, str(tmp_path), number_of_steps=number_of_steps, save_interval_secs=1e-9)
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("model.ckpt-0")


def test_without_check_numerics_nothing_is_checked(graph, tmp_path):
    train_op = sgd_train_op(learning_rate=1e30, start=1e10, check_numerics=False)
    learning.train(train_op, str(tmp_path), number_of_steps=1)
    assert np.isinf(saved(tmp_path, 1))


def test_an_aborted_session_is_opened_again_from_the_last_checkpoint(graph, tmp_path):
    def abort_at_three(count):
        if count == 3:
            raise tf.errors.AbortedError(None, None, "the server was restarted")

    steps = Steps(abort_at_three)
    learning.train(sgd_train_op(), str(tmp_path), steps, number_of_steps=4, save_interval_secs=1e-9)
    assert steps.count == 5
    assert saved(tmp_path, 4) == 3.0 / 2**4


# Replicas.


def test_a_synchronous_optimizer_gets_its_queue_runner_and_tokens(graph, tmp_path):
    optimizer = v1.train.SyncReplicasOptimizer(
        v1.train.GradientDescentOptimizer(0.25), replicas_to_aggregate=1, total_num_replicas=1
    )
    train_op = learning.create_train_op(parabola(), optimizer)
    loss = learning.train(train_op, str(tmp_path), number_of_steps=3, sync_optimizer=optimizer)
    assert loss == 9.0 / 4**2
    assert saved(tmp_path, 3) == 3.0 / 2**3


def test_a_synchronous_optimizer_allows_no_startup_delay(graph, tmp_path):
    optimizer = v1.train.SyncReplicasOptimizer(v1.train.GradientDescentOptimizer(0.25), 1)
    train_op = learning.create_train_op(parabola(), optimizer)
    with pytest.raises(ValueError, match="startup_delay_steps"):
        learning.train(train_op, str(tmp_path), sync_optimizer=optimizer, startup_delay_steps=1)


def test_a_worker_waits_for_the_chief_and_for_its_startup_delay(tmp_path):
    server = v1.train.Server.create_local_server()
    chief_began, worker_done = threading.Event(), threading.Event()
    steps_of_worker = []

    def chief_step(*args):
        loss, _ = learning.train_step(*args)
        chief_began.set()
        return loss, worker_done.is_set()

    def worker_step(session, train_op, global_step, kwargs):
        steps_of_worker.append(int(session.run(global_step)))
        loss, _ = learning.train_step(session, train_op, global_step, kwargs)
        return loss, len(steps_of_worker) == 3

    def train(step, **kwargs):
        with tf.Graph().as_default():
            learning.train(sgd_train_op(learning_rate=0.0), master=server.target, train_step_fn=step, **kwargs)

    chief = threading.Thread(target=train, args=(chief_step,), kwargs={"logdir": str(tmp_path / "chief")})
    chief.start()
    try:
        assert chief_began.wait(60)
        train(worker_step, logdir=str(tmp_path / "worker"), is_chief=False, startup_delay_steps=10)
    finally:
        worker_done.set()
        chief.join(60)
    assert len(steps_of_worker) == 3 and steps_of_worker[0] >= 10
    assert not (tmp_path / "worker").exists()
    assert tf.train.latest_checkpoint(str(tmp_path / "chief"))
