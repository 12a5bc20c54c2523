"""Penalties on weights: L1, L2, both, and sums of them.

Same public names as ``tf_slim.layers.regularizers``. Note slim's L2: it is
``scale * sum(w**2) / 2``, where Keras's has no half.
"""

import logging
import numbers

import tensorflow as tf

from .._checks import error_text
from ..ops import collections as slim_collections

v1 = tf.compat.v1

__all__ = [
    "apply_regularization",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "sum_regularizer",
]

_logger = logging.getLogger(__name__)


def l1_regularizer(scale, scope=None):
    """Returns a function that gives `scale * sum(|weights|)` as a scalar.

    Args:
        scale: a non-negative float or a scalar tensor. With 0.0 the function gives
            None: no penalty at all.
        scope: str, the name scope of the ops; `l1_regularizer` by default.

    Raises:
        ValueError: if `scale` is negative or an integer.

    Source: `tf.contrib.layers.l1_regularizer` of TF 1.15.
    """
    if _disables(scale, "scale"):
        return _no_penalty

    def l1(weights, name=None):
        """Returns the L1 penalty of `weights`."""
        del name  # Kept for callers that pass it; the scope names the ops.
        return _scaled(scale, weights, scope, "l1_regularizer", lambda: tf.reduce_sum(tf.abs(weights)))

    l1.recipe = (l1_regularizer, {"scale": scale, "scope": scope})
    return l1


def l2_regularizer(scale, scope=None):
    """Returns a function that gives `scale * sum(weights**2) / 2` as a scalar.

    Args:
        scale: a non-negative float or a scalar tensor. With 0.0 the function gives
            None: no penalty at all.
        scope: str, the name scope of the ops; `l2_regularizer` by default.

    Raises:
        ValueError: if `scale` is negative or an integer.

    Source: `tf.contrib.layers.l2_regularizer` of TF 1.15.
    """
    if _disables(scale, "scale"):
        return _no_penalty

    def l2(weights):
        """Returns the L2 penalty of `weights`."""
        return _scaled(scale, weights, scope, "l2_regularizer", lambda: tf.nn.l2_loss(weights))

    l2.recipe = (l2_regularizer, {"scale": scale, "scope": scope})
    return l2


def l1_l2_regularizer(scale_l1=1.0, scale_l2=1.0, scope=None):
    """Returns a function that gives the L1 plus the L2 penalty as a scalar.

    Args:
        scale_l1: a non-negative float or a scalar tensor; 0.0 leaves L1 out.
        scale_l2: a non-negative float or a scalar tensor; 0.0 leaves L2 out.
        scope: str, the name scope of the ops; `l1_l2_regularizer` by default.

    Raises:
        ValueError: if a scale is negative or an integer.

    Source: `tf.contrib.layers.l1_l2_regularizer` of TF 1.15.
    """
    l1_is_off = _disables(scale_l1, "scale_l1")
    l2_is_off = _disables(scale_l2, "scale_l2")
    scope = scope or "l1_l2_regularizer"
    if l1_is_off:
        return l2_regularizer(scale_l2, scope)
    if l2_is_off:
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope=scope)


def sum_regularizer(regularizer_list, scope=None):
    """Returns a function that gives the sum of several penalties.

    Args:
        regularizer_list: a list of functions from weights to a scalar or None.
            A None in the list is skipped.
        scope: str, the name scope of the ops; `sum_regularizer` by default.

    Returns:
        A function from weights to a scalar, or to None where every penalty is
        None; or None itself where the list holds no function.

    Source: `tf.contrib.layers.sum_regularizer` of TF 1.15.
    """
    regularizers = [item for item in regularizer_list if item is not None]
    if not regularizers:
        return None

    def sum_reg(weights):
        """Returns the sum of all penalties of `weights`."""
        with v1.name_scope(scope, "sum_regularizer", [weights]) as name:
            penalties = [regularizer(weights) for regularizer in regularizers]
            penalties = [penalty for penalty in penalties if penalty is not None]
            return tf.add_n(penalties, name=name) if penalties else None

    sum_reg.recipe = (sum_regularizer, {"regularizer_list": regularizers, "scope": scope})
    return sum_reg


def apply_regularization(regularizer, weights_list=None):
    """Returns the penalty summed over many weights, and collects it.

    The sum is also put into the REGULARIZATION_LOSSES collection.

    Args:
        regularizer: a function from one weight to a scalar tensor or None, which
            counts as 0.
        weights_list: a list of tensors or variables; the WEIGHTS collection if it
            is None or empty.

    Returns:
        A scalar tensor.

    Raises:
        ValueError: if there are no weights, or a penalty is not a scalar.

    Source: `tf.contrib.layers.apply_regularization` of TF 1.15.
    """
    if not weights_list:
        weights_list = slim_collections.get_collection(v1.GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError(
            error_text(
                "weights_list",
                "at least one weight",
                weights_list,
                "Pass the weights, or put them into the WEIGHTS collection first.",
            )
        )
    with v1.name_scope(None, "get_regularization_penalty", weights_list) as scope:
        penalties = [_scalar_penalty(regularizer(w)) for w in weights_list]
        total = tf.add_n(penalties, name=scope)
    slim_collections.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, total)
    return total


def _no_penalty(weights):
    """Returns None: what a regularizer of scale 0 gives."""
    del weights
    return None


def _disables(scale, argument):
    """Returns whether `scale` is 0.0 after checking it; a tensor never is."""
    if isinstance(scale, numbers.Integral):
        raise ValueError(error_text(argument, "a float, not an integer", scale, f"Write {float(scale)} instead."))
    if not isinstance(scale, numbers.Real):
        return False
    if scale < 0.0:
        raise ValueError(error_text(argument, "a scale of at least 0.0", scale))
    if scale == 0.0:
        _logger.info("%s=0.0 switches this regularizer off.", argument)
        return True
    return False


def _scaled(scale, weights, scope, default_scope, penalty):
    """Returns scale * penalty() under TF1 slim's op names."""
    with v1.name_scope(scope, default_scope, [weights]) as name:
        factor = tf.convert_to_tensor(scale, dtype=tf.as_dtype(weights.dtype).base_dtype, name="scale")
        return tf.multiply(factor, penalty(), name=name)


def _scalar_penalty(penalty):
    """Returns one regularizer's result as a scalar tensor."""
    if penalty is None:
        return tf.constant(0.0)
    if penalty.shape.rank != 0:
        raise ValueError(
            error_text("regularizer", "a function that returns a scalar", f"a tensor of shape {penalty.shape}")
        )
    return penalty
