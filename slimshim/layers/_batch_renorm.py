"""Batch renormalization (Ioffe, arXiv:1702.03275): training that leans on moving averages."""

from __future__ import annotations

import inspect
import math

import tensorflow as tf

from .._checks import check
from ._moving_averages import assign_moving_average, assign_new_value
from ._training import training_rate

_CLIPPING_KEYS = ("rmax", "rmin", "dmax")


class BatchRenorm:
    """The variables of batch renormalization and what they do to a batch.

    Names, formulas and order of updates are those of TF 1.15's `tf.layers.BatchNormalization`.
    (TF 1.13 and older kept `renorm_mean_weight` and `renorm_stddev_weight` besides.)
    """

    def __init__(self, make_variable, mean_initializer, variance_initializer, epsilon, clipping, decay):
        """Makes the variables in the scope that is open.

        Args:
          make_variable: a function (name, initializer=) -> a moving variable.
          mean_initializer: the initializer of `moving_mean`.
          variance_initializer: the initializer of `moving_variance`.
          epsilon: a float, added to variances.
          clipping: a dict with some of "rmax", "rmin", "dmax", or None.
          decay: a float, the decay of `renorm_mean` and `renorm_stddev`.

        Raises:
          ValueError: if `clipping` has other keys.
        """
        self._epsilon = epsilon
        self._clipping = _checked_clipping(clipping)
        self._decay = decay
        stddev_initializer = _square_root_of(variance_initializer)
        self.moving_stddev = make_variable("moving_stddev", initializer=stddev_initializer)
        self.renorm_mean = make_variable("renorm_mean", initializer=mean_initializer)
        self.renorm_stddev = make_variable("renorm_stddev", initializer=stddev_initializer)

    def correction(self, mean, variance, training):
        """Returns (r, d): the batch's normalized values are to become `values * r + d`.

        Args:
          mean, variance: the batch's moments.
          training: True or a scalar bool tensor. Where it is False, r is 1 and d is 0.
        """
        floor = tf.constant(math.sqrt(self._epsilon), mean.dtype)
        renorm_stddev = tf.maximum(self.renorm_stddev, floor)
        r = self._stddev(variance) / renorm_stddev
        d = (mean - self.renorm_mean) / renorm_stddev
        r, d = self._clipped(r, d)
        if training is not True:
            r = tf.where(training, r, tf.ones_like(r))
            d = tf.where(training, d, tf.zeros_like(d))
        return tf.stop_gradient(r, name="renorm_r"), tf.stop_gradient(d, name="renorm_d")

    def _clipped(self, r, d):
        rmin, rmax, dmax = (self._clipping.get(key) for key in ("rmin", "rmax", "dmax"))
        if rmin is not None:
            r = tf.maximum(r, tf.cast(rmin, r.dtype))
        if rmax is not None:
            r = tf.minimum(r, tf.cast(rmax, r.dtype))
        if dmax is not None:
            dmax = tf.cast(dmax, d.dtype)
            d = tf.minimum(tf.maximum(d, -dmax), dmax)
        return r, d

    def updates(self, correction, moments, moving, training, rate):
        """Moves all averages towards the batch.

        Args:
          correction: what `correction` gave; it sees the averages from before.
          moments: (mean, variance) of the batch.
          moving: the variables (moving_mean, moving_variance).
          training: True or a scalar bool tensor.
          rate: how far the averages for inference go.

        Returns:
          The updates of `moving`. Those of the variables here run before them.
        """
        mean, variance = moments
        stddev = self._stddev(variance)
        renorm_rate = training_rate(training, 1.0 - self._decay)
        with tf.control_dependencies(correction):
            own = [
                assign_moving_average(self.renorm_mean, tf.identity(mean), renorm_rate),
                assign_moving_average(self.renorm_stddev, tf.identity(stddev), renorm_rate),
            ]
        with tf.control_dependencies(own):
            return [
                assign_moving_average(moving[0], tf.identity(mean), rate),
                self._update_variance(moving[1], tf.identity(stddev), training, rate),
            ]

    def _update_variance(self, moving_variance, stddev, training, rate):
        # The deviation is what is averaged, as in the paper; the variance follows from it.
        new_stddev = tf.convert_to_tensor(assign_moving_average(self.moving_stddev, stddev, rate))
        new_variance = tf.nn.relu(new_stddev * new_stddev - self._epsilon)
        if training is not True:
            new_variance = tf.where(training, new_variance, tf.convert_to_tensor(moving_variance))
        return assign_new_value(moving_variance, new_variance)

    def _stddev(self, variance):
        return tf.sqrt(variance + self._epsilon)


def _checked_clipping(clipping):
    clipping = dict(clipping or {})
    check(
        not set(clipping) - set(_CLIPPING_KEYS),
        "renorm_clipping",
        f"only keys of {_CLIPPING_KEYS}",
        clipping,
        f"It contains keys not in {list(_CLIPPING_KEYS)}.",
    )
    return clipping


def _square_root_of(initializer):
    initializer = initializer() if inspect.isclass(initializer) else initializer

    def square_root(shape, dtype=tf.float32, partition_info=None):
        del partition_info
        return tf.sqrt(initializer(shape, dtype=dtype))

    return square_root
