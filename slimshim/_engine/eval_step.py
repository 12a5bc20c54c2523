"""`EvalStep`: a function that measures one batch, and its metrics over many."""

from __future__ import annotations

import tensorflow as tf

from ..metrics.streaming_metrics import StreamingMetrics
from .step_summaries import quiet_summaries, recording
from .step_variables import StepVariables

v1 = tf.compat.v1


class EvalStep:
    """A function that measures one batch in TF2 mode, traced, with variables and metrics of its own.

    Slim layers that it calls outside any Module find their weights in a store of this object's own,
    under their TF1 names, so that a checkpoint of a training fills them.
    """

    def __init__(self, function):
        self._function = function
        self._variables = StepVariables()
        self._metrics = StreamingMetrics(self._measure)
        self._traced = tf.function(self._metrics, autograph=False)
        self._recording = (None, None)

    def __call__(self, *args):
        """Measures a batch; returns the values of the metrics after it."""
        return self._traced(*args)

    def with_summaries(self, writer, global_step, *args):
        """Measures a batch and writes the summaries that the function makes; returns the values.

        Args:
          writer: a `tf.summary` writer.
          global_step: an int64 scalar variable, at which they are written.
          *args: as for a call.
        """
        if self._recording[0] is not writer:
            # `recording` writes one step on, as after a training step.
            step = recording(self._metrics, writer, global_step, ahead=0)
            self._recording = (writer, tf.function(step, autograph=False))
        return self._recording[1](*args)

    def build(self, *specs):
        """Makes all variables without measuring anything.

        Args:
          *specs: a `tf.TypeSpec` for each argument of the function.
        """
        self._traced.get_concrete_function(*specs)

    def reset(self):
        """Empties the sums of the metrics."""
        self._metrics.reset()

    @property
    def variables(self):
        """The model's variables that the function uses; empty before the first call or `build`."""
        sums = {id(variable) for variable in self._metrics.variables}
        return tuple(variable for variable in self._variables.used if id(variable) not in sums)

    def _measure(self, *args):
        with quiet_summaries(), self._variables.for_call():
            measured = self._function(*args)
        self._variables.note()
        return measured
