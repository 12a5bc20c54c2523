"""Which engine takes the steps: a session for a graph's train op, a tape for a `TrainStep`."""

from __future__ import annotations

from .._checks import check, error_text, one_of
from . import session, tape_loop
from .train_step import TrainStep

_ENGINES = (None, "session", "tape")


def train(arguments, default_train_step_fn):
    """Returns the last loss, or None if no step was made. See `learning.train`.

    Args:
      arguments: a `TrainArguments`.
      default_train_step_fn: the value of `train_step_fn` that means the tape loop's own.
    """
    engine = one_of("engine", arguments.engine, _ENGINES)
    if isinstance(arguments.train_op, TrainStep):
        if engine == "session":
            remedy = "A TrainStep has no graph. Leave engine out, or build the train op in a tf.Graph."
            raise ValueError(error_text("engine", "None or 'tape' for a TrainStep", engine, remedy))
        return tape_loop.train(arguments, default_train_step_fn)
    if engine == "tape":
        return _train_lifted(arguments, default_train_step_fn)
    remedy = "It belongs to training under a tape."
    check(not arguments.callbacks, "callbacks", "nothing for a session", arguments.callbacks, remedy)
    check(arguments.data is None, "data", "None for a session", arguments.data, remedy)
    return session.train(arguments)


def _train_lifted(arguments, default_train_step_fn):
    """Trains a graph's train op under a tape."""
    del default_train_step_fn
    remedy = "Give create_train_op a function that computes the loss, or leave engine out for a session."
    raise ValueError(error_text("engine", "None or 'session' for a graph's train op", arguments.engine, remedy))
