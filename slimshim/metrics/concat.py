"""Every value of a stream, end to end in one tensor."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ._streaming import metric_variable, published, streaming_metric

v1 = tf.compat.v1

__all__ = ["streaming_concat"]


@streaming_metric
def streaming_concat(values, axis=0, max_size=None, metrics_collections=None, updates_collections=None, name=None):
    """Returns (value, update): all batches seen, concatenated along `axis`.

    The array behind it grows by half whenever it is full, so that appending costs the same at any
    length.

    Args:
      values: a tensor of a known rank whose dimensions, but for `axis`, are known too.
      axis: the dimension to concatenate along; negative counts from the end.
      max_size: at most so many entries along `axis` are kept, the first ones; None for all.

    Returns:
      value: a tensor of the type of `values`, empty along `axis` before the first batch.
      update: an int32 scalar, the number of entries held after this batch.

    Raises:
      ValueError: if the rank or another dimension than `axis` is unknown, or `axis` out of range.

    Source: `tf.contrib.metrics.streaming_concat`, TF 1.15.
    """
    with v1.variable_scope(name, "streaming_concat", (values,)):
        values = tf.convert_to_tensor(values)
        axis = _checked_axis(values, axis)
        entries = _axis_first(values, axis)
        entry_shape = entries.shape.as_list()[1:]
        array = metric_variable("array", [max_size or 0] + entry_shape, values.dtype, static_shape=[None] + entry_shape)
        size = metric_variable("size", dtype=tf.int32)

        held = tf.ensure_shape(array[:size], [None] + entry_shape)
        value = _axis_back(held, axis)
        update = _append(array, size, entries, max_size)
        return published(value, metrics_collections), published(update, updates_collections)


def _checked_axis(values, axis):
    rank = values.shape.rank
    if rank is None:
        raise ValueError(error_text("values", "a tensor of a statically known rank", values))
    if not -rank <= axis < rank:
        raise ValueError(error_text("axis", f"one of [{-rank}, {rank})", axis))
    axis %= rank
    if None in values.shape.as_list()[:axis] + values.shape.as_list()[axis + 1 :]:
        expected = f"statically known sizes in all dimensions but {axis}"
        raise ValueError(error_text("values", expected, values.shape))
    return axis


def _axis_first(tensor, axis):
    rest = [dim for dim in range(tensor.shape.rank) if dim != axis]
    return tf.transpose(tensor, [axis] + rest)


def _axis_back(tensor, axis):
    order = list(range(1, tensor.shape.rank))
    return tf.transpose(tensor, order[:axis] + [0] + order[axis:], name="concat")


def _append(array, size, entries, max_size):
    """Returns the new size, after writing the entries (of those that still fit) behind the old ones."""
    count = tf.shape(entries)[0]
    if max_size is not None:
        count = tf.minimum(count, max_size - size)
    # One reading of the old size serves all, as the size changes at the end.
    start = tf.identity(size)
    end = start + count
    with tf.control_dependencies([_with_room(array, start, end)]):
        written = array[start:end].assign(entries[:count])
    with tf.control_dependencies([written]):
        return tf.identity(size.assign(end))


def _with_room(array, start, end):
    """Returns an op after which the array has at least `end` entries, the first `start` unchanged."""

    def grow():
        spare = tf.concat([[next_array_size(end) - start], tf.shape(array)[1:]], 0)
        grown = array.assign(tf.concat([array[:start], tf.zeros(spare, array.dtype)], 0))
        with tf.control_dependencies([grown]):
            return tf.constant(True)

    return tf.cond(end > tf.shape(array)[0], grow, lambda: tf.constant(False))


def next_array_size(required_size, growth_factor=1.5):
    """Returns the least whole power of the growth factor, rounded up, that holds the required size.

    Args:
      required_size: an integer or an int32 scalar tensor, at least 1.
      growth_factor: a number above 1.

    Returns:
      An int32 scalar tensor.
    """
    # In float64: float32 has no room for sizes above 2**24.
    required = tf.cast(required_size, tf.float64)
    factor = tf.constant(growth_factor, tf.float64)
    power = tf.math.ceil(tf.math.log(required) / tf.math.log(factor))
    return tf.cast(tf.maximum(tf.math.ceil(tf.pow(factor, power)), required), tf.int32)
