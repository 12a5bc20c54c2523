"""Summaries of scalars, histograms, images and zero fractions, with prefixes and printing.

Same public names as ``tf_slim.summaries``. In graph mode each function adds an op to the
SUMMARIES collection. In TF2 mode it writes to the default `tf.summary` writer, if there is one,
and gives a bool tensor: whether it was written.
"""

from __future__ import annotations

import tensorflow as tf

from .ops.summary_ops import histogram_summary, image_summary, op_name, scalar_summary

__all__ = [
    "add_histogram_summaries",
    "add_histogram_summary",
    "add_image_summaries",
    "add_image_summary",
    "add_scalar_summaries",
    "add_scalar_summary",
    "add_zero_fraction_summaries",
    "add_zero_fraction_summary",
]


def add_histogram_summary(tensor, name=None, prefix=None):
    """Returns a histogram summary of `tensor`: a string tensor with a `Summary` proto.

    Args:
      tensor: a numeric tensor or variable of any shape.
      name: the tag; the tensor's op name by default.
      prefix: what to put before the tag and a slash, or None.

    Source: `tf.contrib.slim.summaries` of TF 1.15.
    """
    return histogram_summary(_tag(tensor, name, prefix), tensor)


def add_image_summary(tensor, name=None, prefix=None, print_summary=False):
    """Returns a summary of up to 3 images: a string tensor with a `Summary` proto.

    Args:
      tensor: images of shape [batch, height, width, channels].
      name: the tag; the tensor's op name by default.
      prefix: what to put before the tag and a slash, or None.
      print_summary: whether to print the values each time the summary is computed.

    Source: `tf.contrib.slim.summaries` of TF 1.15.
    """
    return image_summary(_tag(tensor, name, prefix), tensor, print_summary)


def add_scalar_summary(tensor, name=None, prefix=None, print_summary=False):
    """Returns a summary of a scalar: a string tensor with a `Summary` proto.

    Args:
      tensor: a numeric scalar tensor or variable.
      name: the tag; the tensor's op name by default.
      prefix: what to put before the tag and a slash, or None.
      print_summary: whether to print the value each time the summary is computed.

    Source: `tf.contrib.slim.summaries` of TF 1.15.
    """
    return scalar_summary(_tag(tensor, name, prefix), tensor, print_summary)


def add_zero_fraction_summary(tensor, name=None, prefix=None, print_summary=False):
    """Returns a summary of the fraction, from 0 to 1, of `tensor`'s values that are zero.

    Args:
      tensor: a numeric tensor or variable.
      name: the tag, to which `/Fraction_of_Zero_Values` is added; the tensor's op name by default.
      prefix: what to put before the tag and a slash, or None.
      print_summary: whether to print the value each time the summary is computed.

    Source: `tf.contrib.slim.summaries` of TF 1.15.
    """
    tag = f"{_tag(tensor, name, prefix)}/Fraction_of_Zero_Values"
    return scalar_summary(tag, tf.math.zero_fraction(tensor), print_summary)


def add_histogram_summaries(tensors, prefix=None):
    """Returns a list: `add_histogram_summary` of each of `tensors`, under its own name."""
    return [add_histogram_summary(tensor, prefix=prefix) for tensor in tensors]


def add_image_summaries(tensors, prefix=None):
    """Returns a list: `add_image_summary` of each of `tensors`, under its own name."""
    return [add_image_summary(tensor, prefix=prefix) for tensor in tensors]


def add_scalar_summaries(tensors, prefix=None, print_summary=False):
    """Returns a list: `add_scalar_summary` of each of `tensors`, under its own name."""
    return [add_scalar_summary(tensor, prefix=prefix, print_summary=print_summary) for tensor in tensors]


def add_zero_fraction_summaries(tensors, prefix=None):
    """Returns a list: `add_zero_fraction_summary` of each of `tensors`, under its own name."""
    return [add_zero_fraction_summary(tensor, prefix=prefix) for tensor in tensors]


def _tag(tensor, name, prefix):
    tag = name or op_name(tensor)
    return f"{prefix}/{tag}" if prefix else tag
