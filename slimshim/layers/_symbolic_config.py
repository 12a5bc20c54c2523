"""Symbolic layers as JSON, for `keras.Model.save`: functions by name, and arguments.

An initializer is not kept: a layer that is loaded gets its values from the file. A function is kept
by its name if TensorFlow or this package has it, else it must be registered with Keras
(`keras.saving.register_keras_serializable`).
"""

from __future__ import annotations

import importlib

import tensorflow as tf

from .._checks import error_text

v1 = tf.compat.v1

_PACKAGE = __name__.partition(".layers.")[0]
_KIND = "slim_kind"

# Where TensorFlow's functions are looked for.
_NAMESPACES = {
    "": tf,
    "nn": tf.nn,
    "math": tf.math,
    "image": tf.image,
    "linalg": tf.linalg,
    "compat.v1": v1,
    "compat.v1.nn": v1.nn,
}


def encoded_call(call):
    """Returns an `OpCall` as a dict for JSON.

    Raises:
      ValueError: if a function among its arguments has no name to find it by.
    """
    return {
        "op": encoded("op", call.op),
        "args": [encoded("args", value) for value in call.args],
        "arguments": {name: _argument(name, value) for name, value in call.kwargs.items()},
        "inputs": [{"shape": spec.shape.as_list(), "dtype": spec.dtype.name} for spec in call.specs],
        "prefix": call.prefix,
    }


def decoded_call(config):
    """Returns (op, args, kwargs, specs, prefix) of what `encoded_call` gave, taken off `config`."""
    op = decoded(config.pop("op"))
    args = [decoded(value) for value in config.pop("args")]
    kwargs = {name: decoded(value) for name, value in config.pop("arguments").items()}
    specs = [tf.TensorSpec(spec["shape"], spec["dtype"]) for spec in config.pop("inputs")]
    return getattr(op, "eager_op", op), args, kwargs, specs, config.pop("prefix")


def _argument(name, value):
    if name == "param_initializers":
        return None
    if value is not None and (name.endswith("_initializer") or name in ("weight_init", "bias_init")):
        return {_KIND: "initializer"}
    return encoded(name, value)


def encoded(name, value):
    from ._symbolic_layer import Slot

    if isinstance(value, Slot):
        return {_KIND: "input", "index": value.index}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return {_KIND: type(value).__name__, "items": [encoded(name, item) for item in value]}
    if isinstance(value, dict):
        return {_KIND: "dict", "items": {key: encoded(name, item) for key, item in value.items()}}
    if isinstance(value, tf.DType):
        return {_KIND: "dtype", "name": value.name}
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays.
        return encoded(name, value.tolist())
    if hasattr(value, "recipe"):
        factory, arguments = value.recipe
        return {_KIND: "made", "by": encoded(name, factory), "arguments": encoded(name, arguments)}
    found = _function_name(value)
    if found is not None:
        return found
    return _by_keras(name, value)


def _function_name(value):
    """Returns where a function of this package or of TensorFlow is found, or None."""
    name = getattr(value, "__name__", "")
    module = getattr(value, "__module__", None) or ""
    if module.startswith(_PACKAGE + "."):
        home = importlib.import_module(module)
        found = getattr(home, name, None)
        if found is not None and (found is value or getattr(found, "eager_op", None) is value):
            return {_KIND: "own", "module": module[len(_PACKAGE) + 1 :], "name": name}
    # A function's own name tells its version, its public name does not.
    for public in {name, name.removesuffix("_v2")} - {""}:
        for path, namespace in _NAMESPACES.items():
            if getattr(namespace, public, None) is value:
                return {_KIND: "tensorflow", "module": path, "name": public}
    return None


def _by_keras(name, value):
    registered = tf.keras.utils.get_registered_name(value) if hasattr(value, "__name__") else None
    if registered is not None and tf.keras.utils.get_registered_object(registered) is value:
        return {_KIND: "registered", "name": registered}
    raise ValueError(
        error_text(
            name,
            "what can be saved: a number, a string, a function of TensorFlow or of this package, or a registered one",
            value,
            "Register a function of your own with keras.saving.register_keras_serializable, or save the weights alone "
            "with save_weights.",
        )
    )


def decoded(value):
    from ._symbolic_layer import Slot

    if not isinstance(value, dict):
        return value
    kind = value[_KIND]
    if kind == "initializer":
        return v1.zeros_initializer()
    if kind == "input":
        return Slot(value["index"])
    if kind in ("list", "tuple"):
        items = [decoded(item) for item in value["items"]]
        return items if kind == "list" else tuple(items)
    if kind == "dict":
        return {key: decoded(item) for key, item in value["items"].items()}
    if kind == "dtype":
        return tf.as_dtype(value["name"])
    if kind == "made":
        return decoded(value["by"])(**decoded(value["arguments"]))
    if kind == "own":
        return getattr(importlib.import_module(f"{_PACKAGE}.{value['module']}"), value["name"])
    if kind == "tensorflow":
        return getattr(_NAMESPACES[value["module"]], value["name"])
    return tf.keras.utils.get_registered_object(value["name"])
