"""What a program hangs into the TF2 loop: callbacks, and what they see of the run."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

_METHODS = ("on_train_begin", "on_step_begin", "on_step_end", "on_checkpoint", "on_train_end")


class Callback:
    """Something that happens at points of a training. Override what you need; each does nothing by itself.

    Pass instances as `learning.train(step, logdir, callbacks=[...])`. They are called in their order.
    `run` is the `TrainingRun`.
    """

    def on_train_begin(self, run):
        """Called once, with the variables restored, before the first step."""

    def on_step_begin(self, run):
        """Called before each step."""

    def on_step_end(self, run, loss):
        """Called after each step; `loss` is what the step returned, a scalar tensor."""

    def on_checkpoint(self, run, path):
        """Called after each checkpoint was written; `path` is the one by TF1 names."""

    def on_train_end(self, run):
        """Called after the last step, before the state is saved; not after an error."""


class TrainingRun:
    """A training that is running, as callbacks see it.

    Attributes:
      step: the `TrainStep`.
      logdir: the directory of checkpoints and events, or None.
    """

    def __init__(self, step, logdir, keeper):
        self.step = step
        self.logdir = logdir
        self._keeper = keeper
        self._stops_because = None
        self._owners = {}

    @property
    def global_step(self):
        """How many steps were taken, an int."""
        return self.step.count

    @property
    def writes(self):
        """Whether the run leaves anything in `logdir`. A training that had reached its last step before does not."""
        return bool(self.logdir) and self._keeper.keeps

    @property
    def should_stop(self):
        """Whether `request_stop` was called."""
        return self._stops_because is not None

    def request_stop(self, reason="a callback asked for it"):
        """Ends the training after this step; the state is saved then.

        Args:
          reason: why, for the log.
        """
        if self._stops_because is None:
            v1.logging.info("Stopping at step %d: %s.", self.global_step, reason)
            self._stops_because = reason

    def owner(self, folder, callback):
        """Returns the callback that has a folder in `logdir` to itself: the first that asked for it.

        Args:
          folder: the folder's name.
          callback: who asks.
        """
        return self._owners.setdefault(folder, callback)

    def write_scalar(self, tag, value):
        """Writes a summary at the current step, if the run has a writer.

        Args:
          tag: the summary's name.
          value: a number, or a scalar tensor.
        """
        self._keeper.write_scalar(tag, value)

    def save(self):
        """Writes the checkpoints now, out of turn; without a logdir it does nothing."""
        self._keeper.save_now()


class CallbackList:
    """The callbacks of a run, called as one."""

    def __init__(self, callbacks):
        self._callbacks = [_checked(callback) for callback in _as_list(callbacks)]

    def call(self, method, *args):
        """Calls the method of each callback that has it."""
        for callback in self._callbacks:
            function = getattr(callback, method, None)
            if function is not None:
                function(*args)

    def __bool__(self):
        return bool(self._callbacks)


def _as_list(callbacks):
    if callbacks is None:
        return []
    if isinstance(callbacks, (list, tuple)):
        return list(callbacks)
    remedy = "Wrap it into a list."
    raise TypeError(error_text("callbacks", "a list of callbacks", callbacks, remedy))


def _checked(callback):
    if callable(getattr(callback, "set_model", None)):
        remedy = (
            "It acts on a Keras model and its epochs, which this loop does not have. Derive from callbacks.Callback; "
            "callbacks.EarlyStopping is there ready-made."
        )
        raise TypeError(error_text("callbacks", "callbacks of this loop, not of Keras", callback, remedy))
    if isinstance(callback, type) or not any(callable(getattr(callback, name, None)) for name in _METHODS):
        expected = f"objects with one of the methods {', '.join(_METHODS)}"
        raise TypeError(error_text("callbacks", expected, callback))
    return callback
