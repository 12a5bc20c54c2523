"""The regularization losses of a Module's last call, for whoever asks: this thread, another one, a trace."""

from __future__ import annotations

import threading

import tensorflow as tf

v1 = tf.compat.v1


class LastLosses:
    """Keeps the losses of the last call.

    A loss that the asking code cannot use is computed anew from its variable: a tensor of a
    function's trace when the trace is over, or one that another thread or replica made, which this
    one's gradient tape has not seen.
    """

    def __init__(self):
        self._last = ()
        self._of_thread = threading.local()

    def set(self, pairs):
        """Makes these pairs those of the last call: (loss or None, function that computes it anew or None)."""
        self._last = self._of_thread.pairs = tuple(pairs)

    def add(self, pairs):
        """Adds pairs to those that are there."""
        self.set([*self._last, *pairs])

    def get(self):
        """Returns the losses, a list of scalars."""
        last = self._last
        own = getattr(self._of_thread, "pairs", ())
        if own is last:
            return [loss if _is_usable(loss) else _anew(loss, recipe) for loss, recipe in last]
        return [_anew(loss, recipe) for loss, recipe in own or last]


def _anew(loss, recipe):
    return loss if recipe is None else recipe()


def _is_usable(loss):
    """Returns whether code that runs now can compute with `loss`."""
    if loss is None:
        return False
    try:
        graph = getattr(loss, "graph", None)
    except AttributeError:  # An eager tensor; it has the attribute, and raises.
        return True
    if graph is None or not graph.building_function:
        return True
    here = None if tf.executing_eagerly() else v1.get_default_graph()
    while here is not None and here is not graph:
        here = getattr(here, "outer_graph", None)
    return here is graph
