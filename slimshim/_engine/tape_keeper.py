"""What a TF2 training run leaves in its logdir: checkpoints and summaries."""

from __future__ import annotations

import itertools
import os

import tensorflow as tf

from .._checks import error_text
from ..ops.summary_ops import scalar_summary
from . import finite
from .defaults import is_default
from .periodic import EverySecs, StepRate
from .tape_checkpoints import TapeCheckpoints

v1 = tf.compat.v1

_writer_count = itertools.count()


class TapeKeeper:
    """Writes checkpoints and events of one run, when it is time.

    Attributes:
      writer: the `tf.summary` writer, or None.
      summaries_due: True if the next step should write its summaries.
      keeps: whether the run writes anything. Known once it has started; a training that had reached its
        last step before writes nothing.
    """

    def __init__(self, arguments, step):
        self._arguments = arguments
        self._step = step
        self._checkpoints = TapeCheckpoints(arguments.logdir, step, arguments.saver) if arguments.logdir else None
        self._actions = []
        self._rate = None
        self._after_save = lambda path: None
        self.writer = None
        self.summaries_due = False
        self.keeps = False

    def after_each_save(self, function):
        """Has `function(path)` called after each checkpoint."""
        self._after_save = function

    def restore(self):
        """Returns the path of the checkpoint that was restored, or None."""
        if self._checkpoints is None:
            return None
        found = self._checkpoints.newest_step
        if self._step.replicas.differ_in(found):
            here = f"The newest checkpoint here is of step {found}." if found >= 0 else "Here it has no checkpoint."
            expected = "a directory that all workers see, with the same checkpoints"
            raise ValueError(error_text("logdir", expected, self._arguments.logdir, here))
        return self._checkpoints.restore()

    def start(self, restored):
        """Begins to count time; opens the writer."""
        a, step = self._arguments, self._step.count
        if self._checkpoints is None and is_default(a.summary_writer):
            return
        if restored and a.number_of_steps is not None and step >= a.number_of_steps:
            # The loop ends after one step, which gives the loss to return. Were it saved, each new
            # start of a finished training would go one step further.
            v1.logging.info("Step %d of %d is reached already: nothing will be saved.", step, a.number_of_steps)
            return
        self.keeps = True
        self.writer = _summary_writer(a, self._step.replicas.is_chief)
        if self.writer is not None and a.save_summaries_secs:
            self._add_summary_actions(a, step)
        if self._checkpoints is not None and a.save_interval_secs:
            saving = EverySecs(a.save_interval_secs, self._save)
            self._actions.append(saving.skip_first() if restored else saving)

    @property
    def due(self):
        """A list with a flag for each action, whether it is time for it. The chief's clock counts for all processes."""
        is_chief = self._step.replicas.is_chief
        return [is_chief and action.is_due for action in self._actions]

    def act(self, due):
        """Does what is due, between steps. All processes do the same, for it takes all of them to read some variables.

        Args:
          due: a flag for each action.
        """
        for action, is_due in zip(self._actions, due):
            if is_due:
                action.call_now()

    def write_scalars(self, loss):
        """Writes the loss and the learning rate of the step that had its summaries due."""
        self.summaries_due = False
        self._write("loss", loss)
        rate = self._step.learning_rate()
        if rate is not None:
            self._write("learning_rate", rate)

    def write_scalar(self, tag, value):
        """Writes a summary at the current step, if there is a writer."""
        if self.writer is not None:
            self._write(tag, value)

    def save_now(self):
        """Writes the checkpoints, if this run keeps any."""
        if self.keeps and self._checkpoints is not None:
            self._save()

    def finish(self):
        """Saves the state after the last step."""
        if not self.keeps:
            return
        if self._checkpoints is not None:
            v1.logging.info("Finished training! Saving model to disk.")
            self._save()
        if self._rate is not None:
            self._write_rate()

    def close(self):
        """Closes the writer, unless it is the program's own."""
        if self.writer is not None:
            self.writer.flush()
            if is_default(self._arguments.summary_writer):
                self.writer.close()

    @property
    def latest_checkpoint(self):
        """The path of the latest checkpoint by names, or None."""
        return self._checkpoints and self._checkpoints.latest

    def advice_after_non_finite(self):
        """Returns what to tell somebody whose loss or weights became inf or nan."""
        return finite.advice(self.latest_checkpoint, saves=self._checkpoints is not None)

    def _add_summary_actions(self, a, step):
        if a.summary_op is not None:
            self._actions.append(EverySecs(a.save_summaries_secs, self._make_summaries_due))
        self._rate = StepRate(step)
        self._actions.append(EverySecs(a.save_summaries_secs, self._write_rate).skip_first())

    def _make_summaries_due(self):
        self.summaries_due = True

    def _write_rate(self):
        rate = self._rate.since_last(self._step.count)
        if rate is not None:
            v1.logging.info("global_step/sec: %g", rate)
            self._write("global_step/sec", rate)

    def _write(self, tag, value):
        with self.writer.as_default(step=self._step.count):
            scalar_summary(tag, tf.convert_to_tensor(value))

    def _save(self):
        """Writes the checkpoints, unless the weights are inf or nan."""
        if self._step.checks_numerics:
            finite.check_variables(self._step.trainable_variables, self.advice_after_non_finite)
        self._checkpoints.save()
        self._after_save(self._checkpoints.latest)


def _summary_writer(a, is_chief):
    """Returns the program's own writer, else one for the logdir, which writes nothing but in the chief; or None."""
    if not is_chief and a.summary_writer is not None:
        return tf.summary.create_noop_writer()
    if not is_default(a.summary_writer):
        return a.summary_writer
    # Event files are named by the second; a second training within one would overwrite the first's.
    return tf.summary.create_file_writer(a.logdir, filename_suffix=f".{os.getpid()}.tf2.{next(_writer_count)}")
