"""Keras models made of this package's layers: loading them, and their weights by TF1 name.

From a net to a file and back:

    inputs = keras.Input((224, 224, 3))
    logits, end_points = inception_v2.inception_v2(inputs, num_classes=10, is_training=None)
    model = keras.Model(inputs, logits)
    restore(model, "inception_v2.ckpt")
    model.save("model.keras")
    model = load_model("model.keras")
"""

from __future__ import annotations

import tensorflow as tf

from .ops.variables import assign_from_checkpoint_fn

__all__ = ["load_model", "restore", "variables_by_name"]


def load_model(path, **kwargs):
    """Returns the Keras model in a `.keras` file; knows this package's layers.

    Args:
      path: the file that `model.save` wrote.
      **kwargs: further arguments of `keras.models.load_model`.
    """
    # Their import registers the classes with Keras.
    from . import _keras_module as _keras_module
    from .layers import _symbolic_layer as _symbolic_layer

    return tf.keras.models.load_model(path, **kwargs)


def variables_by_name(model):
    """Returns a dict of TF1 name -> `tf.Variable` of a Keras model or layer, in the order of its weights."""
    from ._tf.keras_weights import tf1_name, variable_of

    return {tf1_name(weight): variable_of(weight) for weight in model.weights}


def restore(model, checkpoint, ignore_missing=False):
    """Fills a Keras model's weights from a TF1 checkpoint, by name; returns the model.

    Args:
      model: a Keras model or layer that is built.
      checkpoint: the checkpoint's path, as `tf.train.latest_checkpoint` gives it.
      ignore_missing: if True, weights that the checkpoint lacks keep their values.

    Raises:
      tf.errors.NotFoundError: if the checkpoint lacks a name; the message says which, and the
        nearest names there. Nothing is changed then.
      ValueError: if there is no such checkpoint, or a shape differs.
    """
    assign_from_checkpoint_fn(checkpoint, variables_by_name(model), ignore_missing)(None)
    return model
