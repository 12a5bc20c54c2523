"""Reading: each format as a dict of name -> `Value`."""

from __future__ import annotations

import os
import typing
import zipfile

import numpy as np
import tensorflow as tf

from .._checks import error_text
from .._tf.object_graphs import OBJECT_GRAPH_KEY, stored_variables
from ..ops._restore import open_checkpoint
from .models import fill_from_keras_file, named_variables, values_kept

FORMATS = ("tf1", "tf2", "keras")


class Value(typing.NamedTuple):
    """A value in a checkpoint, not read yet.

    Attributes:
      shape: a tuple of integers.
      dtype: a `tf.DType`.
      load: a function without arguments that returns the NumPy array.
      is_slot: whether the format says that it is an optimizer's, not the model's.
    """

    shape: tuple
    dtype: tf.DType
    load: typing.Callable
    is_slot: bool = False


def read(path, model=None, root="model"):
    """Returns a dict of name -> `Value` of a checkpoint, in the order of names.

    Args:
      path: one of these:
        the path of a TF1 checkpoint; names are its own;
        the path of an object-based checkpoint; names are those that the variables had when it was
        written, and where there is none, or twice one, the path of objects ("model/layer/kernel");
        a directory with such a checkpoint, or a SavedModel;
        a Keras file: `.keras`, `.h5` or `.weights.h5`; names are the variables' paths.
      model: for an object-based checkpoint, an object of the class that was saved: then names are
        those of its variables now. For a `.weights.h5`, which has no names, the Keras model. The file
        is loaded into the model, its values are copied, and the model gets its own back.
      root: the name under which `tf.train.Checkpoint` kept the model; "" if it was the root itself.

    Raises:
      ValueError: if there is no checkpoint, or the format needs a model and there is none.
    """
    path = os.fspath(path)
    kind = format_of(path)
    if kind == "keras":
        return _keras_values(path, model)
    if kind == "tf2":
        return _object_values(_checkpoint_path(path), model, root)
    return _tensor_values(open_checkpoint(_checkpoint_path(path)))


def format_of(path):
    """Returns which of `FORMATS` the checkpoint at `path` has.

    Raises:
      ValueError: if there is no checkpoint.
    """
    if path.endswith((".keras", ".h5", ".hdf5")):
        if not os.path.isfile(path):
            raise ValueError(error_text("source", "a file that is there", path))
        return "keras"
    reader = open_checkpoint(_checkpoint_path(path))
    return "tf2" if reader.has_tensor(OBJECT_GRAPH_KEY) else "tf1"


def _checkpoint_path(path):
    """Returns the prefix of a checkpoint's files: also of those inside a SavedModel."""
    for suffix in (".index", ".meta"):  # What a shell's completion gives.
        if path.endswith(suffix) and tf.io.gfile.exists(path):
            return path[: -len(suffix)]
    if tf.io.gfile.exists(os.path.join(path, "saved_model.pb")):
        return os.path.join(path, "variables", "variables")
    return path


def _tensor_values(reader):
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    return {name: _tensor(reader, name, shapes, dtypes) for name in sorted(shapes)}


def _tensor(reader, key, shapes, dtypes, is_slot=False):
    return Value(tuple(shapes[key]), tf.as_dtype(dtypes[key]), lambda: reader.get_tensor(key), is_slot)


# --- object-based


def _object_values(path, model, root):
    reader = open_checkpoint(path)
    if model is not None:
        return _values_through(model, lambda: _restore_objects(path, model, root))
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    named, paths = {}, {}
    for stored in stored_variables(reader):
        if stored.path in (("save_counter",), ("_save_counter",)):
            continue  # The format's own.
        value = _tensor(reader, stored.key, shapes, dtypes, _is_slot(stored))
        name = _name(stored)
        if name in named and _same(named[name], value):
            continue  # One variable that two objects wrap.
        if name in named:
            name = "/".join(stored.path)
        named[name], paths[name] = value, stored.path
    return dict(sorted(named.items()))


def _name(stored):
    last = stored.path[-1]
    # In a dict of variables the key tells those of one name apart: `Conv/weights`, `Conv/weights_1`.
    if stored.full_name and last.startswith(stored.full_name):
        return last
    return stored.full_name or "/".join(stored.path)


def _is_slot(stored):
    holder, _, rest = "/".join(stored.path).rpartition("optimizer/")
    in_optimizer = bool(holder or rest != "/".join(stored.path))
    # Keras 3's optimizers also hold the model's own weights.
    return stored.is_slot or (in_optimizer and not rest.startswith("_trainable_variables"))


def _same(first, second):
    return first.shape == second.shape and first.dtype == second.dtype and (first.load() == second.load()).all()


def _restore_objects(path, model, root):
    checkpoint = tf.train.Checkpoint(**{root: model}) if root else tf.train.Checkpoint(model)
    status = checkpoint.read(path).expect_partial()
    try:
        status.assert_existing_objects_matched()
    except AssertionError as error:
        raise ValueError(
            error_text(
                "source_model",
                f"an object like the one that was saved as {root or 'the root'!r}",
                type(model).__name__,
                f"{error} Leave the model out to go by the names in {path}.",
            )
        ) from error


def _values_through(model, fill):
    """Returns copies of the values that `fill()` gives the model. The model keeps its own."""
    with values_kept(model):
        fill()
        arrays = {name: (variable.dtype, variable.numpy()) for name, variable in named_variables(model).items()}
    return {name: _in_memory(dtype, array) for name, (dtype, array) in arrays.items()}


def _in_memory(dtype, array):
    return Value(tuple(np.shape(array)), dtype, lambda: array)


def _model_values(model):
    return {
        name: Value(tuple(variable.shape), variable.dtype, variable.numpy)
        for name, variable in named_variables(model).items()
    }


# --- Keras files


def _keras_values(path, model):
    if model is not None:
        return _values_through(model, lambda: fill_from_keras_file(model, path))
    if zipfile.is_zipfile(path):
        from ..keras_models import load_model

        return _model_values(load_model(path, compile=False))
    values = _legacy_h5_values(path)
    if not values:
        remedy = "Its layers are there by position alone. Pass the Keras model (--model) that it is of."
        raise ValueError(error_text("model", f"a model, because {path} has no variable names", model, remedy))
    return values


def _legacy_h5_values(path):
    """Returns the values of an `.h5` file of before Keras 3, and of Keras 3's own legacy ones."""
    import h5py  # TensorFlow brings it.

    values = {}
    with h5py.File(path, "r") as file:
        weights = file.get("model_weights", file)
        for layer in _texts(weights, "layer_names"):
            for name in _texts(weights[layer], "weight_names"):
                place = f"{weights.name.rstrip('/')}/{layer}/{name}"
                dataset = file[place]
                values[name.partition(":")[0]] = Value(
                    tuple(dataset.shape), tf.as_dtype(dataset.dtype), _h5_loader(path, place)
                )
    return dict(sorted(values.items()))


def _h5_loader(path, place):
    def load():
        import h5py

        with h5py.File(path, "r") as file:
            return file[place][()]

    return load


def _texts(group, attribute):
    """Returns a list of texts, which Keras cuts into pieces `attribute0`, `attribute1`, … where it is long."""
    found = list(group.attrs.get(attribute, ()))
    piece = 0
    while f"{attribute}{piece}" in group.attrs:
        found += list(group.attrs[f"{attribute}{piece}"])
        piece += 1
    return [text.decode() if isinstance(text, bytes) else str(text) for text in found]
