"""Checks of sizes, ranks and paddings, before Keras sees them."""

from __future__ import annotations

import numbers

import tensorflow as tf

from .._checks import check, error_text
from . import utils


def spatial(argument, value, dimensions):
    """Returns a tuple of `dimensions` positive ints from one int or a sequence.

    Raises:
      ValueError: if it is neither.
    """
    try:
        return utils.n_positive_integers(dimensions, value)
    except ValueError:
        expected = f"a positive int or a sequence of {dimensions}"
        raise ValueError(error_text(argument, expected, value)) from None


def check_rank(layer, inputs, rank):
    """Raises ValueError unless `inputs` has exactly that rank."""
    check(
        inputs.shape.rank == rank,
        "inputs",
        f"rank {rank}; any other is incompatible with the layer {layer}",
        inputs.shape,
    )


def check_channels(inputs, channels):
    """Raises ValueError unless the inputs' number of channels is known statically."""
    sizes = inputs.shape.as_list()
    if sizes[1 if channels == "channels_first" else -1] is None:
        raise ValueError(
            "The channel dimension of the inputs should be defined. Found `None`. "
            + error_text("inputs", "a known number of channels", inputs.shape, "Set it with inputs.set_shape(...).")
        )


def checked_padding(padding, also=()):
    """Returns `padding` in lower case, as Keras wants it.

    Raises:
      ValueError: if it is neither SAME nor VALID, in any case, nor in `also`.
    """
    words = ("same", "valid", *also)
    word = padding.lower() if isinstance(padding, str) else padding
    if word not in words:
        expected = "one of " + ", ".join(repr(choice.upper()) for choice in words)
        raise ValueError("The `padding` argument is wrong. " + error_text("padding", expected, padding))
    return word


def check_not_both(stride, rate, stride_name="stride", rate_name="rate"):
    """Raises ValueError if both a stride and a rate are above 1."""
    if max(stride) > 1 and max(rate) > 1:
        raise ValueError(
            "strides > 1 not supported in conjunction with dilation_rate > 1. "
            f"Received: {stride_name}={stride}, {rate_name}={rate}. Set one of the two to 1."
        )


def axis_from_the_front(argument, axis, rank):
    """Returns a possibly negative axis of the inputs as an index from the front.

    Raises:
      ValueError: if there is no such axis.
    """
    expected = f"an axis of the inputs, which must be < rank(inputs) ({rank})"
    check(-rank <= axis < rank, argument, expected, axis, "Axis is out of bounds.")
    return axis % rank


def as_count(argument, value):
    """Returns a number of outputs as an int; takes what TF1's `Dimension` is too.

    Raises:
      ValueError: if it is no positive integer.
    """
    if isinstance(value, tf.compat.v1.Dimension):
        value = value.value
    check(isinstance(value, numbers.Integral) and value > 0, argument, "a positive integer", value)
    return int(value)
