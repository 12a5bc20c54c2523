"""Running a function on placeholders for what it does besides computing, such as making variables.

`tf.function` would trace it twice when it makes variables, and keep a function that nobody calls. The
graph's class is `tf.__internal__.FuncGraph`, by which Keras 2 made its graph; TF 2.10 to 2.21. Can go once
TensorFlow traces a function once and keeps nothing of it.
"""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1


def run_on_placeholders(function, specs):
    """Calls `function` once, in a function's graph that is thrown away.

    Args:
      function: takes a tensor for each spec.
      specs: a sequence of `tf.TensorSpec`.
    """
    with tf.__internal__.FuncGraph("placeholders").as_default():
        function(*[v1.placeholder(spec.dtype, spec.shape) for spec in specs])
