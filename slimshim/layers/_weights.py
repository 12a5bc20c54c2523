"""What the layers with weights share: the scope, the weights' source, and the tail.

A layer's whole body:

    with weighted_scope(scope, "Conv", inputs, reuse) as opened:
        inputs = as_tensor(inputs)
        source = weight_source(opened, {"kernel": Weight("weights", initializer, regularizer)})
        outputs = apply("Conv2D", Convolution, source, inputs, filters=64, kernel_size=3)
        return finish(outputs, opened, normalizer_fn=batch_norm, activation_fn=tf.nn.relu)
"""

from __future__ import annotations

import contextlib
import typing

import tensorflow as tf

from .._tf import is_keras_tensor
from .._tf.keras_layers import keras_layer, layer_dtype
from ..ops.scopes import layer_scope
from ._layer_variables import layer_variable
from ._names import count_scope_twice
from ._tail import activated, normalized
from .initializers import xavier_initializer
from .utils import collect_named_outputs, get_variable_collections

v1 = tf.compat.v1

# The defaults of all layers' initializers.
XAVIER = xavier_initializer()
ZEROS = v1.zeros_initializer()


class Weight(typing.NamedTuple):
    """How slim names and makes one weight of a Keras layer."""

    name: str
    initializer: object = None
    regularizer: object = None
    # Its key in `variables_collections`, where that is not the name.
    collections_key: str | None = None
    # The name that its regularization loss bears, where that is not Keras's name of the weight.
    loss_name: str | None = None


def as_tensor(inputs):
    """Returns `inputs` as a tensor; a Keras tensor as it is."""
    return inputs if is_keras_tensor(inputs) else tf.convert_to_tensor(inputs)


@contextlib.contextmanager
def weighted_scope(scope, default_name, inputs, reuse=None):
    """Opens the variable scope of a layer whose weights TF1's layer classes made.

    Yields:
      The `VariableScope`.
    """
    values = [] if is_keras_tensor(inputs) else [inputs]
    with layer_scope(scope, default_name, values, reuse=reuse) as opened:
        count_scope_twice(opened)
        yield opened


def weight_source(scope, weights, trainable=True, variables_collections=None):
    """Returns the function that a Keras layer asks for its weights.

    Args:
      scope: the layer's open `VariableScope`.
      weights: a dict of Keras's name of a weight -> `Weight`.
      trainable: whether the weights are trained.
      variables_collections: a list of collections for all weights, or a dict of weight name ->
        list.
    """

    def make(keras_name, shape, dtype, layer_trains):
        weight = weights[keras_name]
        return layer_variable(
            weight.name,
            shape,
            dtype,
            weight.initializer,
            {weight.name: get_variable_collections(variables_collections, weight.collections_key or weight.name)},
            regularizer=_named_as_in_tf1(weight.regularizer, scope, weight.loss_name or keras_name),
            trainable=trainable and layer_trains,
        )

    return make


def _named_as_in_tf1(regularizer, scope, name):
    """Returns the regularizer so that its loss is called `Conv/kernel/Regularizer/...`, as in TF1."""
    if regularizer is None:
        return None

    def regularization_loss(variable):
        with v1.name_scope(scope.original_name_scope), v1.name_scope(name + "/Regularizer"):
            return regularizer(variable)

    return regularization_loss


def apply(kind, call, source, inputs, **config):
    """Returns the outputs of a new Keras layer.

    Args:
      kind: the class's name in `tf.keras.layers`.
      call: the mix-in of `_tf1_calls` for it.
      source: see `weight_source`; None for layers without weights.
      inputs: the input tensor.
      **config: the layer's arguments.
    """
    layer = keras_layer(kind, source, layer_dtype(inputs.dtype) if source else inputs.dtype.name, call, **config)
    if source is not None:
        # Here and not in the call: Keras 2 would leave the function that is being traced, and
        # with it the variable scope.
        layer.build(tuple(inputs.shape.as_list()))
    return layer(inputs)


def zeros(*weights):
    """Returns Keras's initializer arguments for weights that come from a source."""
    return {f"{weight}_initializer": "zeros" for weight in weights}


def uses_biases(normalizer_fn, biases_initializer):
    """Returns whether a layer has biases: without a normalizer and with an initializer for them."""
    return not normalizer_fn and biases_initializer is not None


def finish(outputs, scope, normalizer_fn=None, normalizer_params=None, activation_fn=None, outputs_collections=None):
    """Returns the outputs normalized, activated and collected, each where it is asked for."""
    outputs = activated(normalized(outputs, normalizer_fn, normalizer_params), activation_fn)
    return collect_named_outputs(outputs_collections, scope.name, outputs)
