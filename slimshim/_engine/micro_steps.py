"""Accumulation of gradients: one step in several calls of the function, each with a part of the batch."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

_SHARED = (
    v1.GraphKeys.GLOBAL_VARIABLES,
    v1.GraphKeys.LOCAL_VARIABLES,
    v1.GraphKeys.TRAINABLE_VARIABLES,
    v1.GraphKeys.GLOBAL_STEP,
)


def averaged(loss_and_gradients, count, args):
    """Returns (loss, gradient and variable pairs), the means over `count` calls.

    The first call stands in the trace itself, for it makes the variables and tells which have
    gradients; the others run in a loop, so that the trace stays small whatever `count` is.

    Args:
      loss_and_gradients: a function of a tuple of arguments that returns such a pair.
      count: how many calls; 1 calls with `args` as they are.
      args: a tuple. Each call gets its part of each tensor, along the first dimension; scalars and
        what is no tensor whole.
    """
    if count == 1:
        return loss_and_gradients(args)
    part_of = _parts(args, count)
    loss, pairs = loss_and_gradients(part_of(0))
    variables = [variable for gradient, variable in pairs if gradient is not None]
    sums = [tf.convert_to_tensor(gradient) for gradient, _ in pairs if gradient is not None]

    def next_part(index, loss_sum, *gradient_sums):
        with _collections_of_its_own():
            loss, pairs = loss_and_gradients(part_of(index))
        found = _matched(pairs, variables)
        return (index + 1, loss_sum + loss, *map(tf.add, gradient_sums, found))

    _, loss, *sums = tf.while_loop(
        lambda index, *_: index < count,
        next_part,
        (tf.constant(1), loss, *sums),
        # One after the other: they read one iterator, and move the same moving averages.
        parallel_iterations=1,
    )
    means = [(total / count, variable) for total, variable in zip(sums, variables)]
    return loss / count, means + [(None, variable) for gradient, variable in pairs if gradient is None]


@contextlib.contextmanager
def _collections_of_its_own():
    """A context in which the collections of losses, updates, summaries and the like begin empty.

    A loop's body shares all collections with the graph around it, which has them back afterwards.
    Those of variables, and TensorFlow's own, which are no strings, stay shared.
    """
    if tf.executing_eagerly():
        yield
        return
    graph = v1.get_default_graph()
    names = [name for name in graph.get_all_collection_keys() if isinstance(name, str) and name not in _SHARED]
    before = {name: graph.get_collection(name) for name in names}
    _clear(graph)
    try:
        yield
    finally:
        _clear(graph)
        for name, items in before.items():
            for item in items:
                graph.add_to_collection(name, item)


def _clear(graph):
    for name in graph.get_all_collection_keys():
        if isinstance(name, str) and name not in _SHARED:
            graph.clear_collection(name)


def _parts(args, count):
    """Returns a function from a number below `count` to that part of `args`."""
    stacked = tf.nest.map_structure(lambda value: _stacked(value, count), args)

    def part(index):
        return tf.nest.map_structure(
            lambda value, whole: value[index] if _is_split(whole) else whole,
            stacked,
            args,
        )

    return part


def _is_split(value):
    return isinstance(value, tf.Tensor) and value.shape.rank != 0


def _stacked(value, count):
    """Returns a tensor of shape [batch, ...] as [count, batch / count, ...]."""
    if not _is_split(value):
        if isinstance(value, (tf.SparseTensor, tf.RaggedTensor)):
            expected = "tensors alone as the step's arguments, which it can split"
            raise ValueError(error_text("accumulate_steps", expected, value))
        return value
    if value.shape.rank is None:
        raise ValueError(error_text("accumulate_steps", "arguments of known rank", value))
    batch = value.shape[0]
    if batch is not None and batch % count:
        expected = f"a number that divides the batch, which is {batch}"
        raise ValueError(
            error_text("accumulate_steps", expected, count, "Drop the remainder of the dataset's batches.")
        )
    split = tf.reshape(value, tf.concat([[count, -1], tf.shape(value)[1:]], 0))
    split.set_shape([count, None if batch is None else batch // count, *value.shape[1:]])
    return split


def _matched(pairs, variables):
    """Returns the gradients of `variables`; those that this call did not use get zeros."""
    by_variable = {id(variable): gradient for gradient, variable in pairs}
    found = [by_variable.get(id(variable)) for variable in variables]
    return [tf.zeros_like(v) if g is None else tf.convert_to_tensor(g) for g, v in zip(found, variables)]
