"""Data formats: which words are known, where the channels are, and what the device can do."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text

CONVOLUTION_FORMATS = ("NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW")
_CHANNELS_LAST = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
_CHANNELS_FIRST = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


def check_either(data_format, first, last):
    """Raises ValueError unless `data_format` is one of two words; the wording is TF1's."""
    if data_format not in (first, last):
        raise ValueError(f"data_format has to be either {first} or {last}. Received: data_format={data_format!r}.")


def check_convolution_format(data_format):
    """Raises ValueError unless `data_format` is None or a word that `convolution` knows."""
    if data_format is not None and data_format not in CONVOLUTION_FORMATS:
        expected = "None or one of " + ", ".join(CONVOLUTION_FORMATS)
        raise ValueError(f"Invalid data_format: {error_text('data_format', expected, data_format)}")


def keras_format(data_format):
    """Returns Keras's word: "channels_first" for what starts with "NC", else "channels_last"."""
    return "channels_first" if data_format and data_format.startswith("NC") else "channels_last"


def tensorflow_format(channels, dimensions):
    """Returns TensorFlow's word, such as "NHWC", for Keras's and a number of spatial dimensions."""
    return (_CHANNELS_FIRST if channels == "channels_first" else _CHANNELS_LAST)[dimensions]


def process_has_gpu():
    """Returns True if TensorFlow may use a GPU. Most ops know channels-first there alone."""
    return bool(tf.config.get_visible_devices("GPU"))


def where_supported(operation, inputs, channels, name):
    """Returns `operation(inputs, channels)`; on the CPU, of the transposed inputs.

    TF1 fails on the CPU for channels-first inputs. Here the op runs with channels last, and the
    result is transposed back.

    Args:
      operation: a function (inputs, channels, name) -> outputs, with `channels` Keras's word.
      inputs: a tensor of shape [batch, ..., channels] or [batch, channels, ...].
      channels: "channels_last" or "channels_first".
      name: the op's name, or a whole scope that ends in a slash; the result bears it in either
        case.
    """
    if channels == "channels_last" or process_has_gpu():
        return operation(inputs, channels, name)
    with tf.name_scope(name) as scope:
        outputs = operation(to_channels_last(inputs), "channels_last", name.rstrip("/").rpartition("/")[2])
        return to_channels_first(outputs, name=scope or name)


def to_channels_last(inputs, name=None):
    """Returns [batch, channels, ...] inputs as [batch, ..., channels]."""
    rank = inputs.shape.rank
    return tf.transpose(inputs, [0, *range(2, rank), 1], name=name)


def to_channels_first(inputs, name=None):
    """Returns [batch, ..., channels] inputs as [batch, channels, ...]."""
    rank = inputs.shape.rank
    return tf.transpose(inputs, [0, rank - 1, *range(1, rank - 1)], name=name)
