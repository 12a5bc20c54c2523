"""The TF2 loop: takes the steps of a `TrainStep`, keeps checkpoints and summaries."""

from __future__ import annotations

import threading
import time

import tensorflow as tf

from .._checks import check, error_text
from . import finite
from .batches import Batches, EndOfData
from .callbacks import CallbackList, TrainingRun
from .checkpoint_files import require_writable
from .defaults import is_default
from .plan import check_counts, check_step_kwargs
from .progress import ProgressLine
from .stop_signals import StopSignals
from .tape_keeper import TapeKeeper

v1 = tf.compat.v1


def train(arguments, default_train_step_fn):
    """Returns the last loss, or None if no step was made. See `learning.train`.

    Args:
      arguments: a `TrainArguments` whose `train_op` is a `TrainStep`.
      default_train_step_fn: the value of `train_step_fn` that means the loop's own.
    """
    _validate(arguments, default_train_step_fn)
    callbacks = CallbackList(arguments.callbacks)
    if arguments.logdir and arguments.train_op.replicas.is_chief:
        require_writable(arguments.logdir)
    batches = Batches(arguments.data, arguments.train_op) if arguments.data is not None else None
    _build(arguments.train_op, batches)
    own_step_fn = None if arguments.train_step_fn is default_train_step_fn else arguments.train_step_fn
    # Nothing can be cancelled in eager code, so a step takes as long as it takes.
    with StopSignals(on_stuck=lambda: None, grace_secs=threading.TIMEOUT_MAX) as signals:
        run = _Run(arguments, own_step_fn, signals, callbacks, batches)
        try:
            return run.steps_and_final_save()
        finally:
            run.close()


def _validate(a, default_train_step_fn):
    step = a.train_op
    remedy = "Leave it out: it belongs to training in a session. This train_op is a TrainStep."
    for name in (
        "graph",
        "init_feed_dict",
        "sync_optimizer",
        "session_config",
        "session_wrapper",
        "trace_every_n_steps",
    ):
        check(getattr(a, name) is None, name, "None", getattr(a, name), remedy)
    for name in ("init_op", "local_init_op", "ready_op"):
        check(is_default(getattr(a, name)), name, "nothing", getattr(a, name), remedy)
    check(is_default(a.summary_op) or a.summary_op is None, "summary_op", "nothing, or None", a.summary_op, remedy)
    check(not a.master, "master", "an empty string", a.master, remedy)
    check(a.is_chief, "is_chief", "True", a.is_chief, remedy)
    check(not a.startup_delay_steps, "startup_delay_steps", "0", a.startup_delay_steps, remedy)
    check(a.logdir or a.saver is None, "saver", "nothing, because logdir=None", a.saver, "Pass a logdir.")
    check_counts(a)
    check_step_kwargs(a.train_step_kwargs)
    own = a.train_step_fn is not default_train_step_fn
    remedy = "A train_step_fn feeds the step itself."
    check(a.data is None or not own, "data", "None beside a train_step_fn", a.data, remedy)
    remedy = "Give create_train_op the variable that counts."
    check(step.global_step is not None, "train_op", "a TrainStep that counts its steps", step, remedy)
    check(
        a.global_step is None or a.global_step is step.global_step,
        "global_step",
        "None or the TrainStep's",
        a.global_step,
        remedy,
    )


def _build(step, batches):
    """Makes the variables, so that they can be restored before the first step."""
    if step.variables:
        return
    try:
        step.build(*(batches.specs if batches is not None else ()))
    except TypeError as error:
        if batches is not None or not step.takes_arguments:
            raise
        remedy = (
            "Its function takes arguments: pass `data`, a tf.data.Dataset of them. Or call "
            "train_op.build(tf.TensorSpec(...), ...) first, and pass a train_step_fn."
        )
        raise TypeError(error_text("train_op", "a TrainStep whose variables are made", step, remedy)) from error


class _Run:
    """One training from its first step to its end."""

    def __init__(self, arguments, own_step_fn, signals, callbacks, batches):
        self._arguments = arguments
        self._step = arguments.train_op
        self._take = own_step_fn or self._take_step
        # In a session `train_step_kwargs` carry the end; a program that gives its own decides for itself.
        self._ends_by_itself = own_step_fn is None or is_default(arguments.train_step_kwargs)
        self._signals = signals
        self._callbacks = callbacks
        self._batches = batches
        self._keeper = TapeKeeper(arguments, self._step)
        self._run = TrainingRun(self._step, arguments.logdir, self._keeper)
        self._progress = None

    def steps_and_final_save(self):
        """Returns the last loss as a NumPy scalar."""
        self._start()
        try:
            loss = self._steps()
            self._callbacks.call("on_train_end", self._run)
            self._keeper.finish()
        except tf.errors.InvalidArgumentError as error:
            if not finite.is_non_finite_loss(error):
                raise
            raise finite.with_advice(error, self._keeper.advice_after_non_finite()) from error
        except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
            if not self._step.replicas.spans_workers:
                raise
            raise type(error)(error.node_def, error.op, self._advice_after_a_loss(error)) from error
        return loss.numpy() if hasattr(loss, "numpy") else loss

    def close(self):
        """Ends the progress line and the events."""
        if self._progress is not None:
            self._progress.close()
        self._keeper.close()

    def _start(self):
        a = self._arguments
        restored = self._keeper.restore()
        if restored is None and a.init_fn is not None:
            a.init_fn(None)
        self._keeper.start(restored)
        self._keeper.after_each_save(lambda path: self._callbacks.call("on_checkpoint", self._run, path))
        self._callbacks.call("on_train_begin", self._run)
        self._progress = ProgressLine(self._step.count, a.number_of_steps)

    def _steps(self):
        kwargs = {} if is_default(self._arguments.train_step_kwargs) else self._arguments.train_step_kwargs
        loss, should_stop = None, False
        try:
            while self._goes_on(should_stop):
                self._callbacks.call("on_step_begin", self._run)
                loss, should_stop = self._take(None, self._step, self._step.global_step, kwargs)
                should_stop = should_stop or self._is_at_the_last_step()
                if self._keeper.summaries_due:
                    self._keeper.write_scalars(loss)
                self._callbacks.call("on_step_end", self._run, loss)
            v1.logging.info("Stopping Training.")
        except (tf.errors.OutOfRangeError, EndOfData) as error:
            v1.logging.info("Caught %s. Stopping Training. %s", type(error).__name__, error)
        self._signals.notice()
        return loss

    def _is_at_the_last_step(self):
        last = self._arguments.number_of_steps
        return self._ends_by_itself and last is not None and self._step.count >= last

    def _goes_on(self, should_stop):
        """Does what is due between two steps, unless it is time to stop; all processes stop when one has a reason."""
        own = should_stop or self._run.should_stop or self._signals.received is not None
        stops, *due = self._step.replicas.agreed(own, *self._keeper.due)
        if stops:
            return False
        self._keeper.act(due)
        return True

    def _advice_after_a_loss(self, error):
        latest = self._keeper.latest_checkpoint
        remedy = f"Training goes on from {latest}." if latest else "There is no checkpoint to go on from."
        return f"Another worker of the cluster is gone. Start all of them anew. {remedy}\n{error.message}"

    def _take_step(self, session, step, global_step, kwargs):
        """Returns (loss, whether to stop) after one step, as a `train_step_fn` does."""
        del session, global_step, kwargs
        started = time.perf_counter()
        args = () if self._batches is None else self._batches.next()
        if self._keeper.summaries_due:
            loss = step.with_summaries(self._keeper.writer, *args)
        else:
            loss = step(*args)
        self._report(step.count, loss, started)
        return loss, False

    def _report(self, count, loss, started):
        every = self._arguments.log_every_n_steps
        self._progress.show(count, loss)
        if every > 0 and count % every == 0 and not self._progress.on_a_terminal:
            secs = time.perf_counter() - started
            v1.logging.info("global step %d: loss = %.4f (%.3f sec/step)", count, float(loss), secs)
