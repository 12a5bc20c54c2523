"""`tensorflow.contrib.framework.nest`: nested lists, tuples and dicts of tensors."""

from __future__ import annotations

from ..._tf.reexported import nest

is_sequence = nest.is_nested


def flatten_dict_items(dictionary):
    """Returns a flat dict; a key or value that is a sequence is taken apart with its partner."""
    flat = {}
    for key, value in dictionary.items():
        pairs = zip(nest.flatten(key), nest.flatten(value)) if nest.is_nested(key) else [(key, value)]
        for one_key, one_value in pairs:
            if one_key in flat:
                raise ValueError(f"dictionary: the key {one_key!r} occurs twice when flattened.")
            flat[one_key] = one_value
    return flat


def __getattr__(name):
    return getattr(nest, name)
