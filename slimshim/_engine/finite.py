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
        if checks_its_loss(train_op):
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
        raise _bad_weights(self._names, sizes, advice)


def check_variables(variables, advice):
    """Raises InvalidArgumentError if one of the variables, in TF2 mode, holds an infinity or a NaN.

    Args:
      variables: a sequence of variables.
      advice: a function that returns the end of the message.
    """
    floats = [v for v in variables if v.dtype.is_floating]
    magnitudes = [_magnitude(v) for v in floats]
    if magnitudes and not tf.math.is_finite(tf.add_n(magnitudes)):
        raise _bad_weights([v.name.split(":")[0] for v in floats], [float(size) for size in magnitudes], advice)


def advice(last_checkpoint, saves):
    """Returns what to tell somebody whose loss or weights became inf or nan.

    Args:
      last_checkpoint: the path of the last good checkpoint, or None.
      saves: whether the training saves at all.
    """
    text = "Training has stopped."
    if saves:
        text += f" This state was not saved; the last good checkpoint is {last_checkpoint}."
    return (
        f"{text} Common causes: a learning rate that is too high, gradients that need clip_gradient_norm, "
        "a logarithm or division of zero in the loss, inputs that are not finite."
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


def _bad_weights(names, sizes, advice):
    bad = [name for name, size in zip(names, sizes) if not abs(size) < float("inf")]
    where = ", ".join(bad[:5]) or "their sum of squares"
    return tf.errors.InvalidArgumentError(
        None, None, f"Trainable variables hold values that are inf or nan: {where}. {advice()}"
    )


def _magnitude(variable):
    """Returns a scalar that is finite if every element is: half the sum of squares."""
    with tf.device(variable.device):
        value = variable.read_value()
        if value.dtype != tf.float32:  # Half precision would overflow in the sum.
            value = tf.cast(value, tf.float32)
        return tf.nn.l2_loss(value)


def checks_its_loss(train_op):
    """Returns True for a train op whose value went through `tf.debugging.check_numerics`."""
    if not isinstance(train_op, tf.Tensor):
        return False
    op = train_op.op
    while op.type == "Identity":
        op = op.inputs[0].op
    return op.type.startswith("CheckNumerics")
