"""The next element of a dataset as graph tensors, started by what TF1 programs run anyway.

A program written for queues initializes variables, perhaps tables, and starts queue runners. It
does not know of iterators. A one-shot iterator needs no initialization, but its dataset must not
lean on state outside it.
"""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1

# What a dataset leans on, worst last.
NOTHING, TABLES, OTHER_STATE = range(3)


def leans_on(dataset):
    """Returns what state of the graph `dataset` leans on: NOTHING, TABLES or OTHER_STATE."""
    found = NOTHING
    for op in _upstream_ops(tf.data.experimental.to_variant(dataset).op):
        found = max(found, _state_of(op))
    return found


def next_element(dataset):
    """Returns the tensors of `dataset`'s next element, in graph mode.

    A dataset that leans on nothing needs no initialization. One that leans on lookup tables is
    started by `tf.compat.v1.tables_initializer()`, which a program with tables has to run anyway.

    Raises:
      ValueError: if the dataset leans on other state, such as variables or placeholders.
    """
    state = leans_on(dataset)
    if state == NOTHING:
        return v1.data.make_one_shot_iterator(dataset).get_next()
    if state == TABLES:
        iterator = v1.data.make_initializable_iterator(dataset)
        v1.add_to_collection(v1.GraphKeys.TABLE_INITIALIZERS, iterator.initializer)
        return iterator.get_next()
    raise ValueError("The dataset uses variables, placeholders or other state of the graph.")


def _upstream_ops(op):
    seen, waiting = set(), [op]
    while waiting:
        op = waiting.pop()
        if op in seen:
            continue
        seen.add(op)
        yield op
        waiting.extend(tensor.op for tensor in op.inputs)


def _state_of(op):
    if any(output.dtype == tf.variant for output in op.outputs):
        return NOTHING  # A dataset. What it reads from is upstream of it.
    if "HashTable" in op.type:
        return TABLES
    if op.op_def.is_stateful or op.type.startswith("Placeholder"):
        return OTHER_STATE
    return NOTHING
