"""Distances between all pairs of embeddings, and extremes over some of them."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check, error_text


def pairwise_distance(feature, squared=False):
    """Returns the matrix of Euclidean distances between all rows.

    It is |a|^2 + |b|^2 - 2ab, with what rounding makes negative put to zero. Where a distance is
    zero, so is its gradient.

    Args:
      feature: a float tensor of shape [number of rows, dimensions].
      squared: whether to leave out the square root.

    Returns:
      A tensor of shape [number of rows, number of rows] with zeros on its diagonal.

    Source: `tf.contrib.losses.metric_learning` of TF 1.15.
    """
    norms = tf.reduce_sum(tf.square(feature), axis=1, keepdims=True)
    products = tf.matmul(feature, feature, transpose_b=True)
    distances = tf.maximum(norms + tf.transpose(norms) - 2.0 * products, 0.0)
    distances = _no_gradient_at_zero(distances) if squared else safe_sqrt(distances)
    return tf.linalg.set_diag(distances, tf.zeros_like(norms[:, 0]))


def safe_sqrt(squares):
    """Returns the square root, with a gradient of 0 instead of infinity where it is 0."""
    # Both branches are differentiated, so the root must not even be taken of zero.
    positive = tf.where(squares > 0.0, squares, tf.ones_like(squares))
    return tf.where(squares > 0.0, tf.sqrt(positive), tf.zeros_like(squares))


def _no_gradient_at_zero(squares):
    return tf.where(squares > 0.0, squares, tf.zeros_like(squares))


def masked_maximum(data, mask, dim=1):
    """Returns the maximum along an axis over the elements that a mask picks.

    Where it picks none, the result is the minimum over all elements.

    Args:
      data: a float tensor, of shape [n, m] for one.
      mask: a float tensor of zeros and ones of the same shape, or one that broadcasts to it.
      dim: the axis; its size becomes 1.

    Source: `tf.contrib.losses.metric_learning` of TF 1.15.
    """
    least = tf.reduce_min(data, dim, keepdims=True)
    return tf.reduce_max((data - least) * mask, dim, keepdims=True) + least


def masked_minimum(data, mask, dim=1):
    """Returns the minimum along an axis over the elements that a mask picks.

    Where it picks none, the result is the maximum over all elements.

    Args:
      data: a float tensor, of shape [n, m] for one.
      mask: a float tensor of zeros and ones of the same shape, or one that broadcasts to it.
      dim: the axis; its size becomes 1.

    Source: `tf.contrib.losses.metric_learning` of TF 1.15.
    """
    greatest = tf.reduce_max(data, dim, keepdims=True)
    return tf.reduce_min((data - greatest) * mask, dim, keepdims=True) + greatest


def one_for_each_row(labels, embeddings, of="embeddings"):
    """Returns `labels` as a tensor of rank 1, checked to have one label for each row of `embeddings`.

    Raises:
      ValueError: if `labels` has another rank, or another size. Where only running tells the sizes,
        that raises `tf.errors.InvalidArgumentError`.
    """
    labels = tf.convert_to_tensor(labels)
    if labels.shape.rank not in (1, None):
        raise ValueError(
            error_text("labels", "a tensor of rank 1", labels.shape, "tf.squeeze or tf.reshape([-1]) makes one.")
        )
    return of_same_batch("labels", labels, of, embeddings)


def of_same_batch(argument, tensor, other_argument, other):
    """Returns `tensor`, checked to have the batch size of `other`: neither is spread over the other.

    Raises:
      ValueError: if the first dimensions differ. Where only running tells them, that raises
        `tf.errors.InvalidArgumentError`.
    """
    tensor, other = tf.convert_to_tensor(tensor), tf.convert_to_tensor(other)
    expected = f"the batch size of {other_argument}"
    if None not in (tensor.shape.rank, other.shape.rank):
        fits = tensor.shape[:1].is_compatible_with(other.shape[:1])
        check(fits, argument, f"{expected}, whose shape is {other.shape}", tensor.shape)
        if tensor.shape[:1].is_fully_defined() and other.shape[:1].is_fully_defined():
            return tensor
    sizes = tf.shape(tensor)[0], tf.shape(other)[0]
    text = f"{argument}: expected {expected}. Received: sizes of {argument} and of {other_argument}:"
    with tf.control_dependencies([tf.debugging.Assert(tf.equal(*sizes), [text, *sizes])]):
        return tf.identity(tensor)


def of_same_shape(argument, tensor, other_argument, other):
    """Returns `tensor`, checked to have the shape of `other`, the batch size also when run."""
    tensor, other = tf.convert_to_tensor(tensor), tf.convert_to_tensor(other)
    fits = tensor.shape.is_compatible_with(other.shape)
    check(fits, argument, f"the shape of {other_argument}, {other.shape}", tensor.shape)
    return of_same_batch(argument, tensor, other_argument, other)


def same_label(labels):
    """Returns the [batch, batch] bool matrix of which pairs have one label.

    Args:
      labels: a tensor of shape [batch].
    """
    return tf.equal(labels[:, tf.newaxis], labels[tf.newaxis, :])


def without_diagonal(is_same):
    """Returns a bool matrix as floats, with zeros on the diagonal: no row pairs with itself."""
    pairs = tf.cast(is_same, tf.float32)
    return tf.linalg.set_diag(pairs, tf.zeros_like(pairs[0]))
