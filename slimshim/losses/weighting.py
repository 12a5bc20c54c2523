"""How weights make one number of a tensor of losses, the TF1 slim way.

`weights` has a rank from 0 to that of the losses. It counts for all the losses that its own axes
do not tell apart: with losses of shape [batch, height, width], weights of shape [batch] weigh
whole samples. The result is the weighted sum, divided by the number of losses whose weight is
not zero, "present" ones; it is 0 where none is.
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import check, error_text
from .collecting import add_loss

v1 = tf.compat.v1


def compute_weighted_loss(losses, weights=1.0, scope=None):
    """Returns the mean of `losses` under `weights`, and adds it to the losses collection.

    sum(losses * weights) / (number of losses with a weight that is not 0); 0 where there are none.
    A weight of shape [1] is TF1's special case: it divides by the elements of one sample alone.

    Args:
      losses: a tensor of shape [batch_size, d1, ... dN] and of any numeric dtype.
      weights: a number, or a tensor of shape [1], [batch_size] or [batch_size, d1, ... dK] with
        K <= N. A last axis of size 1 is dropped.
      scope: the name scope of the ops; `weighted_loss` by default.

    Returns:
      A scalar of the dtype of `losses`; it is computed in float32.

    Raises:
      ValueError: if `weights` is None or its shape does not fit, or a rank is not known.

    Source: `tf.contrib.losses.compute_weighted_loss` of TF 1.15.
    """
    with v1.name_scope(scope, "weighted_loss", [losses, weights]):
        losses = tf.convert_to_tensor(losses)
        dtype = losses.dtype
        losses = tf.cast(losses, tf.float32)
        weights = float_weights(weights)
        check_ranks_known(losses=losses, weights=weights)
        if weights.shape.rank > 1 and weights.shape[-1:].is_compatible_with([1]):
            weights = tf.squeeze(weights, [-1])
        check_weights_fit(losses, weights)
        total = weighted_sum(losses, weights)
        mean = tf.math.divide_no_nan(total, tf.reduce_sum(num_present_per_sample(losses, weights)), name="value")
        mean = tf.cast(mean, dtype)
        add_loss(mean)
        return mean


def float_weights(weights):
    """Returns `weights` as a float32 tensor."""
    if weights is None:
        raise ValueError(error_text("weights", "a number or a tensor", None, "1.0 weighs every loss the same."))
    return tf.cast(tf.convert_to_tensor(weights), tf.float32)


def check_ranks_known(**tensors):
    """Raises ValueError that names the first tensor whose rank is unknown."""
    for argument, tensor in tensors.items():
        check(
            tensor.shape.rank is not None,
            argument,
            "a tensor of known rank",
            tensor,
            "Give it one with set_shape or ensure_shape.",
        )


def check_weights_fit(losses, weights):
    """Raises ValueError unless `weights` can be spread over the leading axes of `losses`."""
    rank = weights.shape.rank
    fits = rank <= losses.shape.rank
    if fits:
        try:
            tf.broadcast_static_shape(losses.shape[:rank], weights.shape)
        except ValueError:
            fits = False
    check(
        fits,
        "weights",
        f"a shape that fits the leading axes of losses of shape {losses.shape}",
        weights.shape.as_list(),
    )


def weighted_sum(losses, weights):
    """Returns sum(losses * weights), with each weight spread over the axes it does not have."""
    per_weight = tf.reduce_sum(losses, axis=list(range(weights.shape.rank, losses.shape.rank)))
    return tf.reduce_sum(per_weight * weights)


def num_present_per_sample(losses, weights):
    """Returns, for each sample, the number of losses whose weight is not 0, as floats.

    The shape is [batch_size], or [1] for weights of shape [1].
    """
    is_present = tf.cast(tf.not_equal(weights, 0), tf.float32)
    if weights.shape.rank == 0:
        is_present = tf.fill(tf.shape(losses)[:1], is_present)
    rank = is_present.shape.rank
    weights_present = tf.reduce_sum(is_present, axis=list(range(1, rank)))
    losses_per_weight = tf.reduce_prod(tf.shape(losses)[rank:])
    return weights_present * tf.cast(losses_per_weight, tf.float32)
