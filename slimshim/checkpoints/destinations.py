"""Writing: values or a model as each format, in place only when whole."""

from __future__ import annotations

import contextlib
import json
import os

import tensorflow as tf

from .._checks import check, error_text
from .._outputs import AlreadyThere, whole_output
from ..module import Module
from .models import is_keras_model, is_tracked, named_variables

v1 = tf.compat.v1

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")


def format_for(path, to):
    """Returns the format to write at `path`: as asked, or as its suffix says."""
    if to is None:
        expected = "'tf1', 'tf2' or 'keras'; it may be left out for a .keras or .h5 file"
        check(path.endswith(KERAS_SUFFIXES), "to", expected, to)
        return "keras"
    check(to in ("tf1", "tf2", "keras"), "to", "'tf1', 'tf2' or 'keras'", to)
    if to == "keras":
        check(path.endswith(KERAS_SUFFIXES), "destination", "a path that ends in .keras, .weights.h5 or .h5", path)
    return to


def write_tf1(path, arrays, overwrite):
    """Writes a dict of name -> array as a checkpoint by names, as `tf.compat.v1.train.Saver` would."""
    with whole_output(path, overwrite, "destination") as partial:
        names = sorted(arrays)
        tensors = [tf.constant(arrays[name]) for name in names]
        tf.raw_ops.SaveV2(prefix=partial, tensor_names=names, shape_and_slices=[""] * len(names), tensors=tensors)
    _list_as_latest(path)


def write_objects(path, arrays, root, overwrite):
    """Writes a dict of name -> array as what a `Module` with these variables saves."""

    def make_variables():
        for name, array in arrays.items():
            v1.get_variable(name, array.shape, tf.as_dtype(array.dtype), v1.zeros_initializer(), trainable=False)

    module = Module(make_variables)
    module()
    for name, variable in named_variables(module).items():
        variable.assign(arrays[name])
    write_model(path, module, root, overwrite)


def write_model(path, model, root, overwrite):
    """Writes a model's variables as an object-based checkpoint."""
    with whole_output(path, overwrite, "destination") as partial:
        checkpoint = _checkpoint_of(model, root)
        checkpoint.save_counter.assign_add(1)  # So that what `tf.train.Checkpoint.restore` asks for is there.
        checkpoint.write(partial)
    _list_as_latest(path)


def _checkpoint_of(model, root):
    named = named_variables(model)
    if not isinstance(model, tf.Module) and not is_keras_model(model):
        # A training step's or the user's own dict: laid out as the training loop does.
        return tf.train.Checkpoint(variables=named)
    checkpoint = tf.train.Checkpoint(**{root: model}) if root else tf.train.Checkpoint(model)
    if is_tracked(checkpoint, named.values()):
        return checkpoint
    check(bool(root), "root", "a name, because this Keras model does not track all its variables", root)
    return tf.train.Checkpoint(**{root: model}, variables=named)


def write_keras(path, model, overwrite):
    """Writes a Keras model, or the weights of one, as the path's suffix says."""
    expected = "a Keras model, because the destination is a Keras file"
    check(is_keras_model(model), "model", expected, model, "Make one with keras.Model(...).", TypeError)
    with whole_output(path, overwrite, "destination") as partial:
        if path.endswith(".keras"):
            model.save(partial)
            return
        try:
            model.save_weights(partial)
        except ValueError as error:
            raise ValueError(
                error_text("destination", "a file of weights that this Keras writes", path, str(error))
            ) from error


def _list_as_latest(path):
    """Makes `tf.train.latest_checkpoint` find the checkpoint, where the folder lists none yet."""
    state = os.path.join(os.path.dirname(path), "checkpoint")
    if os.path.exists(state):
        return
    name = json.dumps(os.path.basename(path), ensure_ascii=False)  # The format quotes as JSON does.
    # Another process that writes into the same folder may list its own meanwhile.
    with contextlib.suppress(AlreadyThere), whole_output(state) as partial:
        with open(partial, "w", encoding="utf-8") as file:
            file.write(f"model_checkpoint_path: {name}\nall_model_checkpoint_paths: {name}\n")
