"""What the Inception nets share: blocks as data, and the functions that build them.

A network is a list of stages, (end point, step or branches). A step is one layer. Branches are lists
of steps that start from one input and are concatenated over channels, as in the papers' figures.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from .._checks import check, error_text
from ..layers import layers
from ..layers.initializers import variance_scaling_initializer
from ..layers.regularizers import l2_regularizer
from ..ops.arg_scope import arg_scope
from . import _ops
from ._initializers import trunc_normal

v1 = tf.compat.v1

CHANNELS = 3  # The axis of the channels: the nets are NHWC.


class Conv(NamedTuple):
    """A convolution. `stddev` is that of its initializer; None leaves the arg scope's."""

    scope: str
    depth: int
    kernel: tuple = (1, 1)
    stride: int | None = None
    stddev: float | None = None
    padding: str | None = None

    def build(self, net, depth):
        options = {"stride": self.stride, "padding": self.padding}
        options = {name: value for name, value in options.items() if value is not None}
        if self.stddev is not None:
            options["weights_initializer"] = trunc_normal(self.stddev)
        return layers.conv2d(net, depth(self.depth), list(self.kernel), scope=self.scope, **options)


class StemConv(NamedTuple):
    """InceptionV2's first layer: a separable convolution over the colours."""

    scope: str
    depth: int
    kernel: tuple
    stride: int
    stddev: float

    def build(self, net, depth):
        width = depth(self.depth)
        return layers.separable_conv2d(
            net,
            width,
            list(self.kernel),
            depth_multiplier=min(int(width / 3), 8),
            stride=self.stride,
            weights_initializer=trunc_normal(self.stddev),
            scope=self.scope,
        )


class Pool(NamedTuple):
    """A pooling; `kind` is "max" or "avg"."""

    scope: str
    kind: str
    kernel: tuple = (3, 3)
    stride: int | None = None
    padding: str | None = None

    def build(self, net, depth):
        pool = {"max": layers.max_pool2d, "avg": layers.avg_pool2d}[self.kind]
        options = {"stride": self.stride, "padding": self.padding}
        options = {name: value for name, value in options.items() if value is not None}
        return pool(net, list(self.kernel), scope=self.scope, **options)


class Fork(NamedTuple):
    """Steps that all take the one input; their outputs are concatenated."""

    steps: tuple

    def build(self, net, depth):
        return _ops.concat([step.build(net, depth) for step in self.steps], CHANNELS)


class Branches(NamedTuple):
    """An Inception block: chains of steps side by side, under Branch_0, Branch_1, ..."""

    chains: tuple

    def build(self, net, depth):
        return _ops.concat([self._chain(number, net, depth) for number in range(len(self.chains))], CHANNELS)

    def _chain(self, number, net, depth):
        with v1.variable_scope(f"Branch_{number}"):
            for step in self.chains[number]:
                net = step.build(net, depth)
        return net


def mixed(*chains):
    """Returns the `Branches` of these chains of steps."""
    return Branches(chains)


def build_stages(net, stages, final_endpoint, end_points, depth):
    """Builds stages one on another until `final_endpoint`; returns the last output, or None.

    Args:
      net: the input, [batch, height, width, channels].
      stages: a list of (end point, step).
      final_endpoint: the end point to stop at.
      end_points: a dict that takes each stage's output.
      depth: a function from a table's depth to the one to build.

    Returns:
      (output, whether `final_endpoint` was reached).
    """
    for name, step in stages:
        if isinstance(step, Branches):
            with v1.variable_scope(name):
                net = step.build(net, depth)
        else:
            net = step.build(net, depth)
        end_points[name] = net
        if name == final_endpoint:
            return net, True
    return net, False


def check_endpoint(final_endpoint, *tables):
    """Raises ValueError unless a table has the end point."""
    known = [name for stages in tables for name, _ in stages]
    if final_endpoint not in known:
        raise ValueError(
            f"Unknown final endpoint {final_endpoint}. "
            + error_text("final_endpoint", f"one of {known}", final_endpoint)
        )


def depth_function(depth_multiplier, min_depth):
    """Returns the function from a table's depth to the thinned one.

    Raises:
      ValueError: if `depth_multiplier` is not positive.
    """
    check(
        depth_multiplier > 0,
        "depth_multiplier",
        "a number greater than zero",
        depth_multiplier,
        "It is not greater than zero.",
    )
    return lambda depth: max(int(depth * depth_multiplier), min_depth)


def pooled_size(net, size):
    """Returns the kernel for a pooling over the whole map: `size`, or the map's own if that is smaller.

    A map of unknown size is taken to be large enough.
    """
    height, width = tf.TensorShape(net.shape).as_list()[1:3]
    if height is None or width is None:
        return list(size)
    return [min(height, size[0]), min(width, size[1])]


def classify(net, num_classes, scope, spatial_squeeze, **options):
    """Returns logits by a 1x1 convolution without activation or normalizer."""
    logits = layers.conv2d(net, num_classes, [1, 1], activation_fn=None, normalizer_fn=None, scope=scope, **options)
    return _ops.squeeze(logits, [1, 2], name="SpatialSqueeze") if spatial_squeeze else logits


def inception_arg_scope(weight_decay, normalizer_fn, normalizer_params):
    """Returns the scope of the Inception nets: decayed weights, He's initializer, a normalizer."""
    with arg_scope([layers.conv2d, layers.fully_connected], weights_regularizer=l2_regularizer(weight_decay)):
        with arg_scope(
            [layers.conv2d],
            weights_initializer=variance_scaling_initializer(),
            activation_fn=tf.nn.relu,
            normalizer_fn=normalizer_fn,
            normalizer_params=normalizer_params,
        ) as scope:
            return scope


def batch_norm_params(variables_collection, **options):
    """Returns batch_norm's arguments in the Inception nets.

    Args:
      variables_collection: the collection for the moving averages.
      **options: what differs from the nets' usual values.
    """
    return {
        "decay": 0.9997,
        "epsilon": 0.001,
        "updates_collections": v1.GraphKeys.UPDATE_OPS,
        "variables_collections": {
            "beta": None,
            "gamma": None,
            "moving_mean": [variables_collection],
            "moving_variance": [variables_collection],
        },
        **options,
    }
