"""The optimizers that a `TrainStep` can apply: TensorFlow 1's, Keras 2's and Keras 3's."""

from __future__ import annotations

import contextlib
import inspect

import tensorflow as tf

from .._checks import error_text
from .._tf.optimizer_variables import eager_variables
from .._tf.scope_counts import automatic_names_from_the_start

v1 = tf.compat.v1

_KINDS = "a tf.compat.v1.train.Optimizer or a Keras optimizer"


class StepOptimizer:
    """One face for the kinds of optimizers.

    Keras is recognized by its methods, so that it is never imported from here.
    """

    def __init__(self, optimizer):
        if not callable(getattr(optimizer, "apply_gradients", None)):
            raise TypeError(error_text("optimizer", _KINDS, optimizer))
        _refuse_loss_scaling(optimizer)
        self._optimizer = optimizer

    def apply(self, gradients_and_variables):
        """Changes the variables; makes the optimizer's own at the first call."""
        with contextlib.ExitStack() as stack:
            with tf.init_scope():
                # TensorFlow 1's make their slots out here, and get the names by counting, too.
                stack.enter_context(automatic_names_from_the_start())
            self._optimizer.apply_gradients(gradients_and_variables)

    def build(self, variables):
        """Makes a Keras optimizer's own variables, in all replicas of a `tf.distribute` strategy at once.

        Left to itself it would make them in the midst of a replica, where they can not be initialized.
        """
        if getattr(self._optimizer, "built", True) or not hasattr(self._optimizer, "build"):
            return

        def build(strategy):
            with tf.init_scope(), strategy.scope():
                self._optimizer.build(variables)

        tf.distribute.get_replica_context().merge_call(build)

    @property
    def variables(self):
        """The optimizer's own `tf.Variable`s: slots, counters, and a learning rate if it is one."""
        found = getattr(self._optimizer, "variables", ())
        if callable(found):  # TensorFlow 1 and older Keras: a method.
            found = found()
        if isinstance(self._optimizer, v1.train.Optimizer):
            known = {id(variable) for variable in found}
            found = [*found, *(v for v in eager_variables(self._optimizer) if id(v) not in known)]
        # Keras 3 wraps variables of its own kind around TensorFlow's.
        return [v if isinstance(v, tf.Variable) else v.value for v in found]

    def learning_rate(self):
        """Returns the current learning rate as a float, or None where there is no telling."""
        for name in ("learning_rate", "_learning_rate", "_lr"):
            rate = getattr(self._optimizer, name, None)
            if rate is None:
                continue
            try:
                return float(rate() if _takes_nothing(rate) else rate)
            except (TypeError, ValueError):
                return None
        return None


def _takes_nothing(value):
    """Returns True for TensorFlow 1's schedules: functions without arguments."""
    if isinstance(value, (tf.Tensor, tf.Variable)) or not callable(value):
        return False
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True


def _refuse_loss_scaling(optimizer):
    scales = hasattr(optimizer, "get_scaled_loss") or hasattr(optimizer, "dynamic_growth_steps")
    if scales or getattr(optimizer, "loss_scale_factor", None):
        # Its gradients would be divided by a scale that the loss never got, and train on nothing.
        remedy = "Use mixed_bfloat16, which needs no loss scaling, or pass the inner optimizer."
        raise TypeError(error_text("optimizer", "an optimizer that does not scale the loss", optimizer, remedy))
