"""Callbacks of the TF2 loop, evaluation while training, early stopping, data as arguments."""

import glob
import os

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import callbacks, learning

v1 = tf.compat.v1


def parabola_step(w, rate=0.25, **options):
    """w starts at 3; at the rate of 0.25 each step halves it; the loss is w²."""
    return learning.create_train_op(lambda: tf.square(w), v1.train.GradientDescentOptimizer(rate), **options)


def variable(value=3.0):
    return tf.Variable(value, name="w")


class Noting(callbacks.Callback):
    def __init__(self, stop_at=None):
        self.notes, self.stop_at = [], stop_at

    def on_train_begin(self, run):
        self.notes.append(("begin", run.global_step))

    def on_step_begin(self, run):
        self.notes.append(("step", run.global_step))

    def on_step_end(self, run, loss):
        self.notes.append(("loss", float(loss)))
        if run.global_step == self.stop_at:
            run.write_scalar("mine", 5.0)
            run.request_stop()

    def on_checkpoint(self, run, path):
        self.notes.append(("saved", os.path.basename(path)))

    def on_train_end(self, run):
        self.notes.append(("end", run.global_step))


def summaries(logdir):
    found = []
    for path in sorted(glob.glob(os.path.join(str(logdir), "events*"))):
        for record in tf.data.TFRecordDataset(path):
            event = v1.Event.FromString(record.numpy())
            found += [(event.step, v.tag, float(tf.make_ndarray(v.tensor))) for v in event.summary.value]
    return found


def test_each_point_of_a_training_is_called_in_order(tmp_path):
    noting = Noting(stop_at=2)
    loss = learning.train(parabola_step(variable()), str(tmp_path), callbacks=[noting], number_of_steps=9)
    assert loss == 2.25
    assert noting.notes == [
        ("begin", 0),
        ("saved", "model.ckpt-0"),
        ("step", 0),
        ("loss", 9.0),
        ("step", 1),
        ("loss", 2.25),
        ("end", 2),
        ("saved", "model.ckpt-2"),
    ]
    assert (2, "mine", 5.0) in summaries(tmp_path)


def test_an_object_with_some_of_the_methods_will_do_and_sees_steps_of_the_programs_own_function():
    class Counting:
        count = 0

        def on_step_end(self, run, loss):
            self.count += 1

    counting, calls = Counting(), []

    def train_step(session, step, global_step, kwargs):
        calls.append(step())
        return calls[-1], len(calls) == 3

    learning.train(parabola_step(variable()), None, train_step, callbacks=[counting])
    assert counting.count == 3


@pytest.mark.parametrize(
    "bad, error",
    [
        (lambda: [tf.keras.callbacks.EarlyStopping()], "not of Keras.*callbacks.EarlyStopping"),
        (lambda: [object()], "on_step_end"),
        (lambda: [Noting], "on_step_end"),
        (lambda: Noting(), "a list of callbacks"),
    ],
)
def test_what_is_no_callback_is_a_clear_error(bad, error):
    with pytest.raises(TypeError, match=f"(?s)callbacks: expected.*{error}"):
        learning.train(parabola_step(variable()), None, callbacks=bad(), number_of_steps=1)


def test_sessions_take_neither_callbacks_nor_data(graph):
    loss = tf.square(v1.get_variable("w", initializer=3.0))
    train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.25))
    for arguments in ({"callbacks": [Noting()]}, {"data": [1.0]}):
        with pytest.raises(ValueError, match=f"{next(iter(arguments))}: expected"):
            learning.train(train_op, None, number_of_steps=1, **arguments)


def weighted_step(w):
    return learning.create_train_op(
        lambda x, y: tf.reduce_mean(w * x + 0.0 * y), v1.train.GradientDescentOptimizer(1.0)
    )


@pytest.mark.parametrize("as_dataset", [True, False], ids=["dataset", "list"])
def test_data_are_the_arguments_of_the_steps_and_end_the_training(tmp_path, as_dataset):
    w = variable(0.0)
    x, y = np.float32([[1, 2], [3, 4], [5, 6]]), np.zeros([3, 2], "float32")
    data = tf.data.Dataset.from_tensor_slices((x, y)) if as_dataset else list(zip(x, y))
    learning.train(weighted_step(w), str(tmp_path), data=data)
    assert float(w) == -(1.5 + 3.5 + 5.5)
    assert os.path.basename(tf.train.latest_checkpoint(str(tmp_path))) == "model.ckpt-3"


def test_data_of_dicts_are_one_argument_and_last_batches_may_be_smaller():
    w = variable(0.0)
    data = tf.data.Dataset.from_tensor_slices({"x": [1.0, 2.0, 3.0]}).batch(2)
    step = learning.create_train_op(lambda d: tf.reduce_sum(w * d["x"]), v1.train.GradientDescentOptimizer(1.0))
    learning.train(step, None, data=data)
    assert float(w) == -6.0


def test_data_that_are_none_or_belong_to_a_function_are_clear_errors():
    step = weighted_step(variable())
    with pytest.raises(TypeError, match="data: expected a tf.data.Dataset"):
        learning.train(step, None, data=3)
    with pytest.raises(ValueError, match="data: expected at least one batch"):
        learning.train(step, None, data=[])
    with pytest.raises(ValueError, match="data: expected None beside a train_step_fn"):
        learning.train(step, None, lambda *_: (0.0, True), data=[(1.0, 1.0)])


def measuring(w):
    def measure(x):
        return {"w": slim.metrics.streaming_mean(w * x), "weight": w + 0.0}

    return measure


ONES = tf.data.Dataset.from_tensor_slices([1.0, 3.0])


def test_evaluation_while_training_is_by_steps_and_at_the_end(tmp_path):
    w = variable()
    evaluation = callbacks.Evaluate(measuring(w), data=ONES, every_steps=2)
    learning.train(parabola_step(w), str(tmp_path), callbacks=[evaluation], number_of_steps=5)
    assert [step for step, _ in evaluation.history] == [2, 4, 5]
    assert [float(values["w"]) for _, values in evaluation.history] == [1.5, 0.375, 0.1875]
    written = summaries(tmp_path / "eval")
    assert (4, "w", 0.375) in written and (4, "weight", 0.1875) in written


def test_evaluation_may_go_by_the_clock():
    w = variable()
    evaluation = callbacks.Evaluate(measuring(w), data=ONES, every_secs=1e-6, at_end=False)
    learning.train(parabola_step(w), None, callbacks=[evaluation], number_of_steps=3)
    assert [step for step, _ in evaluation.history] == [1, 2, 3]
    with pytest.raises(ValueError, match="every_steps: expected"):
        callbacks.Evaluate(measuring(w), data=ONES, at_end=False)


def stopping_at_the_best(w, logdir, number_of_steps=50, **options):
    """Trains w down through 0: |w| falls to 0 at step 3, then grows."""
    step = learning.create_train_op(lambda: 1.0 * w, v1.train.GradientDescentOptimizer(1.0))
    evaluation = callbacks.Evaluate(lambda: {"distance": tf.abs(w)}, 1, every_steps=1)
    stopping = callbacks.EarlyStopping(evaluation, "distance", **options)
    loss = learning.train(step, logdir, callbacks=[evaluation, stopping], number_of_steps=number_of_steps)
    return step, stopping, loss


@pytest.mark.parametrize("on_disk", [True, False], ids=["logdir", "memory"])
def test_training_stops_when_the_metric_gets_no_better_and_takes_the_best_weights(tmp_path, on_disk):
    w = variable()
    step, stopping, _ = stopping_at_the_best(w, str(tmp_path) if on_disk else None, patience=2)
    assert int(step.global_step) == 5 and stopping.best == 0.0 and stopping.best_step == 3
    assert float(w) == 0.0
    if on_disk:
        assert tf.train.load_checkpoint(str(tmp_path)).get_tensor("w") == 0.0


def test_the_last_weights_stay_if_the_best_are_not_wanted():
    w = variable()
    stopping_at_the_best(w, None, patience=2, restore_best=False)
    assert float(w) == -2.0


def test_a_training_that_goes_on_goes_on_counting(tmp_path):
    stopping_at_the_best(variable(), str(tmp_path), number_of_steps=4, patience=3, restore_best=False)
    w = variable()
    step, stopping, _ = stopping_at_the_best(w, str(tmp_path), patience=3)
    assert int(step.global_step) == 6 and stopping.best_step == 3 and float(w) == 0.0
    again, _, loss = stopping_at_the_best(variable(), str(tmp_path), patience=3)
    assert int(again.global_step) == 6 and loss is None


class Killing(callbacks.Callback):
    """Saves after one step, and ends the training with an error after another."""

    def __init__(self, save_at, kill_at):
        self.save_at, self.kill_at = save_at, kill_at

    def on_step_end(self, run, loss):
        if run.global_step == self.save_at:
            run.save()
        if run.global_step == self.kill_at:
            raise KeyboardInterrupt


def falling_step(w):
    """w falls by 1 with each step."""
    return learning.create_train_op(lambda: 1.0 * w, v1.train.GradientDescentOptimizer(1.0))


def watching(w, **options):
    evaluation = callbacks.Evaluate(lambda: {"distance": tf.abs(w)}, 1, every_steps=1)
    return [evaluation, callbacks.EarlyStopping(evaluation, "distance", **options)]


@pytest.mark.parametrize("saved_at, best_step, stops_at", [(4, 3, 6), (3, 3, 5), (2, 3, 5)])
def test_the_best_before_the_last_checkpoint_outlives_a_kill(tmp_path, saved_at, best_step, stops_at):
    w = variable()
    beside = [*watching(w, patience=9), Killing(saved_at, 6)]
    with pytest.raises(KeyboardInterrupt):
        learning.train(falling_step(w), str(tmp_path), callbacks=beside, number_of_steps=50)
    w = variable()
    step = falling_step(w)
    evaluation, stopping = watching(w, patience=2)
    learning.train(step, str(tmp_path), callbacks=[evaluation, stopping], number_of_steps=50)
    assert evaluation.history[0][0] == saved_at + 1
    assert (stopping.best, stopping.best_step, int(step.global_step)) == (0.0, best_step, stops_at)
    assert float(w) == 0.0


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_training_that_was_finished_writes_no_better_state(tmp_path):
    w = variable()
    learning.train(falling_step(w), str(tmp_path), callbacks=watching(w), number_of_steps=2)
    before = files(tmp_path)
    assert any(path.parts[0] == "best" for path in before) and any(path.parts[0] == "eval" for path in before)
    w = variable()
    evaluation, stopping = watching(w)
    learning.train(falling_step(w), str(tmp_path), callbacks=[evaluation, stopping], number_of_steps=2)
    assert (stopping.best, stopping.best_step) == (0.0, 3)
    assert files(tmp_path) == before


def test_a_finished_training_that_gets_worse_takes_the_best_of_before(tmp_path):
    for last in (3, 4):
        w = variable()
        step = falling_step(w)
        learning.train(step, str(tmp_path), callbacks=watching(w, restore_best=True), number_of_steps=3)
        assert int(step.global_step) == last and float(w) == 0.0


@pytest.mark.parametrize("on_disk", [True, False], ids=["logdir", "memory"])
def test_the_same_callbacks_begin_anew_with_each_training(tmp_path, on_disk):
    w = variable()
    beside = watching(w, patience=2)
    for name in ("a", "b"):
        w.assign(3.0)
        step = falling_step(w)
        learning.train(step, str(tmp_path / name) if on_disk else None, callbacks=beside, number_of_steps=50)
        assert [number for number, _ in beside[0].history] == [1, 2, 3, 4, 5]
        assert (beside[1].best, beside[1].best_step, float(w)) == (0.0, 3, 0.0)
    # A training with the Evaluate alone is not stopped.
    learning.train(falling_step(w), None, callbacks=beside[:1], number_of_steps=4)
    assert len(beside[0].history) == 4


def test_early_stopping_has_the_folder_to_itself_and_stands_in_the_list(tmp_path):
    w = variable()
    evaluation, stopping = watching(w)
    other = callbacks.EarlyStopping(evaluation, "distance", patience=2, restore_best=False)
    both = [evaluation, stopping, other]
    with pytest.raises(ValueError, match="callbacks: expected one EarlyStopping in a training with a logdir"):
        learning.train(falling_step(w), str(tmp_path), callbacks=both, number_of_steps=50)
    assert float(w) == 3.0
    learning.train(falling_step(w), None, callbacks=both, number_of_steps=50)
    assert float(w) == 0.0 and stopping.best_step == other.best_step == 3
    evaluation, _ = watching(w)
    with pytest.raises(ValueError, match="callbacks: expected the EarlyStopping in the list, too"):
        learning.train(falling_step(w), None, callbacks=[evaluation], number_of_steps=2)


def test_more_may_be_better_and_small_steps_may_not_count():
    w = variable(0.0)
    step = learning.create_train_op(lambda: -1.0 * w, v1.train.GradientDescentOptimizer(1.0))
    evaluation = callbacks.Evaluate(lambda: tf.minimum(w, 2.0) + 0.01 * w, 1, every_steps=1)
    stopping = callbacks.EarlyStopping(evaluation, None, mode="max", patience=1, min_delta=0.5)
    learning.train(step, None, callbacks=[evaluation, stopping], number_of_steps=9)
    assert int(step.global_step) == 3 and stopping.best_step == 2


def test_a_metric_that_is_not_there_and_bad_arguments_are_clear_errors():
    w = variable()
    evaluation = callbacks.Evaluate(lambda: {"accuracy": tf.abs(w)}, 1, every_steps=1)
    stopping = callbacks.EarlyStopping(evaluation, "acuracy")
    with pytest.raises(ValueError, match=r"monitor: expected one of \['accuracy'\].*Nearest names: \['accuracy'\]"):
        learning.train(parabola_step(w), None, callbacks=[evaluation, stopping], number_of_steps=1)
    with pytest.raises(ValueError, match="mode: expected one of 'min', 'max'"):
        callbacks.EarlyStopping(evaluation, "accuracy", mode="auto")
    with pytest.raises(TypeError, match="evaluation: expected an Evaluate callback"):
        callbacks.EarlyStopping(Noting(), "accuracy")
