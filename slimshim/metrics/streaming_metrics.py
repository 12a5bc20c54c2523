"""Streaming metrics as an object, for TF2 mode: update it batch by batch, read it, reset it.

def measure(predictions, labels):
    return {
        "accuracy": slim.metrics.streaming_accuracy(predictions, labels),
        "recall": slim.metrics.streaming_recall(predictions, labels),
    }

metrics = slim.metrics.StreamingMetrics(measure)
for images, labels in batches:
    metrics(predict(images), labels)
print(metrics.result())
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import check, error_text
from . import _tf2_streams

__all__ = ["StreamingMetrics", "reset_streaming_metrics"]


class StreamingMetrics:
    """A function that measures one batch with streaming metrics, and the sums over all batches.

    In TF2 mode, eagerly and inside `tf.function`. Two objects of one function share nothing. A metric
    of the function is known by its `name` and its place among the calls, so the function must make
    the same metrics at each call.
    """

    def __init__(self, fn):
        """Makes the object, with sums that are still empty.

        Args:
          fn: a function that returns (value, update) of a streaming metric, or a dict or list of such
            pairs. Values that are no pairs come out as they are.

        Raises:
          TypeError: if `fn` is not callable.
        """
        check(callable(fn), "fn", "a function that measures a batch", fn, error=TypeError)
        self._fn = fn
        self._state = _tf2_streams.StreamingState()
        self._values = None

    def __call__(self, *args, **kwargs):
        """Adds a batch; returns the values after it, in the structure of what the function returns."""
        with _tf2_streams.using_state(self._state):
            values = values_of_pairs(self._fn(*args, **kwargs))
        if tf.executing_eagerly():
            self._values = values
        return values

    def result(self):
        """Returns the values after the last batch, as the last call made outside `tf.function` returned them.

        Raises:
          ValueError: if there was no such call.
        """
        if self._values is None:
            remedy = "Call it with a batch first. Inside tf.function, use what the call returns."
            raise ValueError(error_text("result()", "a batch that was measured", None, remedy))
        return self._values

    def reset(self):
        """Empties the sums."""
        self._state.reset()
        self._values = None

    @property
    def variables(self):
        """The variables that hold the sums."""
        return tuple(self._state.variables)


def reset_streaming_metrics():
    """Empties, in TF2 mode, the sums of all metrics that are shared by name in the process."""
    _tf2_streams.root_state().reset()


def values_of_pairs(measured):
    """Returns what a measuring function returned, with each (value, update) pair replaced by the value.

    Two dicts of the same names are what `aggregate_metric_map` returns: values and updates.
    """
    if isinstance(measured, dict):
        return {name: values_of_pairs(item) for name, item in measured.items()}
    if isinstance(measured, _tf2_streams.ValueAndUpdate):
        return measured[0]
    if isinstance(measured, tuple) and len(measured) == 2 and all(isinstance(item, dict) for item in measured):
        if measured[0].keys() == measured[1].keys():
            return measured[0]
    if isinstance(measured, (list, tuple)) and not hasattr(measured, "_fields"):
        return type(measured)(values_of_pairs(item) for item in measured)
    return measured
