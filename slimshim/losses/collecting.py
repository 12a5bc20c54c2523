"""The losses of a step: put into a collection by each loss function, summed for training."""

from __future__ import annotations

import tensorflow as tf

from ..ops.arg_scope import add_arg_scope
from ..ops.collections import add_to_collection, get_collection

v1 = tf.compat.v1


@add_arg_scope
def add_loss(loss, loss_collection=v1.GraphKeys.LOSSES):
    """Adds a loss that the program made itself to the losses of the graph or step.

    Args:
      loss: a loss tensor.
      loss_collection: the collection's name; None or "" to add it nowhere.

    Source: `tf.contrib.losses.add_loss` of TF 1.15.
    """
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope=None, loss_collection=v1.GraphKeys.LOSSES):
    """Returns the list of losses of the graph or step.

    Args:
      scope: a regular expression that a loss's name must match from its start, or None.
      loss_collection: the collection's name.

    Source: `tf.contrib.losses.get_losses` of TF 1.15.
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope=None):
    """Returns the list of regularization losses of the graph or step.

    Args:
      scope: a regular expression that a loss's name must match from its start, or None.

    Source: `tf.contrib.losses.get_regularization_losses` of TF 1.15.
    """
    return get_collection(v1.GraphKeys.REGULARIZATION_LOSSES, scope)


def get_total_loss(add_regularization_losses=True, name="total_loss"):
    """Returns the sum of all losses of the graph or step, a scalar.

    Args:
      add_regularization_losses: whether the regularization losses are part of the sum.
      name: the name of the sum's op.

    Raises:
      ValueError: if there are no losses at all.

    Source: `tf.contrib.losses.get_total_loss` of TF 1.15.
    """
    losses = list(get_losses())
    if add_regularization_losses:
        losses += get_regularization_losses()
    if not losses:
        raise ValueError(
            "There are no losses to sum. Call a loss function or add_loss first, in the same graph; "
            "in TF2 mode, within the same call of the same Module."
        )
    return tf.add_n(losses, name=name)
