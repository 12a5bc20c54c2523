"""`DataProvider`: item names to tensors, wherever the data comes from."""

from __future__ import annotations

from .._checks import error_text


class DataProvider:
    """Gives the tensors of the items that are asked for.

    Args:
      items_to_tensors: item name -> tensor.
      num_samples: how many samples the data holds, or None.

    Source: `tf.contrib.slim.data_provider.DataProvider` of TF 1.15.
    """

    def __init__(self, items_to_tensors, num_samples):
        self._items_to_tensors = items_to_tensors
        self._num_samples = num_samples

    def get(self, items):
        """Returns the list of tensors for `items`, in that order.

        Args:
          items: a list or tuple of item names, all among `list_items()`.

        Raises:
          ValueError: if `items` is no list or tuple, or holds an unknown name.
        """
        self._validate_items(items)
        return [self._items_to_tensors[item] for item in items]

    def list_items(self):
        """Returns the names that `get` knows."""
        return self._items_to_tensors.keys()

    def num_samples(self):
        """Returns how many samples the data holds, as its maker was told."""
        return self._num_samples

    def _validate_items(self, items):
        if not isinstance(items, (list, tuple)):
            raise ValueError(error_text("items", "a list or tuple of item names", items))
        known = list(self.list_items())
        unknown = [item for item in items if item not in known]
        if unknown:
            raise ValueError(error_text("items", f"names among {sorted(known)}", unknown))
