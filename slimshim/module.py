"""`Module`: a slim model function as a TF2 object with its own variables."""

from __future__ import annotations

import contextlib
import functools
import re

import tensorflow as tf

from ._checks import check, error_text, nearest_names
from ._tf import in_graph_mode
from ._tf.scope_counts import automatic_names_from_the_start
from .ops._last_losses import LastLosses
from .ops._restore import open_checkpoint
from .ops.arg_scope import arg_scope, current_arg_scope
from .ops.stores import VariableStore, strategy_in_scope, using_store

v1 = tf.compat.v1

__all__ = ["Module"]


class Module(tf.Module):
    """A slim model function with variables of its own, for TF2 mode.

    The first call makes the variables, under their TF1 names; later calls use them again, in eager
    code and inside `tf.function`. The function may use slim's layers and raw
    `tf.compat.v1.get_variable` / `variable_scope` alike. Two Modules of one function share nothing.

        model = Module(inception_v2.inception_v2, num_classes=10)
        with tf.GradientTape() as tape:
            logits, end_points = model(images, is_training=True)
            loss = loss_fn(logits) + tf.add_n(model.losses)
        grads = tape.gradient(loss, model.trainable_variables)

    Scopes that are open where the Module is made hold in every call: those of `arg_scope`, and that
    of a `tf.distribute` strategy, whose variables the Module's are then, wherever the first call is.
    """

    def __init__(self, fn, *default_args, name=None, **default_kwargs):
        """Makes a Module of `fn`.

        Args:
          fn: a function that builds with slim's layers.
          *default_args: positional arguments that come before those of each call.
          name: the Module's name for `tf.Module`; no part of variable names. Default: from `fn`.
          **default_kwargs: keyword arguments for each call; a call's own win.

        Raises:
          TypeError: if `fn` is not callable.
        """
        check(callable(fn), "fn", "a function that builds the model", fn, error=TypeError)
        super().__init__(name=_tf_module_name(name or getattr(fn, "__name__", type(fn).__name__)))
        # Not `_call`: tf.function copies the attributes of what it wraps, and has a method of that name.
        self._model_fn = functools.partial(fn, *default_args, **default_kwargs)
        self._store = VariableStore(strategy_in_scope())
        self._tracked = {}
        self._arg_scope = current_arg_scope()
        self._losses = LastLosses()

    def __call__(self, *args, **kwargs):
        """Calls the function; returns what it returns."""
        try:
            with using_store(self._store) as step, arg_scope(self._arg_scope), self._root_scope():
                result = self._model_fn(*args, **kwargs)
        finally:
            self._track_new_variables()
        # In a graph, as in TF1, a variable has its loss from when it is made.
        keep = self._losses.add if in_graph_mode() else self._losses.set
        keep(step.regularization_losses())
        return result

    def _track_new_variables(self):
        # A tf.Module around this one, a tf.train.Checkpoint and SavedModel see variables only in attributes.
        for var in self._store.variables[len(self._tracked) :]:
            self._tracked[var.name.split(":")[0]] = var

    def _root_scope(self):
        # A fresh scope at each call: automatic names ("Conv", "Conv_1", ...) count from the start,
        # so that the next call finds the weights of the last.
        return _fresh_root_scope(self._store.getter)

    @property
    def variables(self):
        """All variables, in the order in which they were made."""
        return tuple(self._store.variables)

    @property
    def trainable_variables(self):
        """The variables that an optimizer should change, in the order in which they were made."""
        return tuple(v for v in self._store.variables if v.trainable)

    @property
    def losses(self):
        """The regularization losses of the last call, one scalar for each regularized variable.

        After a `tf.function` that called the Module they are computed anew, and so are those of a
        call that another thread has made since.
        """
        return self._losses.get()

    def build(self, *specs, **kwargs):
        """Makes the variables without computing anything; returns the Module.

        Args:
          *specs: a `tf.TensorSpec` (or a nest of them) for each positional argument of a call.
          **kwargs: keyword arguments for the call, as they are.
        """
        traced = tf.function(lambda *inputs: self(*inputs, **kwargs), autograph=False)
        traced.get_concrete_function(*specs)
        self._losses.set([])  # They belonged to the trace.
        return self

    def restore(self, checkpoint, ignore_missing=False):
        """Fills the variables from a TF1 checkpoint, by name; returns the Module.

        Args:
          checkpoint: the checkpoint's path, as `tf.train.latest_checkpoint` gives it.
          ignore_missing: if True, variables that the checkpoint lacks keep their values.

        Raises:
          ValueError: if the Module has no variables yet, if a name is missing or a shape differs;
            the message says which, and the nearest names that exist. Nothing is changed then.
        """
        if not self._store.variables:
            raise ValueError("The Module has no variables yet. Call it once, or build(...) it, before restore.")
        reader = open_checkpoint(checkpoint)
        found = self._found_in(reader, checkpoint, ignore_missing)
        for var, value in found:
            var.assign(value)
        return self

    def _found_in(self, reader, checkpoint, ignore_missing):
        shapes = reader.get_variable_to_shape_map()
        found = []
        for var in self._store.variables:
            name = var.name.split(":")[0]
            if name not in shapes:
                if ignore_missing:
                    continue
                near = nearest_names(name, shapes)
                hint = f" Nearest names there: {near}." if near else ""
                raise ValueError(f"Checkpoint {checkpoint} has no {name!r}.{hint}")
            if tuple(shapes[name]) != tuple(var.shape):
                raise ValueError(
                    error_text(name, f"shape {tuple(var.shape)}", tuple(shapes[name]), f"It came from {checkpoint}.")
                )
            found.append((var, reader.get_tensor(name)))
        return found

    def as_keras_layer(self, name=None):
        """Returns a `keras.layers.Layer` that calls this Module and owns its variables.

        For models whose function uses raw TensorFlow ops between slim's layers. The function's
        first argument is the layer's input; its `is_training`, if the Module has not set one,
        follows Keras. Regularization losses are the layer's losses.

        Args:
          name: the layer's name. Default: the Module's.
        """
        from ._keras_module import ModuleLayer  # It loads Keras.

        return ModuleLayer(self, name)

    def summary(self):
        """Returns a table of the variables: name, shape, dtype and number of elements."""
        rows = [
            (v.name.split(":")[0], str(tuple(v.shape)), v.dtype.name, v.shape.num_elements()) for v in self.variables
        ]
        widths = [max([len(row[i]) for row in rows] + [5]) for i in range(2)]
        lines = [
            f"{name:<{widths[0]}}  {shape:<{widths[1]}}  {dtype:<8} {count:>12,}" for name, shape, dtype, count in rows
        ]
        trainable = sum(v.shape.num_elements() for v in self.trainable_variables)
        total = sum(row[3] for row in rows)
        return "\n".join([*lines, f"{len(rows)} variables, {total:,} elements, of them {trainable:,} trainable"])


def _tf_module_name(name):
    """Returns `name` made valid for `tf.Module`: a Python identifier, and a name scope's name."""
    name = re.sub(r"\W", "_", name).lstrip("_")
    return name if name.isidentifier() else "module_" + name


@contextlib.contextmanager
def _fresh_root_scope(getter):
    """A context in which automatic scope names count from the start and variables come from `getter`."""
    root = v1.VariableScope(reuse=None, custom_getter=getter, use_resource=True)
    with automatic_names_from_the_start(), v1.variable_scope(root, auxiliary_name_scope=False):
        yield
