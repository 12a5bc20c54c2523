"""Summaries of single tensors, in every mode.

Graph mode: TensorFlow's own summary ops, in the SUMMARIES collection, as TF1 has them. TF2 mode:
events for the default `tf.summary` writer, or nothing where no writer records. They are written
with `tf.summary.write` alone, since the other writing functions of `tf.summary` need TensorBoard
to be installed, which TensorFlow no longer sees to.
"""

from __future__ import annotations

import contextlib
import contextvars
import sys

import tensorflow as tf

from .._checks import error_text
from .._tf import in_graph_mode
from .collections import add_to_collection

v1 = tf.compat.v1

_BUCKETS = 30
_MAX_IMAGES = 3


# (writer, step) of a training loop's step. It is not made the default writer: TensorFlow 1's
# summaries would then want TensorBoard, instead of being collected.
_loops_writer = contextvars.ContextVar("writer_of_the_training_loop", default=None)


@contextlib.contextmanager
def writing_summaries_to(writer, step):
    """A context in which the summaries of TF2 mode go to `writer`, a `tf.summary` writer."""
    token = _loops_writer.set((writer, step))
    try:
        yield
    finally:
        _loops_writer.reset(token)


def op_name(tensor):
    """Returns the name of the op that makes `tensor`, or of the variable.

    An eager tensor has no op. If it was collected as an end point, its first alias stands in.

    Raises:
      ValueError: for an eager tensor without an alias.
    """
    try:
        return tensor.name.rpartition(":")[0] or tensor.name
    except AttributeError:
        aliases = getattr(tensor, "aliases", None)
    if aliases:
        return aliases[0]
    raise ValueError(
        error_text("tensor", "a tensor that has a name", tensor, "An eager tensor has none. Give the summary a name.")
    )


def scalar_summary(name, tensor, print_summary=False):
    """Returns the summary of a scalar: a string tensor, or in TF2 mode whether it was written.

    Args:
      name: the summary's tag, within the current name scope.
      tensor: a numeric scalar.
      print_summary: whether each run also prints the value.
    """
    if in_graph_mode():
        return _graph_summary(v1.summary.scalar, name, tensor, print_summary)
    return _write("scalars", name, tensor, lambda: tf.cast(tensor, tf.float32), print_summary)


def histogram_summary(name, tensor):
    """Returns the summary of the values of a tensor: as `scalar_summary`."""
    if in_graph_mode():
        return _graph_summary(v1.summary.histogram, name, tensor, False)
    return _write("histograms", name, tensor, lambda: _buckets(tensor), False)


def image_summary(name, tensor, print_summary=False):
    """Returns the summary of up to 3 images: as `scalar_summary`.

    Args:
      name: the summary's tag, within the current name scope.
      tensor: images of shape [batch, height, width, 1, 3 or 4]: uint8, or float, which TF1 scales
        to fit and TF2 mode takes to lie within [0, 1].
      print_summary: whether each run also prints the values.
    """
    if in_graph_mode():
        return _graph_summary(v1.summary.image, name, tensor, print_summary)
    return _write("images", name, tensor, lambda: _pngs(tensor), print_summary)


def print_with(tensor, *message):
    """Returns `tensor` so that a run of it also prints `message` on the standard output."""
    printing = tf.print(*message, output_stream=sys.stdout)
    if printing is None:  # Eager: it has printed.
        return tensor
    with tf.control_dependencies([printing]):
        return tf.identity(tensor)


def _graph_summary(summary_fn, name, tensor, print_summary):
    if not print_summary:
        return summary_fn(name, tensor)
    # Only the op that prints may be collected, or merged summaries would not print.
    summary = print_with(summary_fn(name, tensor, collections=[]), name, tensor)
    add_to_collection(v1.GraphKeys.SUMMARIES, summary)
    return summary


# --- TF2 mode ---------------------------------------------------------------------------------


def _write(plugin, name, tensor, data, print_summary):
    """Writes data() for the TensorBoard plugin; the writer decides whether this step is recorded."""
    if print_summary:
        tf.print(name, tensor, output_stream=sys.stdout)
    metadata = v1.SummaryMetadata(plugin_data=v1.SummaryMetadata.PluginData(plugin_name=plugin))
    with _writer_as_default(), tf.summary.experimental.summary_scope(name, values=[tensor]) as (tag, _):
        return tf.summary.write(tag, data, step=_step(), metadata=metadata)


def _writer_as_default():
    if _loops_writer.get() is None:
        return contextlib.nullcontext()
    writer, step = _loops_writer.get()
    return writer.as_default(step=step)


def _step():
    """Returns the step set for `tf.summary`, else the global step, else None."""
    step = tf.summary.experimental.get_step()
    return v1.train.get_global_step() if step is None else step


def _buckets(tensor):
    """Returns [buckets, 3]: left edge, right edge and count of each, as TensorBoard reads them."""
    values = tf.reshape(tf.cast(tensor, tf.float64), [-1])
    low, high = (_or_zero(values, reduce(values)) for reduce in (tf.reduce_min, tf.reduce_max))
    edges = low + (high - low) * tf.cast(tf.range(_BUCKETS + 1), tf.float64) / _BUCKETS
    places = tf.math.divide_no_nan((values - low) * _BUCKETS, high - low)
    index = tf.minimum(tf.cast(places, tf.int32), _BUCKETS - 1)
    counts = tf.math.unsorted_segment_sum(tf.ones_like(values), index, _BUCKETS)
    return tf.stack([edges[:-1], edges[1:], counts], axis=1)


def _or_zero(values, extreme):
    # The least of no values is infinite, and no bucket's edge.
    return tf.where(tf.size(values) > 0, extreme, tf.zeros_like(extreme))


def _pngs(tensor):
    """Returns [width, height, PNG...] as strings, as TensorBoard reads them."""
    images = tf.image.convert_image_dtype(tensor[:_MAX_IMAGES], tf.uint8, saturate=True)
    pngs = tf.map_fn(tf.image.encode_png, images, fn_output_signature=tf.string)
    sizes = tf.shape(images)
    return tf.concat([tf.as_string(tf.stack([sizes[2], sizes[1]])), pngs], axis=0)
