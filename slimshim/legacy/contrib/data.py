"""`tensorflow.contrib.data`: what `tf.data` has under another name. The rest is
`tf.compat.v1.data.experimental`'s, under the same name.
"""

from __future__ import annotations

import tensorflow as tf

from . import nest

__all__ = [
    "assert_element_shape",
    "batch_and_drop_remainder",
    "padded_batch_and_drop_remainder",
    "reduce_dataset",
    "sloppy_interleave",
]


def batch_and_drop_remainder(batch_size):
    """Returns a transformation for `Dataset.apply`: full batches alone."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(batch_size, padded_shapes, padding_values=None):
    """Returns a transformation for `Dataset.apply`: full padded batches alone."""
    return lambda dataset: dataset.padded_batch(batch_size, padded_shapes, padding_values, drop_remainder=True)


def sloppy_interleave(map_func, cycle_length, block_length=1):
    """Returns a transformation for `Dataset.apply`: an interleave in no fixed order."""
    return lambda dataset: dataset.interleave(
        map_func, cycle_length, block_length, num_parallel_calls=cycle_length, deterministic=False
    )


def assert_element_shape(expected_shapes):
    """Returns a transformation for `Dataset.apply` that checks and sets the elements' shapes."""

    def with_shapes(*element):
        element = element[0] if len(element) == 1 else element
        # A shape may itself be a list, so it is only taken apart down to the elements.
        shapes = nest.flatten_up_to(element, expected_shapes)
        checked = [tf.ensure_shape(part, shape) for part, shape in zip(nest.flatten(element), shapes)]
        return nest.pack_sequence_as(element, checked)

    return lambda dataset: dataset.map(with_shapes)


def reduce_dataset(dataset, reducer):
    """Returns what a `Reducer` makes of the whole dataset."""
    start = reducer.init_func(tf.constant(0, tf.int64))
    return reducer.finalize_func(dataset.reduce(start, reducer.reduce_func))
