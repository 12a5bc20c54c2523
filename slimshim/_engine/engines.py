"""Which engine takes the steps: a session for a graph's train op, a tape for a `TrainStep`."""

from __future__ import annotations

from .._checks import check, error_text, one_of
from . import lifted_training, session, tape_loop
from .train_step import TrainStep

_ENGINES = (None, "session", "tape")

# What takes the steps of a graph's train op where nobody says.
_of_graphs = "session"


def use_for_graphs(engine):
    """Makes "session" or "tape" the engine of graphs' train ops for this process; returns the one before."""
    global _of_graphs
    before, _of_graphs = _of_graphs, one_of("engine", engine, _ENGINES[1:])
    return before


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
    if (engine or _of_graphs) == "tape":
        return lifted_training.train(arguments, default_train_step_fn)
    remedy = "It belongs to training under a tape."
    check(not arguments.callbacks, "callbacks", "nothing for a session", arguments.callbacks, remedy)
    check(arguments.data is None, "data", "None for a session", arguments.data, remedy)
    return session.train(arguments)
