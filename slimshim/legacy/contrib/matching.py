"""`tensorflow.contrib.image.bipartite_match`: the greedy matching of rows and columns."""

from __future__ import annotations

import tensorflow as tf

__all__ = ["bipartite_match"]


def bipartite_match(distance_mat, num_valid_rows, top_k=-1, name="bipartite_match"):
    """Returns which column each row is matched to, and which row each column is, -1 for none.

    The nearest pair of a free row and a free column is matched first, then the next nearest.

    Args:
      distance_mat: `[rows, columns]` floats; smaller is nearer.
      num_valid_rows: only the first so many rows count; negative for all. A scalar, or shape `[1]`.
      top_k: how many pairs to match at most; negative for as many as there can be.
      name: a name for the operations.

    Returns:
      Two int32 vectors of the lengths `rows` and `columns`.

    Source: TensorFlow 1.15, `tensorflow.contrib.image.bipartite_match`.
    """
    with tf.name_scope(name):
        distances = tf.cast(tf.convert_to_tensor(distance_mat), tf.float32)
        shape = tf.shape(distances)
        rows, columns = shape[0], shape[1]
        valid = tf.reshape(tf.cast(num_valid_rows, tf.int32), [])
        valid = tf.where(valid < 0, rows, tf.minimum(valid, rows))
        pairs = tf.minimum(valid, columns)
        top_k = tf.cast(top_k, tf.int32)
        pairs = tf.where(top_k < 0, pairs, tf.minimum(top_k, pairs))
        taken_rows = tf.range(rows) >= valid
        _, _, row_match, column_match = tf.while_loop(
            lambda step, *_: step < pairs,
            lambda step, taken, row_match, column_match: (
                step + 1,
                *_match_nearest(distances, taken, row_match, column_match),
            ),
            (tf.constant(0), taken_rows, -tf.ones([rows], tf.int32), -tf.ones([columns], tf.int32)),
        )
        row_match.set_shape(distances.shape[:1])
        column_match.set_shape(distances.shape[1:])
        return row_match, column_match


def _match_nearest(distances, taken_rows, row_match, column_match):
    """Matches the nearest pair of those that are free."""
    free = tf.logical_not(taken_rows)[:, None] & (column_match < 0)[None, :]
    # Taken pairs rank behind every free one, an infinite distance included.
    nearest = tf.reduce_min(tf.where(free, distances, tf.fill(tf.shape(distances), float("inf"))))
    chosen = tf.argmax(tf.reshape(free & (distances <= nearest), [-1]), output_type=tf.int32)
    width = tf.shape(distances)[1]
    row, column = chosen // width, chosen % width
    taken_rows = taken_rows | tf.equal(tf.range(tf.shape(taken_rows)[0]), row)
    row_match = tf.tensor_scatter_nd_update(row_match, [[row]], [column])
    column_match = tf.tensor_scatter_nd_update(column_match, [[column]], [row])
    return taken_rows, row_match, column_match
