"""Being told of every gradient that a graph-building program takes.

`tf.gradients` and every optimizer of TensorFlow 1 come to one private function, which is the same in
TensorFlow 2.10 to 2.21 (its arguments too). A program that builds its train op by hand tells nobody
which loss it differentiates by what, and so `run --engine tape` listens here. Can go with that flag.
"""

from __future__ import annotations

import functools

import tensorflow as tf


def gradient_function():
    """Returns (module, name) of the function that takes the gradients."""
    from tensorflow.python.ops import gradients_util

    return gradients_util, "_GradientsHelper"


def telling(helper, on_gradients):
    """Returns `helper` made to tell of each call in a plain graph (none that is a function's).

    Args:
      helper: the function of `gradient_function()`.
      on_gradients: a function (losses, variables, gradients of the losses or None, gradients).
    """

    @functools.wraps(helper)
    def tell(ys, xs, grad_ys=None, *args, **kwargs):
        gradients = helper(ys, xs, grad_ys, *args, **kwargs)
        # Functions and branches that are differentiated come here, too.
        if not tf.compat.v1.get_default_graph().building_function:
            on_gradients(ys, xs, grad_ys, gradients)
        return gradients

    return tell
