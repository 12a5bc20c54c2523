"""`learning.train` of a `TrainStep`: the TF2 loop, its checkpoints and its events."""

import glob
import io
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import learning
from slimshim._engine.progress import ProgressLine

v1 = tf.compat.v1

PROGRAM = pathlib.Path(__file__).parent / "tape_training_program.py"
INPUTS = np.random.RandomState(0).randn(8, 3).astype("float32")


@pytest.fixture(autouse=True)
def same_weights_at_each_run():
    tf.random.set_seed(1)


def total_loss():
    hidden = slim.fully_connected(
        INPUTS, 4, normalizer_fn=slim.batch_norm, normalizer_params={"is_training": True, "decay": 0.9}
    )
    slim.losses.mean_squared_error(slim.fully_connected(hidden, 1, activation_fn=None), tf.ones([8, 1]))
    return slim.losses.get_total_loss()


def adam():
    return v1.train.AdamOptimizer(0.05)


def parabola_step(w=None, rate=0.25, **options):
    """w starts at 3; at the rate of 0.25 each step halves it; the loss is w²."""
    w = tf.Variable(3.0, name="w") if w is None else w
    return learning.create_train_op(lambda: tf.square(w), v1.train.GradientDescentOptimizer(rate), **options)


def checkpoint_content(path):
    reader = tf.train.load_checkpoint(str(path))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def latest_step(logdir):
    return int(checkpoint_content(tf.train.latest_checkpoint(str(logdir)))["global_step"])


def events(logdir):
    """Returns a list of (step, tag, scalar or None) of all event files."""
    found = []
    for path in sorted(glob.glob(os.path.join(logdir, "events*"))):
        for record in tf.data.TFRecordDataset(path):
            event = v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                number = value.simple_value
                if value.HasField("tensor") and value.tensor.dtype == tf.float32 and not value.tensor.tensor_shape.dim:
                    number = float(tf.make_ndarray(value.tensor))
                found.append((event.step, value.tag, number))
    return found


def test_it_trains_to_the_number_of_steps_and_returns_the_last_loss(tmp_path):
    step = parabola_step()
    assert learning.train(step, str(tmp_path), number_of_steps=3) == 9.0 / 16
    assert int(step.global_step) == 3
    assert latest_step(tmp_path) == 3


def test_the_engine_may_be_named():
    assert learning.train(parabola_step(), None, number_of_steps=1, engine="tape") == 9.0
    for engine in ("session", "horse"):
        with pytest.raises(ValueError, match="engine: expected"):
            learning.train(parabola_step(), None, number_of_steps=1, engine=engine)


def test_without_logdir_it_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert learning.train(parabola_step(), None, number_of_steps=2) == 2.25
    assert os.listdir(tmp_path) == []


def test_training_in_two_parts_ends_where_one_does(tmp_path):
    step = learning.create_train_op(total_loss, adam()).build()
    start = {v.name: v.numpy() for v in step.variables}

    def parts(logdir, ends):
        for end in ends:
            step = learning.create_train_op(total_loss, adam())
            step.build()
            init = lambda session, step=step: [v.assign(start[v.name]) for v in step.variables]  # noqa: E731
            loss = learning.train(
                step, str(tmp_path / logdir), number_of_steps=end, init_fn=init, save_summaries_secs=0
            )
        return loss, checkpoint_content(tmp_path / logdir / f"model.ckpt-{ends[-1]}")

    (whole_loss, whole), (loss, content) = parts("whole", [8]), parts("parts", [3, 8])
    np.testing.assert_allclose(loss, whole_loss, rtol=1e-6)
    assert content.keys() == whole.keys()
    for name, value in whole.items():
        np.testing.assert_allclose(content[name], value, rtol=1e-5, atol=1e-7, err_msg=name)


def test_a_session_goes_on_from_the_checkpoint_and_the_loop_from_the_sessions(tmp_path):
    def in_a_session(end):
        with tf.Graph().as_default():
            train_op = learning.create_train_op(total_loss(), adam())
            return learning.train(train_op, str(tmp_path), number_of_steps=end, save_summaries_secs=0)

    def under_a_tape(end):
        step = learning.create_train_op(total_loss, adam())
        return learning.train(step, str(tmp_path), number_of_steps=end, save_summaries_secs=0)

    for train, end in [(under_a_tape, 5), (in_a_session, 10)]:
        train(end)
    loss = under_a_tape(15)
    # As one engine alone would, from the first checkpoint on.
    alone = tmp_path / "alone"
    alone.mkdir()
    for path in glob.glob(str(tmp_path / "model.ckpt-0*")):
        (alone / os.path.basename(path)).write_bytes(pathlib.Path(path).read_bytes())
    v1.train.update_checkpoint_state(str(alone), str(alone / "model.ckpt-0"))
    step = learning.create_train_op(total_loss, adam())
    alone_loss = learning.train(step, str(alone), number_of_steps=15, save_summaries_secs=0)
    np.testing.assert_allclose(loss, alone_loss, rtol=0, atol=1e-5)


def test_the_checkpoint_has_the_names_and_types_of_the_sessions(tmp_path):
    with tf.Graph().as_default():
        learning.train(learning.create_train_op(total_loss(), adam()), str(tmp_path / "session"), number_of_steps=1)
    learning.train(learning.create_train_op(total_loss, adam()), str(tmp_path / "tape"), number_of_steps=1)
    session, tape = (checkpoint_content(tmp_path / engine / "model.ckpt-1") for engine in ("session", "tape"))
    described = [{name: (v.shape, v.dtype) for name, v in content.items()} for content in (session, tape)]
    assert described[0] == described[1]


def test_the_object_based_checkpoint_restores_by_name_into_other_objects(tmp_path):
    learning.train(parabola_step(), str(tmp_path), number_of_steps=2)
    w = tf.Variable(0.0)
    path = tf.train.latest_checkpoint(str(tmp_path / "tf2"))
    tf.train.Checkpoint(variables={"w": w}).restore(path).expect_partial()
    assert float(w) == 0.75


def test_a_kill_between_the_two_checkpoints_loses_no_step(tmp_path):
    learning.train(parabola_step(), str(tmp_path), number_of_steps=2)
    learning.train(parabola_step(), str(tmp_path), number_of_steps=4)
    v1.train.update_checkpoint_state(str(tmp_path), str(tmp_path / "model.ckpt-2"))
    for path in glob.glob(str(tmp_path / "model.ckpt-4*")):
        os.remove(path)
    assert learning.train(parabola_step(), str(tmp_path), number_of_steps=5) == (3.0 / 2**4) ** 2


def train_with_saver(logdir, names, end, without_objects=False):
    """Trains a parabola with a saver of the named ones among w and the global step; returns the loss."""
    w = tf.Variable(3.0, name="w")
    step = parabola_step(w)
    step.build()
    of_names = {"w": w, "net/w": w, "global_step": step.global_step, "net/global_step": step.global_step}
    saver = v1.train.Saver({name: of_names[name] for name in names}) if names else None
    if without_objects:
        shutil.rmtree(str(logdir / "tf2"))
    return learning.train(step, str(logdir), number_of_steps=end, saver=saver)


@pytest.mark.parametrize("names", [["w"], ["net/w", "net/global_step"]], ids=["partial", "renaming"])
def test_a_training_goes_on_whatever_the_programs_saver_leaves_out_or_renames(tmp_path, names):
    train_with_saver(tmp_path, names, 2)
    assert set(checkpoint_content(tmp_path / "model.ckpt-2")) == set(names)
    assert train_with_saver(tmp_path, names, 5) == (3.0 / 2**4) ** 2


def test_without_the_object_based_checkpoint_the_programs_saver_says_what_is_restored(tmp_path):
    renamed = ["net/w", "net/global_step"]
    train_with_saver(tmp_path / "renamed", renamed, 2)
    assert train_with_saver(tmp_path / "renamed", renamed, 5, without_objects=True) == (3.0 / 2**4) ** 2
    # What it leaves out may be there under its own name.
    train_with_saver(tmp_path / "all", None, 2)
    assert train_with_saver(tmp_path / "all", ["w"], 5, without_objects=True) == (3.0 / 2**4) ** 2
    train_with_saver(tmp_path / "partial", ["w"], 2)
    with pytest.raises(ValueError, match=r"logdir: expected.*leaves out \['global_step'\].*'tf2' has no checkpoint"):
        train_with_saver(tmp_path / "partial", ["w"], 5, without_objects=True)
    train_with_saver(tmp_path / "other", ["w"], 2)
    with pytest.raises(ValueError, match=r"logdir: expected.*missing variable \[net/w\]"):
        train_with_saver(tmp_path / "other", renamed, 5, without_objects=True)


@pytest.mark.parametrize("kind", ["shape", "optimizer"])
def test_a_checkpoint_of_another_model_is_a_clear_error_beside_a_saver_of_the_programs_own(tmp_path, kind):
    train_with_saver(tmp_path, ["w"], 2)
    w = tf.Variable([3.0, 3.0] if kind == "shape" else 3.0, name="w")
    optimizer = v1.train.GradientDescentOptimizer(0.1) if kind == "shape" else adam()
    step = learning.create_train_op(lambda: tf.reduce_sum(tf.square(w)), optimizer)
    with pytest.raises(ValueError, match="logdir: expected an empty directory, or checkpoints of this model"):
        learning.train(step, str(tmp_path), number_of_steps=3, saver=v1.train.Saver({"w": w}))


def test_a_killed_program_resumes_from_a_whole_checkpoint(tmp_path):
    with subprocess.Popen([sys.executable, str(PROGRAM), str(tmp_path)], stdout=subprocess.PIPE, text=True) as program:
        steps = 0
        for _ in program.stdout:
            steps += 1
            if steps == 15:
                program.kill()
    assert program.returncode == -signal.SIGKILL
    reached = latest_step(tmp_path)
    assert steps - 3 <= reached <= steps + 1
    step = parabola_step(rate=1e-3)
    loss = learning.train(step, str(tmp_path), number_of_steps=reached + 3)
    last = int(step.global_step) - 1
    np.testing.assert_allclose(loss, 9.0 * (1 - 2e-3) ** (2 * last), rtol=1e-4)


def test_a_finished_training_makes_one_step_for_its_loss_and_saves_nothing(tmp_path):
    learning.train(parabola_step(), str(tmp_path), number_of_steps=2)
    before = sorted(os.listdir(tmp_path))
    assert learning.train(parabola_step(), str(tmp_path), number_of_steps=2) == 9.0 / 16
    assert sorted(os.listdir(tmp_path)) == before and latest_step(tmp_path) == 2


def test_init_fn_is_called_only_where_there_is_no_checkpoint(tmp_path):
    calls = []
    for end in (1, 2):
        learning.train(parabola_step(), str(tmp_path), number_of_steps=end, init_fn=calls.append)
    assert calls == [None]


def test_a_checkpoint_of_another_model_is_an_error_that_names_the_nearest(tmp_path):
    learning.train(parabola_step(), str(tmp_path), number_of_steps=1)
    other = parabola_step(tf.Variable(1.0, name="scope/w"))
    with pytest.raises(ValueError, match=r"(?s)logdir:.*scope/w.*nearest names there: \['w'\]"):
        learning.train(other, str(tmp_path), number_of_steps=2)


def test_old_checkpoints_are_deleted_over_several_runs(tmp_path):
    for end in range(1, 8):
        learning.train(parabola_step(), str(tmp_path), number_of_steps=end, save_interval_secs=0)
    for pattern in ("model.ckpt-*.index", "tf2/ckpt-*.index"):
        steps = sorted(int(re.search(r"-(\d+)\.", p).group(1)) for p in glob.glob(str(tmp_path / pattern)))
        assert steps == [3, 4, 5, 6, 7]


def test_summaries_of_every_kind_are_written(tmp_path):
    def loss():
        value = total_loss()
        v1.summary.scalar("of_tf1", value)
        slim.summaries.add_scalar_summary(value, "of_slim")
        return value

    step = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.125), summarize_gradients=True)
    last = learning.train(step, str(tmp_path), number_of_steps=1)
    written = {tag: (at, value) for at, tag, value in events(tmp_path)}
    for tag in ("loss", "of_tf1", "of_slim"):
        assert written[tag][0] == 1
        np.testing.assert_allclose(written[tag][1], last, rtol=1e-6, err_msg=tag)
    assert written["learning_rate"] == (1, 0.125)
    assert written["global_step/sec"][1] > 0
    assert "fully_connected/weights_gradient" in written and "fully_connected/weights_gradient_norm" in written


@pytest.mark.parametrize("arguments", [{"save_summaries_secs": 0}, {"summary_writer": None}])
def test_no_summaries_where_none_are_wanted(tmp_path, arguments):
    learning.train(parabola_step(), str(tmp_path), number_of_steps=1, **arguments)
    assert events(tmp_path) == []


def test_without_a_logdir_summaries_go_to_the_writer_of_the_program(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    writer = tf.summary.create_file_writer(str(tmp_path / "elsewhere"))
    learning.train(parabola_step(), None, number_of_steps=2, summary_writer=writer)
    assert {"loss", "global_step/sec"} <= {tag for _, tag, _ in events(tmp_path / "elsewhere")}
    assert os.listdir(tmp_path) == ["elsewhere"]


def test_steps_between_summaries_write_none(tmp_path):
    learning.train(parabola_step(), str(tmp_path), number_of_steps=5)
    assert [at for at, tag, _ in events(tmp_path) if tag == "loss"] == [1]


def test_an_end_of_the_data_ends_training_and_saves(tmp_path):
    batches, w = iter(tf.data.Dataset.from_tensor_slices([1.0, 2.0, 4.0])), tf.Variable(1.0, name="w")
    step = learning.create_train_op(lambda: w * next(batches), v1.train.GradientDescentOptimizer(0.0))
    assert learning.train(step, str(tmp_path)) == 4.0
    assert latest_step(tmp_path) == 3


def test_a_train_step_fn_feeds_the_step_and_decides_when_to_stop(tmp_path):
    w = tf.Variable(0.0, name="w")
    step = learning.create_train_op(lambda x: tf.square(w - x), v1.train.GradientDescentOptimizer(0.5))
    step.build(tf.TensorSpec([]))

    def train_step(session, step, global_step, kwargs):
        return step(tf.constant(kwargs["x"])), int(global_step) == 2

    assert learning.train(step, str(tmp_path), train_step, {"x": 5.0}) == 0.0
    assert float(w) == 5.0 and latest_step(tmp_path) == 2
    assert (1, "loss", 25.0) in events(tmp_path)


def test_a_train_step_fn_that_names_no_end_stops_at_the_number_of_steps():
    step = parabola_step()
    learning.train(step, None, lambda session, step, global_step, kwargs: (step(), False), number_of_steps=3)
    assert int(step.global_step) == 3


def test_a_step_with_arguments_must_be_built_first(tmp_path):
    step = learning.create_train_op(lambda x: x, v1.train.GradientDescentOptimizer(0.5))
    with pytest.raises(TypeError, match=r"train_op:.*train_op\.build"):
        learning.train(step, str(tmp_path))


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(tmp_path):
    w = tf.Variable(0.5, name="w")
    step = learning.create_train_op(lambda: tf.math.log(w), v1.train.GradientDescentOptimizer(0.5))
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"(?s)LossTensor is inf or nan.*last good checkpoint is .*model.ckpt-0"
    ):
        learning.train(step, str(tmp_path), number_of_steps=5)
    assert latest_step(tmp_path) == 0


def test_weights_that_are_no_numbers_are_not_saved(tmp_path):
    w = tf.Variable(3.0, name="w")
    step = parabola_step(w, rate=float("inf"))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Trainable variables hold values that are inf or nan: w"):
        learning.train(step, str(tmp_path), number_of_steps=1)
    assert latest_step(tmp_path) == 0


@pytest.mark.parametrize("number, leaves_by", [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_finishes_the_step_saves_and_leaves(tmp_path, number, leaves_by):
    before = {signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler)}
    before[signal.SIGTERM] = signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def train_step(session, step, global_step, kwargs):
        if int(global_step) == 3:
            os.kill(os.getpid(), number)
        return step(), False

    try:
        with pytest.raises(leaves_by):
            learning.train(parabola_step(), str(tmp_path), train_step)
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
    assert latest_step(tmp_path) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        {"master": "grpc://there"},
        {"is_chief": False},
        {"init_op": "op"},
        {"session_wrapper": len},
        {"number_of_steps": 0},
        {"log_every_n_steps": None},
        {"train_step_kwargs": None},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_arguments_of_sessions_are_clear_errors(tmp_path, arguments):
    with pytest.raises(ValueError, match=next(iter(arguments)) + ": expected"):
        learning.train(parabola_step(), str(tmp_path), **arguments)


def test_a_step_that_does_not_count_can_not_be_trained(tmp_path):
    with pytest.raises(ValueError, match="train_op: expected a TrainStep that counts"):
        learning.train(parabola_step(global_step=None), str(tmp_path))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_one_line_and_a_file_none():
    times = iter([0.0, 1.0, 1.1, 2.0])
    terminal = Terminal()
    line = ProgressLine(0, 10, terminal, clock=lambda: next(times))
    for step in (2, 3, 5):
        line.show(step, 0.5)
    line.close()
    texts = terminal.getvalue().rstrip("\n").split("\r")
    assert [t.strip() for t in texts[1:]] == [
        f"[{'#' * 6}{'.' * 24}] 2/10  loss 0.5000  2.0 steps/s",
        f"[{'#' * 15}{'.' * 15}] 5/10  loss 0.5000  2.5 steps/s",
    ]
    log = io.StringIO()
    plain = ProgressLine(0, None, log, clock=lambda: 9.0)
    plain.show(1, 0.5)
    plain.close()
    assert log.getvalue() == ""
