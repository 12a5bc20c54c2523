"""Evaluating checkpoints in TF2 mode, where the evaluation is a function of a batch."""

from __future__ import annotations

import inspect
import itertools
import os
import time

import tensorflow as tf

from .._checks import check, error_text
from ..ops._restore import assign_from_checkpoint, open_checkpoint
from ..ops.summary_ops import scalar_summary
from . import contexts
from .batches import Batches, EndOfData
from .checkpoint_files import checkpoints_iterator
from .defaults import is_default
from .eval_step import EvalStep
from .evaluation import StopAfterNEvalsHook, SummaryAtEndHook
from .tape_checkpoints import named_variables

v1 = tf.compat.v1

_TIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
_writer_count = itertools.count()


def is_function(eval_op):
    """Returns True if `eval_op` is a function that measures a batch; raises if that is so within a graph."""
    return contexts.is_step_function("eval_op", eval_op)


class TapeEvaluation:
    """A function that measures a batch, run over many batches, for one checkpoint after another.

    Args of the constructor:
      function: measures a batch, and returns streaming metrics or other values, in a dict say.
      num_evals: how many batches; None for all.
      data: what gives the function's arguments, anew for each evaluation; None if it takes none.
      final_op: None, or a function without arguments that gives the final values.
      initial_op: None, or a function to be called where there is no checkpoint.
      variables_to_restore: None for all that the function uses; a list; a dict by name in the
        checkpoint; or an object with `variables`.
      logdir: where to write summaries, or None.
      summary_op: None writes none; left out, the values and what the function summarizes are written;
        a function is called with the writer as the default one.
      writes: whether the summaries go to a file. Of several processes that evaluate together one writes;
        the others take the same way without a file.
    """

    def __init__(
        self,
        function,
        *,
        num_evals=None,
        data=None,
        final_op=None,
        initial_op=None,
        variables_to_restore=None,
        logdir=None,
        summary_op=0,
        writes=True,
    ):
        fits = num_evals is None or num_evals > 0
        check(fits, "num_evals", "None or a positive number", num_evals)
        for name, value in (("final_op", final_op), ("initial_op", initial_op)):
            check(value is None or callable(value), name, "None or a function, because eval_op is one", value)
        fits = summary_op is None or is_default(summary_op) or callable(summary_op)
        check(fits, "summary_op", "None, nothing or a function, because eval_op is one", summary_op)
        self._step = function if isinstance(function, EvalStep) else EvalStep(function)
        self._num_evals = num_evals
        self._data = data
        self._final_op = final_op
        self._initial_op = initial_op
        self._to_restore = variables_to_restore
        self._summary_op = summary_op
        self._writer = None
        if logdir and summary_op is not None and not writes:
            self._writer = tf.summary.create_noop_writer()
        elif logdir and summary_op is not None:
            suffix = f".{os.getpid()}.eval.{next(_writer_count)}"
            self._writer = tf.summary.create_file_writer(logdir, filename_suffix=suffix)
        self._global_step = tf.Variable(0, dtype=tf.int64, trainable=False)
        # A function without arguments reads an iterator of its own, which goes on from one evaluation to the next.
        check(
            data is not None or not _takes_arguments(function),
            "eval_op",
            "a function without arguments, because data=None",
            function,
        )

    def checkpoint(self, path):
        """Restores a checkpoint and evaluates it; returns the final values."""
        v1.logging.info("Starting evaluation at %s", time.strftime(_TIME_FORMAT))
        batches = self._batches()
        self._step.build(*(batches.specs if batches is not None else ()))
        if path:
            v1.logging.info("Restoring parameters from %s", path)
            assign_from_checkpoint(path, self._variables_to_restore())
            step = _global_step_of(path)
        else:
            step = 0
            if self._initial_op is not None:
                self._initial_op()
        values = self.values(step, batches)
        v1.logging.info("Finished evaluation at %s", time.strftime(_TIME_FORMAT))
        return values

    def values(self, global_step, batches=None):
        """Evaluates the variables as they are; returns the final values.

        Args:
          global_step: the step at which summaries are written.
          batches: a `Batches`, or None for new ones of the data.
        """
        self._global_step.assign(global_step)
        self._step.reset()
        values = self._measure(batches or self._batches())
        if self._final_op is not None:
            values = self._final_op()
        values = tf.nest.map_structure(_as_array, values)
        self._write(values)
        return values

    def close(self):
        """Closes the events' file."""
        if self._writer is not None:
            self._writer.close()

    def _batches(self):
        return None if self._data is None else Batches(self._data)

    def _measure(self, batches):
        values, done = None, 0
        try:
            while self._num_evals is None or done < self._num_evals:
                args = () if batches is None else batches.next()
                values = self._measure_one(args, is_last=done + 1 == self._num_evals)
                done += 1
                self._log(done)
        except (tf.errors.OutOfRangeError, EndOfData):
            v1.logging.info("The input ended after %d batches.", done)
        check(done, "eval_op", "at least one batch", self._data, "The input is empty, or has been read to its end.")
        return values

    def _measure_one(self, args, is_last):
        if is_last and self._writer is not None and is_default(self._summary_op):
            return self._step.with_summaries(self._writer, self._global_step, *args)
        return self._step(*args)

    def _log(self, done):
        total = self._num_evals
        if total is None:
            v1.logging.info("Evaluation [%d]", done)
        elif total < 20 or done % (total // 10) == 0 or done == total:
            v1.logging.info("Evaluation [%d/%d]", done, total)

    def _variables_to_restore(self):
        chosen = self._to_restore
        if chosen is None:
            return named_variables(self._step.variables)
        if isinstance(chosen, dict):
            return chosen
        return named_variables(chosen if isinstance(chosen, (list, tuple)) else chosen.variables)

    def _write(self, values):
        if self._writer is None:
            return
        with self._writer.as_default(step=self._global_step):
            if callable(self._summary_op):
                self._summary_op()
            for name, value in _scalars(values):
                scalar_summary(name, tf.constant(value))
        self._writer.flush()


def evaluate_once(checkpoint_path, function, **options):
    """Returns the final values for one checkpoint. `options` are those of `TapeEvaluation`."""
    evaluation = TapeEvaluation(function, **options)
    try:
        return evaluation.checkpoint(checkpoint_path)
    finally:
        evaluation.close()


def evaluate_repeatedly(
    checkpoint_dir, function, *, eval_interval_secs, max_number_of_evaluations, timeout, timeout_fn, **options
):
    """Returns the final values for the last checkpoint, after evaluating each new one."""
    found = checkpoints_iterator(
        checkpoint_dir, min_interval_secs=eval_interval_secs, timeout=timeout, timeout_fn=timeout_fn
    )
    evaluation = TapeEvaluation(function, **options)
    values = None
    try:
        for count, path in enumerate(found, start=1):
            values = evaluation.checkpoint(path)
            if max_number_of_evaluations is not None and count >= max_number_of_evaluations:
                break
        return values
    finally:
        evaluation.close()


def require_left_out(**arguments):
    """Raises ValueError for arguments that belong to sessions; each must be None or empty."""
    remedy = "Leave it out: it belongs to evaluation in a session. This eval_op is a function."
    for name, value in arguments.items():
        check(not value, name, "nothing", value, remedy)


def require_no_data(data):
    """Raises ValueError if there are data for a graph."""
    remedy = "A graph reads its own input; data are for an eval_op that is a function."
    check(data is None, "data", "None", data, remedy)


def options_of_hooks(hooks):
    """Returns the options that the hooks of this package stand for; others belong to sessions."""
    options = {}
    for hook in hooks or []:
        if isinstance(hook, StopAfterNEvalsHook):
            options["num_evals"] = hook._num_evals
        elif isinstance(hook, SummaryAtEndHook) and hook._log_dir and hook._takes_all_summaries:
            options["logdir"] = hook._log_dir
        else:
            remedy = "Other hooks belong to sessions. This eval_op is a function."
            expected = "StopAfterNEvalsHook, and SummaryAtEndHook with a log_dir alone"
            raise ValueError(error_text("hooks", expected, hook, remedy))
    return options


def _takes_arguments(function):
    try:
        inspect.signature(function).bind()
    except TypeError:
        return True
    except ValueError:  # No signature to be had.
        return False
    return False


def _global_step_of(path):
    """Returns the step that the checkpoint holds, else the number at the end of its path, else 0."""
    reader = open_checkpoint(path)
    if reader.has_tensor("global_step"):
        return int(reader.get_tensor("global_step"))
    number = path.rpartition("-")[2]
    return int(number) if number.isdigit() else 0


def _as_array(value):
    return value.numpy() if hasattr(value, "numpy") else value


def _scalars(values):
    """Yields (name, value) of the scalars in the final values; those of a single value are called `value`."""
    if not isinstance(values, dict):
        values = {"value": values} if not isinstance(values, (list, tuple)) else dict(enumerate(values))
    for name, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{name}/{inner}", number) for inner, number in _scalars(value))
        elif getattr(value, "ndim", 0) == 0 and getattr(value, "dtype", None) is not None and value.dtype.kind in "fiu":
            yield str(name), value
