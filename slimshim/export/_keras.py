"""`.keras` files."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check
from .._outputs import whole_output
from ._calls import is_keras
from ._signatures import input_specs


def keras_file(model, path, inputs=None, *, overwrite=False):
    """Writes a `.keras` file, for `keras_models.load_model`; returns the path.

    Args:
      model: a Keras model, or a `Module`, which becomes one layer. The Module's function must be
        found again by name: registered with `keras.saving.register_keras_serializable`, or this package's.
      path: the file to write; ends in ".keras".
      inputs: for a Module: as for `signature`, for its one input.
      overwrite: if True, what is at `path` is replaced.

    Raises:
      ValueError: if something is at `path`, this Keras writes no such files, or the model's functions
        have no names to find them by.
    """
    path = str(path)
    check(path.endswith(".keras"), "path", "a path that ends in .keras", path)
    if not is_keras(model):
        model = _with_one_layer(model, inputs)
    with whole_output(path, overwrite) as partial:
        model.save(partial)
    return path


def _with_one_layer(module, inputs):
    expected = "a Keras model or a Module"
    check(hasattr(module, "as_keras_layer"), "model", expected, module, error=TypeError)
    remedy = "Build the model and restore it before exporting: model.build(...).restore(checkpoint)."
    check(bool(module.variables), "model", "a Module whose variables exist", module, remedy)
    specs, _ = input_specs(module, inputs)
    check(len(specs) == 1, "inputs", "one input, because a Module's layer takes one", inputs)
    spec = specs[0]
    check(spec.shape.rank is not None and spec.shape.rank > 0, "inputs", "a shape with a batch", inputs)
    keras_input = tf.keras.Input(spec.shape[1:].as_list(), dtype=spec.dtype.name, name=spec.name)
    return tf.keras.Model(keras_input, module.as_keras_layer()(keras_input))
