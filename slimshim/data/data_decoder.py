"""`DataDecoder`: what turns one encoded record into the tensors of its items."""

from __future__ import annotations

import abc


class DataDecoder(abc.ABC):
    """The face of every decoder. `DatasetDataProvider` calls it inside `Dataset.map`.

    Source: `tf.contrib.slim.data_decoder.DataDecoder` of TF 1.15.
    """

    @abc.abstractmethod
    def decode(self, data, items):
        """Returns the list of tensors for `items`, in that order.

        Args:
          data: one encoded record, mostly a scalar string tensor.
          items: a list of item names.

        Raises:
          ValueError: if an item cannot be had.
        """

    @abc.abstractmethod
    def list_items(self):
        """Returns the names of the items that this decoder gives."""
