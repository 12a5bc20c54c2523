"""Handlers that give a feature's values: as they are, looked up in a table, or sparse."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ._parsed_features import dense, filler, sparse
from .item_handler import ItemHandler


class Tensor(ItemHandler):
    """Gives a feature as a dense tensor, reshaped if a shape is known.

    Args:
      tensor_key: the feature's name.
      shape_keys: the name or names of features that hold the shape: one feature with all sizes, or
        one feature for each size. Not together with `shape`.
      shape: the shape to give the tensor.
      default_value: what fills the gaps of a sparse feature.

    Raises:
      ValueError: if both `shape_keys` and `shape` are given.

    Source: `tf.contrib.slim.tfexample_decoder.Tensor` of TF 1.15.
    """

    def __init__(self, tensor_key, shape_keys=None, shape=None, default_value=0):
        if shape_keys and shape is not None:
            raise ValueError(error_text("shape", "None, since shape_keys is given", shape, "Pass one of them."))
        if shape_keys and not isinstance(shape_keys, (list, tuple)):
            shape_keys = [shape_keys]
        self._tensor_key = tensor_key
        self._shape_keys = shape_keys
        self._shape = shape
        self._default_value = default_value
        super().__init__([tensor_key, *(shape_keys or [])])

    def tensors_to_item(self, keys_to_tensors):
        """Returns the feature's values, dense."""
        tensor = keys_to_tensors[self._tensor_key]
        shape = self._wanted_shape(keys_to_tensors)
        if isinstance(tensor, tf.SparseTensor):
            if shape is not None:
                tensor = tf.sparse.reshape(tensor, shape)
            return tf.sparse.to_dense(tensor, filler(tensor.dtype, self._default_value))
        return tensor if shape is None else tf.reshape(tensor, shape)

    def _wanted_shape(self, keys_to_tensors):
        if not self._shape_keys:
            return self._shape
        sizes = [dense(keys_to_tensors[key]) for key in self._shape_keys]
        return tf.reshape(tf.stack(sizes), [-1])


class LookupTensor(Tensor):
    """Gives what a table holds for a feature's values, such as the id of a class name.

    Args:
      tensor_key: the feature's name.
      table: anything with `lookup(tensor)`, such as a `tf.lookup.StaticHashTable`.
      shape_keys: as for `Tensor`.
      shape: as for `Tensor`.
      default_value: what fills the gaps of a sparse feature before the lookup.

    Raises:
      ValueError: if both `shape_keys` and `shape` are given.

    Source: `tf.contrib.slim.tfexample_decoder.LookupTensor` of TF 1.15.
    """

    def __init__(self, tensor_key, table, shape_keys=None, shape=None, default_value=""):
        self._table = table
        super().__init__(tensor_key, shape_keys, shape, default_value)

    def tensors_to_item(self, keys_to_tensors):
        """Returns the table's values for the feature's values."""
        return self._table.lookup(super().tensors_to_item(keys_to_tensors))


class SparseTensor(ItemHandler):
    """Gives a sparse tensor whose last indices are one feature and whose values are another.

    Args:
      indices_key: the feature that holds the last index of each value; "indices" by default.
      values_key: the feature that holds the values; "values" by default.
      shape_key: the feature that holds the dense shape, or None.
      shape: the dense shape, where there is no `shape_key`. Without both it is the shape that the
        indices were parsed with.
      densify: whether to give a dense tensor.
      default_value: what fills the gaps if `densify`.

    Source: `tf.contrib.slim.tfexample_decoder.SparseTensor` of TF 1.15.
    """

    def __init__(
        self,
        indices_key=None,
        values_key=None,
        shape_key=None,
        shape=None,
        densify=False,
        default_value=0,
    ):
        self._indices_key = indices_key or "indices"
        self._values_key = values_key or "values"
        self._shape_key = shape_key
        self._shape = shape
        self._densify = densify
        self._default_value = default_value
        keys = [self._indices_key, self._values_key]
        super().__init__(keys + [shape_key] if shape_key else keys)

    def tensors_to_item(self, keys_to_tensors):
        """Returns the `tf.SparseTensor`, or its dense form if `densify`."""
        last_index = sparse(keys_to_tensors, self._indices_key)
        values = sparse(keys_to_tensors, self._values_key)
        last_column = tf.cast(last_index.values, tf.int64)[:, tf.newaxis]
        indices = tf.concat([last_index.indices[:, :-1], last_column], axis=1)
        shape = self._dense_shape(keys_to_tensors, last_index)
        tensor = tf.SparseTensor(indices, values.values, shape)
        if self._densify:
            return tf.sparse.to_dense(tensor, filler(tensor.dtype, self._default_value))
        return tensor

    def _dense_shape(self, keys_to_tensors, parsed):
        if self._shape_key:
            return dense(keys_to_tensors[self._shape_key])
        return self._shape if self._shape is not None else parsed.dense_shape
