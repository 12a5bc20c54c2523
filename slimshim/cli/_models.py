"""Models that a command line names."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import os
import sys


class NoModel(Exception):
    """What was named is no model; the text is for the user."""


HELP = (
    "PACKAGE.MODULE:NAME of a model (a Module, a Keras model, a training step), of a function without "
    "arguments that returns one, or of a slim model function (then --input says the shape of what it "
    "takes); or a .keras file"
)


def add_model_options(parser, flag_or_name, **more):
    """Adds the arguments that name a model to a parser."""
    parser.add_argument(flag_or_name, metavar="MODEL", help=HELP, **more)
    parser.add_argument(
        "--input",
        metavar="[NAME=]SHAPE[:DTYPE]",
        action="append",
        default=[],
        help="an input of the model function, such as 1,224,224,3 or images=?,28,28,1:uint8; ? is any size (repeat "
        "for more inputs)",
    )
    parser.add_argument(
        "--set",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a keyword argument of the model function, such as num_classes=1001 or is_training=False (repeat)",
    )
    parser.add_argument(
        "--arg-scope",
        metavar="MODULE:FUNCTION",
        help="a function that returns the arg_scope to build in, such as inception_v2_arg_scope",
    )


def input_specs(texts):
    """Returns a `tf.TensorSpec` for each [NAME=]SHAPE[:DTYPE]."""
    import tensorflow as tf

    specs = []
    for text in texts:
        name, _, rest = text.rpartition("=")
        shape, _, dtype = rest.partition(":")
        try:
            sizes = [None if size in ("?", "None") else int(size) for size in shape.split(",") if size]
            specs.append(tf.TensorSpec(sizes, tf.as_dtype(dtype or "float32"), name or None))
        except (TypeError, ValueError) as error:
            raise NoModel(f"--input {text!r}: expected sizes, as in 1,224,224,3:float32 ({error})") from error
    return specs


def settings(texts):
    """Returns the dict of NAME=VALUE; a value that is no Python literal is text."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise NoModel(f"--set {text!r}: expected NAME=VALUE")
        try:
            found[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            found[name] = value
    return found


def model_named(name, specs=(), arguments=None, arg_scope=None, as_keras=False):
    """Returns the model that a command line names, with its variables made where that can be done.

    Args:
      name: as `HELP` says.
      specs: a `tf.TensorSpec` for each input, or none.
      arguments: keyword arguments for a function.
      arg_scope: the name of a function that returns an `arg_scope`, or None.
      as_keras: whether a slim model function becomes a Keras model, and not a Module.

    Raises:
      NoModel: if there is none of that name, or it needs more to be built.
    """
    root = __name__.rpartition(".cli.")[0]
    if name.endswith((".keras", ".h5")) or os.path.isdir(name):
        return importlib.import_module(f"{root}.keras_models").load_model(name)
    found = object_named(name)
    scopes = importlib.import_module(f"{root}.ops.arg_scope")
    scope = object_named(arg_scope)() if arg_scope else None
    with scopes.arg_scope(scope) if scope is not None else contextlib.nullcontext():
        model, function = _called(found, name, arguments or {})
        if function is None:
            return _built(model, specs, as_keras)
        if not specs:
            raise NoModel(f"{name} is a function of {_required(function)}. Say what it takes with --input.")
        if as_keras:
            return _symbolic(function, specs, arguments or {})
        return importlib.import_module(f"{root}.module").Module(function, **(arguments or {})).build(*specs)


def object_named(name):
    """Returns the object `PACKAGE.MODULE:NAME`; modules of the working folder are found, too."""
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise NoModel(f"{name!r}: expected PACKAGE.MODULE:NAME")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.startswith(error.name):
            raise NoModel(f"there is no module named {error.name!r}, for {name!r}") from error
        raise
    for part in path.split("."):
        if not hasattr(found, part):
            raise NoModel(f"{module} has no {part!r}, for {name!r}")
        found = getattr(found, part)
    return found


def _called(found, name, arguments):
    """Returns (model, None), or (None, a slim model function)."""
    if hasattr(found, "variables") or hasattr(found, "weights"):
        if arguments:
            raise NoModel(
                f"{name} is a model already, and --set is for functions. Make it with these arguments, as in "
                "slim.Module(function, is_training=False), or name the function."
            )
        return found, None
    if not callable(found):
        raise NoModel(f"{name} is no model: a {type(found).__name__}")
    if _required(found):
        return None, found
    model = found(**arguments)
    if not (hasattr(model, "variables") or hasattr(model, "weights") or isinstance(model, dict)):
        raise NoModel(f"{name}() returned no model but a {type(model).__name__}")
    return model, None


def _required(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds and p.default is p.empty]


def _built(model, specs, as_keras):
    if as_keras and hasattr(model, "as_keras_layer") and specs:
        import tensorflow as tf

        inputs = _keras_inputs(specs)
        return tf.keras.Model(inputs, model.as_keras_layer()(inputs[0]))
    if specs and hasattr(model, "build") and hasattr(model, "restore") and not model.variables:
        return model.build(*specs)
    return model


def _symbolic(function, specs, arguments):
    import tensorflow as tf

    inputs = _keras_inputs(specs)
    outputs = function(*inputs, **arguments)
    return tf.keras.Model(inputs, outputs[0] if isinstance(outputs, tuple) else outputs)


def _keras_inputs(specs):
    import tensorflow as tf

    return [tf.keras.Input(spec.shape[1:].as_list(), dtype=spec.dtype.name) for spec in specs]
