"""A `Module` as a Keras layer. Importing this loads Keras."""

from __future__ import annotations

import inspect

import tensorflow as tf

from ._checks import error_text
from ._tf.keras_weights import layer_arguments, owned
from .layers._symbolic_config import decoded, encoded

_PACKAGE = __package__


class _Held:
    """Keeps a Module from Keras's own tracking, which would find its variables a second time."""

    def __init__(self, module):
        self.module = module
        # What the Module was given by itself stays as it is.
        asked = inspect.signature(module._model_fn).parameters
        self.follows_keras = "is_training" in asked and "is_training" not in module._model_fn.keywords
        self.specs = None

    def training_argument(self, training):
        if not self.follows_keras:
            return {}
        return {"is_training": bool(training) if training is None or isinstance(training, (bool, int)) else training}


@tf.keras.utils.register_keras_serializable(package=_PACKAGE)
class ModuleLayer(tf.keras.layers.Layer):
    """A Keras layer that calls a `Module` and owns its variables; its losses are the regularization losses.

    The Module's function gets `is_training` from Keras, unless it has no such argument or the
    Module was made with one.
    """

    def __init__(self, module, name=None, trainable=True, dtype=None):
        """Makes the layer; see `Module.as_keras_layer`."""
        super().__init__(**layer_arguments(name or module.name, trainable, dtype))
        self.slim_held = _Held(module)
        if module.variables:
            self._own_variables()

    def _own_variables(self):
        self.slim_weights = owned(self.slim_held.module.variables)

    def __call__(self, inputs, *args, **kwargs):
        """Returns what the Module gives; makes its variables first, if there are none."""
        held = self.slim_held
        if held.specs is None:
            held.specs = tf.nest.map_structure(lambda tensor: tf.TensorSpec(tuple(tensor.shape), tensor.dtype), inputs)
        if not self.built:
            self._make_variables()
        return super().__call__(inputs, *args, **kwargs)

    def _make_variables(self):
        held = self.slim_held
        if not held.module.variables:
            held.module.build(held.specs, **held.training_argument(False))
            self._own_variables()
        self.built = True

    def call(self, inputs, training=None):
        """Returns what the Module gives."""
        held = self.slim_held
        outputs = held.module(inputs, **held.training_argument(training))
        for loss in held.module.losses:
            self.add_loss(loss)
        return outputs

    def get_config(self):
        """Returns the Module's function by name, and its arguments.

        Raises:
          ValueError: if the function has no name to find it by, or the Module was made within an
            `arg_scope`.
        """
        module = self.slim_held.module
        if any(module._arg_scope.values()):
            raise ValueError(
                error_text(
                    "module",
                    "a Module made outside any arg_scope",
                    module.name,
                    "Open the arg_scope within the model function, or save the weights alone with save_weights.",
                )
            )
        function = module._model_fn
        specs = self.slim_held.specs
        if specs is not None:
            specs = tf.nest.map_structure(lambda spec: [spec.shape.as_list(), spec.dtype.name], specs)
        return {
            **super().get_config(),
            "function": encoded("fn", function.func),
            "args": encoded("default_args", list(function.args)),
            "kwargs": encoded("default_kwargs", function.keywords),
            "inputs": encoded("inputs", specs),
        }

    @classmethod
    def from_config(cls, config):
        """Returns the layer of a configuration, with weights that still have to be loaded."""
        from .module import Module

        function, args, kwargs = (decoded(config[key]) for key in ("function", "args", "kwargs"))
        layer = cls(Module(function, *args, **kwargs), name=config["name"], trainable=config.get("trainable", True))
        inputs = decoded(config["inputs"])
        if inputs is not None:
            layer.slim_held.specs = _specs(inputs)
            layer._make_variables()
        return layer


def _specs(inputs):
    """Returns the nest of `tf.TensorSpec` for a nest of [shape, dtype name]."""
    if isinstance(inputs, dict):
        return {key: _specs(value) for key, value in inputs.items()}
    if len(inputs) == 2 and isinstance(inputs[1], str):
        return tf.TensorSpec(*inputs)
    return type(inputs)(_specs(value) for value in inputs)
