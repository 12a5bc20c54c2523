"""Decoders of `tf.train.Example` and `tf.train.SequenceExample` records."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ._record_keys import current_record_key
from .data_decoder import DataDecoder


class UnknownNameError(KeyError, ValueError):
    """An item or feature that a decoder does not know.

    A `KeyError`, as tf_slim raises, and the `ValueError` that `DataDecoder.decode` promises.
    """

    def __str__(self):
        return str(self.args[0])  # KeyError would show the message in quotes.


class TFExampleDecoder(DataDecoder):
    """Decodes a serialized `tf.train.Example`: parses its features, then makes the items.

    Args:
      keys_to_features: feature name -> `tf.io.FixedLenFeature`, `VarLenFeature` or another of
        `tf.io.parse_single_example`'s.
      items_to_handlers: item name -> the `ItemHandler` that makes it from features.

    Source: `tf.contrib.slim.tfexample_decoder.TFExampleDecoder` of TF 1.15.
    """

    def __init__(self, keys_to_features, items_to_handlers):
        self._keys_to_features = keys_to_features
        self._items_to_handlers = items_to_handlers

    def list_items(self):
        """Returns the list of item names."""
        return list(self._items_to_handlers)

    def decode(self, serialized_example, items=None):
        """Returns the list of decoded items.

        Args:
          serialized_example: a scalar string tensor.
          items: a list of item names; None or empty for all, in the order of `list_items()`.

        Raises:
          UnknownNameError: if an item, or a feature that its handler needs, is unknown.
        """
        parsed = tf.io.parse_single_example(serialized_example, self._keys_to_features, current_record_key())
        parsed = _with_declared_shapes(parsed, self._keys_to_features)
        return _make_items(self._items_to_handlers, items, parsed)


class TFSequenceExampleDecoder(DataDecoder):
    """Decodes a serialized `tf.train.SequenceExample`: parses its features, then makes the items.

    Args:
      keys_to_context_features: feature name -> `tf.io.FixedLenFeature` or `VarLenFeature`.
      keys_to_sequence_features: feature name -> `tf.io.FixedLenSequenceFeature` or
        `VarLenFeature`.
      items_to_handlers: item name -> the `ItemHandler` that makes it from features of both.

    Raises:
      ValueError: if a name stands for a context and a sequence feature.

    Source: `tf_slim.tfexample_decoder.TFSequenceExampleDecoder` of tf_slim 1.1.
    """

    def __init__(self, keys_to_context_features, keys_to_sequence_features, items_to_handlers):
        twice = sorted(set(keys_to_context_features) & set(keys_to_sequence_features))
        if twice:
            expected = "names that keys_to_context_features does not have"
            raise ValueError(error_text("keys_to_sequence_features", expected, twice))
        self._keys_to_context_features = keys_to_context_features
        self._keys_to_sequence_features = keys_to_sequence_features
        self._items_to_handlers = items_to_handlers

    def list_items(self):
        """Returns the list of item names."""
        return list(self._items_to_handlers)

    def decode(self, serialized_example, items=None):
        """Returns the list of decoded items.

        Args:
          serialized_example: a scalar string tensor.
          items: a list of item names; None or empty for all, in the order of `list_items()`.

        Raises:
          UnknownNameError: if an item, or a feature that its handler needs, is unknown.
        """
        context, sequences = tf.io.parse_single_sequence_example(
            serialized_example,
            self._keys_to_context_features,
            self._keys_to_sequence_features,
            example_name=current_record_key(),
        )
        context = _with_declared_shapes(context, self._keys_to_context_features)
        return _make_items(self._items_to_handlers, items, {**sequences, **context})


def _with_declared_shapes(parsed, features):
    """Returns `parsed` with fixed-length features in their declared shape.

    Names are taken in order, so that a graph comes out the same each time.
    """
    shaped = dict(parsed)
    for key in sorted(features):
        feature = features[key]
        if isinstance(feature, tf.io.FixedLenFeature) and not _has_shape(parsed[key], feature.shape):
            shaped[key] = tf.reshape(parsed[key], feature.shape)
    return shaped


def _has_shape(tensor, shape):
    shape = tf.TensorShape(shape)
    return shape.is_fully_defined() and tensor.shape.is_fully_defined() and tensor.shape == shape


def _make_items(items_to_handlers, items, parsed):
    names = items or list(items_to_handlers)
    return [_make_item(name, items_to_handlers, parsed) for name in names]


def _make_item(name, items_to_handlers, parsed):
    if name not in items_to_handlers:
        expected = f"names among {sorted(items_to_handlers)}"
        raise UnknownNameError(error_text("items", expected, name))
    handler = items_to_handlers[name]
    missing = [key for key in handler.keys if key not in parsed]
    if missing:
        expected = f"features among {sorted(parsed)}"
        raise UnknownNameError(error_text(f"keys of item {name!r}", expected, missing))
    return handler.tensors_to_item({key: parsed[key] for key in handler.keys})
