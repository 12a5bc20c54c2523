"""`prefetch_queue`: batches made ready ahead of time, in a graph's queue."""

from __future__ import annotations

import tensorflow as tf

from .._tf import in_graph_mode

v1 = tf.compat.v1


def prefetch_queue(tensors, capacity=8, num_threads=1, dynamic_pad=False, shared_name=None, name=None):
    """Returns a queue that is kept filled with `tensors`; `dequeue()` gives one set of them.

    Adds a queue runner, and a scalar summary `fraction_of_<capacity>_full` under the queue's name.
    Graph mode only.

        images, labels = tf.compat.v1.train.batch([image, label], batch_size=32)
        images, labels = prefetch_queue([images, labels]).dequeue()

    Args:
      tensors: a list of tensors, or a dict of them: then `dequeue()` gives a dict.
      capacity: how many sets the queue holds.
      num_threads: how many threads fill it.
      dynamic_pad: whether sizes may differ from set to set. Without it every shape must be known.
      shared_name: the name under which sessions share the queue, or None.
      name: the operations' name scope; "prefetch_queue" by default.

    Raises:
      ValueError: if a shape is not fully known and `dynamic_pad` is False.
      RuntimeError: in TF2 mode.

    Source: `tf.contrib.slim.prefetch_queue.prefetch_queue` of TF 1.15.
    """
    if not in_graph_mode():
        raise RuntimeError(
            "prefetch_queue works in graph mode only, as TF1's queues do. In TF2 mode use tf.data.Dataset.prefetch."
        )
    names, values = _in_fixed_order(tensors)
    with v1.name_scope(name, "prefetch_queue", values):
        make_queue = v1.PaddingFIFOQueue if dynamic_pad else v1.FIFOQueue
        queue = make_queue(
            capacity=capacity,
            dtypes=[value.dtype.base_dtype for value in values],
            shapes=[value.shape for value in values],
            names=names,
            shared_name=shared_name,
        )
        fill = queue.enqueue(tensors)
        v1.train.add_queue_runner(v1.train.QueueRunner(queue, [fill] * num_threads))
        fullness = tf.cast(queue.size(), tf.float32) * (1.0 / capacity)
        v1.summary.scalar(f"fraction_of_{capacity}_full", fullness)
        return queue


def _in_fixed_order(tensors):
    """Returns (names or None, values). Names are sorted, so that every run has one order."""
    if not isinstance(tensors, dict):
        return None, list(tensors)
    names = sorted(tensors)
    return names, [tensors[name] for name in names]
