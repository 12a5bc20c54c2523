"""The trainable and moving variables of one layer call."""

from __future__ import annotations

import tensorflow as tf

from .._tf import in_graph_mode
from .._tf.keras_layers import layer_dtype
from ..ops import variables
from .utils import get_variable_collections

v1 = tf.compat.v1


def layer_variable(name, shape, dtype, initializer, variables_collections=None, **kwargs):
    """Returns the model variable `name` of the layer whose scope is open.

    Args:
      name: the name within the scope, such as "beta".
      shape: the shape, fully defined.
      dtype: the dtype.
      initializer: an initializer.
      variables_collections: a layer's argument of that name: a list of collections for every
        variable, or a dict from variable name to such a list.
      **kwargs: further arguments of `model_variable`.
    """
    collections = _as_list(get_variable_collections(variables_collections, name))
    variable = variables.model_variable(
        name, shape=shape, dtype=dtype, initializer=initializer, collections=collections, **kwargs
    )
    if in_graph_mode():
        _join(collections, variable)
    return variable


def parameter_dtype(inputs_dtype):
    """Returns the dtype of a layer's variables for inputs of that dtype.

    It is the same, as in TF1; under a Keras mixed precision policy the policy's, which is float32.
    """
    if inputs_dtype.size >= 4:  # A full precision needs no question, which would load Keras.
        return inputs_dtype.base_dtype
    dtype = layer_dtype(inputs_dtype)
    return tf.as_dtype(getattr(dtype, "variable_dtype", dtype))


def _as_list(collections):
    return [collections] if isinstance(collections, str) else list(collections or [])


def _join(collections, variable):
    # A variable that is shared by a second call joins what that call names, as in TF1.
    # A partitioned one, which has no public type, is neither variable nor tensor, but iterable.
    members = [variable] if isinstance(variable, (tf.Variable, tf.Tensor)) else list(variable)
    for collection in collections:
        known = v1.get_collection(collection)
        for member in members:
            if not any(member is other for other in known):
                v1.add_to_collection(collection, member)
