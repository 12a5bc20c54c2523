"""The initializer that the nets' tables give by its standard deviation."""

from __future__ import annotations

import tensorflow as tf


def trunc_normal(stddev):
    """Returns an initializer: a normal distribution around 0, cut at two standard deviations."""
    return tf.compat.v1.truncated_normal_initializer(0.0, stddev)
