"""`ItemHandler`, what every handler is, and the two handlers that are made of others' work."""

from __future__ import annotations

import abc

import tensorflow as tf

from .._checks import error_text


class ItemHandler(abc.ABC):
    """Makes one item from parsed features.

    Args:
      keys: the name of the feature that the item is made of, or a list or tuple of names.

    Source: `tf.contrib.slim.tfexample_decoder.ItemHandler` of TF 1.15.
    """

    def __init__(self, keys):
        self._keys = keys if isinstance(keys, (tuple, list)) else [keys]

    @property
    def keys(self):
        """The names of the features that the item is made of."""
        return self._keys

    @abc.abstractmethod
    def tensors_to_item(self, keys_to_tensors):
        """Returns the item, mostly a tensor.

        Args:
          keys_to_tensors: feature name -> parsed tensor, dense or sparse, for all of `keys`.
        """


class ItemHandlerCallback(ItemHandler):
    """Makes the item by calling `func`.

    Args:
      keys: the name of a feature, or a list of names.
      func: takes a dict of feature name -> parsed tensor, returns the item.

    Source: `tf.contrib.slim.tfexample_decoder.ItemHandlerCallback` of TF 1.15.
    """

    def __init__(self, keys, func):
        super().__init__(keys)
        self._func = func

    def tensors_to_item(self, keys_to_tensors):
        """Returns what `func` makes of `keys_to_tensors`."""
        return self._func(keys_to_tensors)


class BackupHandler(ItemHandler):
    """Makes the item with a second handler where the first one's item has no elements.

    Args:
      handler: the `ItemHandler` to try first.
      backup: the `ItemHandler` to fall back on. Its items have the same dtype.

    Raises:
      ValueError: if one of them is no `ItemHandler`.

    Source: `tf.contrib.slim.tfexample_decoder.BackupHandler` of TF 1.15.
    """

    def __init__(self, handler, backup):
        for argument, value in (("handler", handler), ("backup", backup)):
            if not isinstance(value, ItemHandler):
                raise ValueError(error_text(argument, "an ItemHandler", value))
        self._handler = handler
        self._backup = backup
        super().__init__([*handler.keys, *backup.keys])

    def tensors_to_item(self, keys_to_tensors):
        """Returns the first handler's item, or the second's if that one is empty."""
        item = self._handler.tensors_to_item(keys_to_tensors)
        return tf.cond(
            tf.equal(tf.size(item), 0),
            lambda: self._backup.tensors_to_item(keys_to_tensors),
            lambda: item,
        )
