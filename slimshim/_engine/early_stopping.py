"""Evaluation while training, and stopping when it gets no better."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import tensorflow as tf

from .._checks import check, error_text, nearest_names, one_of
from ..ops._restore import assign_from_checkpoint
from .callbacks import Callback
from .tape_checkpoints import Saveable, named_variables, quiet_saver
from .tape_evaluation import TapeEvaluation

v1 = tf.compat.v1

_FOLDER = "best"
_STATE = "early_stopping.json"
_MODES = ("min", "max")


class Evaluate(Callback):
    """Evaluates the weights as they are, every so many steps or seconds, and at the end.

    Attributes:
      history: a list of (global step, final values), one for each evaluation of this run.
    """

    def __init__(
        self, eval_op, num_evals=None, *, data=None, every_steps=None, every_secs=None, at_end=True, name="eval"
    ):
        """Makes the callback.

        Args:
          eval_op: a function that measures one batch, and returns streaming metrics or other values,
            as `evaluation.evaluate_once` takes it. It calls the model that is trained.
          num_evals: how many batches; None until the input ends.
          data: where `eval_op` takes arguments, a `tf.data.Dataset` of them.
          every_steps: evaluate after so many steps; None not by steps.
          every_secs: evaluate after so many seconds; None not by the clock.
          at_end: whether to evaluate at the end of the training, too.
          name: the summaries go to the folder of this name in `logdir`.

        Raises:
          ValueError: if nothing says when to evaluate.
        """
        timed = bool(every_steps or every_secs or at_end)
        check(timed, "every_steps", "a number of steps, or every_secs, or at_end=True", every_steps)
        self.history = []
        self._eval_op, self._num_evals, self._data = eval_op, num_evals, data
        self._every_steps, self._every_secs, self._at_end = every_steps, every_secs, at_end
        self._name = name
        self._evaluation = None
        self._after = []
        self._due = None

    def on_train_begin(self, run):
        """Opens the events' file; forgets what an earlier run measured."""
        self.history = []
        logdir = os.path.join(run.logdir, self._name) if run.logdir else None
        self._evaluation = TapeEvaluation(
            self._eval_op,
            num_evals=self._num_evals,
            data=self._data,
            logdir=logdir,
            writes=run.step.replicas.is_chief and run.writes,
        )
        self._due = time.monotonic() + (self._every_secs or 0)

    def on_step_end(self, run, loss):
        """Evaluates if it is time."""
        del loss
        by_steps = self._every_steps and run.global_step % self._every_steps == 0
        # One clock for all processes, for it may take all of them to read the variables.
        by_clock = self._every_secs and run.step.replicas.chief_says(time.monotonic() >= self._due)
        if by_steps or by_clock:
            self.evaluate(run)

    def on_train_end(self, run):
        """Evaluates the last weights, unless that was just done; closes the events' file."""
        if self._at_end and not (self.history and self.history[-1][0] == run.global_step):
            self.evaluate(run)
        self._evaluation.close()

    def evaluate(self, run):
        """Evaluates now; returns the final values."""
        values = self._evaluation.values(run.global_step)
        v1.logging.info("%s at step %d: %s", self._name, run.global_step, _as_text(values))
        self.history.append((run.global_step, values))
        if self._every_secs:
            self._due = time.monotonic() + self._every_secs
        for function in self._after:
            function(run, values)
        return values

    def after_each(self, function):
        """Has `function(run, values)` called after each evaluation."""
        self._after.append(function)


class EarlyStopping(Callback):
    """Stops the training when a metric of an `Evaluate` gets no better, and takes the best weights back.

    With a `logdir` the best state is kept in its folder `best`, as a checkpoint by TF1 names, with
    what was counted; a training that was killed goes on counting there. Without one it is kept in
    memory.

    Attributes:
      best: the best value so far, or None.
      best_step: the global step at which it was measured, or None.
    """

    def __init__(self, evaluation, monitor, *, mode="min", patience=3, min_delta=0.0, restore_best=True):
        """Makes the callback.

        Args:
          evaluation: the `Evaluate` to watch, which stands before this one in the list of callbacks.
          monitor: the name of the metric in its final values; None if that is a single number.
          mode: "min" if less is better, as for losses; "max" if more is.
          patience: after how many evaluations in a row without improvement to stop.
          min_delta: how much better a value must be to count.
          restore_best: whether, at the end, the model and the optimizer get their best state back.
            The global step stays.
        """
        fits = isinstance(evaluation, Evaluate)
        check(fits, "evaluation", "an Evaluate callback", evaluation, error=TypeError)
        check(patience > 0, "patience", "a positive number", patience)
        self.best = self.best_step = None
        self._monitor = monitor
        self._sign = -1.0 if one_of("mode", mode, _MODES) == "max" else 1.0
        self._patience, self._min_delta, self._restore_best = patience, abs(min_delta), restore_best
        self._waited = 0
        self._run = self._keeper = None
        evaluation.after_each(self._compare)

    def on_train_begin(self, run):
        """Takes up what an earlier run counted in the same `logdir`.

        Raises:
          ValueError: if another EarlyStopping keeps its best state there.
        """
        self.best = self.best_step = None
        self._waited = 0
        self._run, self._keeper = run, self._keeper_for(run)
        self._take_up(self._keeper.counted(), run.global_step)
        if self._waited >= self._patience:
            run.request_stop(self._reason())

    def on_train_end(self, run):
        """Takes the best state back."""
        if self._restore_best and self.best_step not in (None, run.global_step):
            v1.logging.info("Restoring the best weights, of step %d.", self.best_step)
            self._keeper.restore(self._state(run), self.best_step)

    def _keeper_for(self, run):
        if not run.logdir:
            return _InMemory()
        owner = run.owner(_FOLDER, self)
        if owner is not self:
            raise ValueError(
                "callbacks: expected one EarlyStopping in a training with a logdir. Received: one of "
                f"{owner._monitor!r} and one of {self._monitor!r}. Both would keep their best state in its folder "
                f"{_FOLDER!r}. Let eval_op compute one number to watch, or pass logdir=None."
            )
        on_disk = _OnDisk(run.logdir, run.step.replicas.is_chief)
        return on_disk if run.writes else _InMemoryAfter(on_disk)

    def _take_up(self, counted, global_step):
        """Takes what holds at the restored step: a run that is killed has counted on since its last checkpoint."""
        if counted is None:
            return
        if counted["best_step"] is not None and counted["best_step"] <= global_step:
            self.best, self.best_step = counted["best"], counted["best_step"]
        if counted["step"] <= global_step:
            self._waited = counted["waited"]

    def _compare(self, run, values):
        if run is not self._run:
            remedy = "Put it there behind its Evaluate."
            check(self._run is not None, "callbacks", "the EarlyStopping in the list, too", self, remedy)
            return  # A later training has the Evaluate alone.
        value = self._value(values)
        better = self.best is None or self._sign * value < self._sign * self.best - self._min_delta
        if better and np.isfinite(value):
            self.best, self.best_step, self._waited = value, run.global_step, 0
            self._keeper.keep(self._state(run), run.global_step)
        else:
            self._waited += 1
        self._keeper.count(
            {"best": self.best, "best_step": self.best_step, "waited": self._waited, "step": run.global_step}
        )
        if self._waited >= self._patience:
            run.request_stop(self._reason())

    def _reason(self):
        what = self._monitor or "the evaluation"
        return f"{what} has not improved on {self.best} of step {self.best_step} in {self._waited} evaluations"

    def _value(self, values):
        if self._monitor is None:
            return float(values)
        if not isinstance(values, dict) or self._monitor not in values:
            known = list(values) if isinstance(values, dict) else []
            near = nearest_names(self._monitor, map(str, known))
            raise ValueError(
                error_text("monitor", f"one of {known}", self._monitor, f"Nearest names: {near}." if near else None)
            )
        return float(values[self._monitor])

    @staticmethod
    def _state(run):
        """Returns the variables to keep, by name: all but the counter of steps."""
        counter = run.step.global_step
        return {name: v for name, v in named_variables(run.step.variables).items() if v is not counter}


class _InMemory:
    """Keeps the best state in memory."""

    def __init__(self):
        self._values = None

    def counted(self):
        return None

    def count(self, counts):
        pass

    def keep(self, variables, step):
        self._values = {name: variable.read_value().numpy() for name, variable in variables.items()}

    def restore(self, variables, step):
        for name, value in self._values.items():
            variables[name].assign(value)


class _InMemoryAfter(_InMemory):
    """Goes on from what an earlier run left on disk, and writes nothing there."""

    def __init__(self, earlier):
        super().__init__()
        self._earlier = earlier

    def counted(self):
        return self._earlier.counted()

    def restore(self, variables, step):
        if self._values is None:
            self._earlier.restore(variables, step)
        else:
            super().restore(variables, step)


class _OnDisk:
    """Keeps the best state in `logdir/best`, and what was counted beside it. Of several processes one writes."""

    def __init__(self, logdir, writes):
        self._writes = writes
        self._folder = os.path.join(logdir, _FOLDER)
        self._path = os.path.join(self._folder, _STATE)

    def counted(self):
        if not tf.io.gfile.exists(self._path):
            return None
        with tf.io.gfile.GFile(self._path) as file:
            return json.load(file)

    def count(self, counts):
        if not self._writes:
            return
        tf.io.gfile.makedirs(self._folder)
        # Whole or not at all, also when killed.
        with tf.io.gfile.GFile(self._path + ".new", "w") as file:
            json.dump(counts, file)
        tf.io.gfile.rename(self._path + ".new", self._path, overwrite=True)

    def keep(self, variables, step):
        saved = Saveable(variables).variables  # It takes all processes to read some.
        if self._writes:
            self._saver(saved).save(None, self._checkpoint(), global_step=step, write_meta_graph=False)

    def restore(self, variables, step):
        assign_from_checkpoint(f"{self._checkpoint()}-{step}", variables)

    def _checkpoint(self):
        return os.path.join(self._folder, "model.ckpt")

    def _saver(self, variables):
        tf.io.gfile.makedirs(self._folder)
        # Two: should it be killed before it has counted the new one, the old one is still there.
        with quiet_saver():
            saver = v1.train.Saver(variables, max_to_keep=2)
            state = tf.train.get_checkpoint_state(self._folder)
            if state is not None:
                saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return saver


def _as_text(values):
    if not isinstance(values, dict):
        return str(values)
    return ", ".join(f"{name} = {float(v):.6g}" for name, v in values.items() if np.ndim(v) == 0)
