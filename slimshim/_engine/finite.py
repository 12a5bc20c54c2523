"""Keeping states that are no numbers out of the checkpoints."""

from __future__ import annotations

import re

import tensorflow as tf

v1 = tf.compat.v1

# What `check_numerics` says: its message, and the kinds of values it saw.
_FOUND = re.compile(r"[^\n]*Tensor had [^\n]*values")


class FiniteGuard:
    """Looks whether the trainable variables are finite before they are saved.

    The loss is computed from the weights before a step, so the step that ruins the weights still
    has a finite loss; only the next one shows it. A checkpoint between the two would be a bad one.

    It looks only where the train op itself checks its loss: who passed `check_numerics=False`
    wants no checks.
    """

    def __init__(self, train_op):
        self._magnitudes = []
        if _checks_its_loss(train_op):
            self._magnitudes = [_magnitude(v) for v in v1.trainable_variables() if v.dtype.is_floating]
            self._names = [v.op.name for v in v1.trainable_variables() if v.dtype.is_floating]
        with v1.name_scope("finite_guard"):
            self._all_finite = tf.math.is_finite(tf.add_n(self._magnitudes)) if self._magnitudes else None

    def check(self, session, advice):
        """Raises InvalidArgumentError if a trainable variable holds an infinity or a NaN.

        Args:
          session: the session that holds the variables.
          advice: a function that returns the end of the message.
        """
        if self._all_finite is None or session.run(self._all_finite):
            return
        sizes = session.run(self._magnitudes)
        bad = [name for name, size in zip(self._names, sizes) if not abs(size) < float("inf")]
        names = ", ".join(bad[:5]) or "their sum of squares"
        raise tf.errors.InvalidArgumentError(
            None, None, f"Trainable variables hold values that are inf or nan: {names}. {advice()}"
        )


def is_non_finite_loss(error):
    """Returns True for the error of `tf.debugging.check_numerics`."""
    return isinstance(error, tf.errors.InvalidArgumentError) and bool(_FOUND.search(error.message))


def with_advice(error, advice):
    """Returns the same kind of error: what was found in one line, then `advice`.

    TensorFlow's message buries that line in a stack trace; it stays on as the cause.
    """
    found = _FOUND.search(error.message).group()
    clear = type(error)(error.node_def, None, f"{found}. {advice}")
    clear.__cause__ = error
    return clear


def _magnitude(variable):
    """Returns a scalar that is finite if every element is: half the sum of squares."""
    with tf.device(variable.device):
        value = variable.read_value()
        if value.dtype != tf.float32:  # Half precision would overflow in the sum.
            value = tf.cast(value, tf.float32)
        return tf.nn.l2_loss(value)


def _checks_its_loss(train_op):
    if not isinstance(train_op, tf.Tensor):
        return False
    op = train_op.op
    while op.type == "Identity":
        op = op.inputs[0].op
    return op.type.startswith("CheckNumerics")
