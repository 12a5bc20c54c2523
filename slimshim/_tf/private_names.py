"""Names of `tensorflow.python` that moved or went, and TensorFlow's public name for the same thing.

Programs of the TensorFlow 1 years import private modules and find some names gone:
`ops.Tensor` left in 2.15, `control_flow_ops.cond` in 2.12, and so on. Every name here was a member
of that module in TensorFlow 1.15, and was the very object that `tensorflow.compat.v1` still
publishes. `legacy.install()` gives back those that the running TensorFlow lacks.
An entry can go once no program that is worth running imports it.
"""

from __future__ import annotations

import importlib

import tensorflow as tf

_PYTHON = "tensorflow.python"

# module below tensorflow.python -> {name: public path below tf.compat.v1}
MOVED_NAMES = {
    "data.ops.dataset_ops": {"Options": "data.Options"},
    "eager.context": {
        "VirtualDeviceConfiguration": "config.experimental.VirtualDeviceConfiguration",
    },
    "framework.graph_util": {
        "convert_variables_to_constants": "graph_util.convert_variables_to_constants",
    },
    "framework.ops": {
        "IndexedSlices": "IndexedSlices",
        "Tensor": "Tensor",
        "convert_to_tensor_or_indexed_slices": "convert_to_tensor_or_indexed_slices",
        "disable_tensor_equality": "disable_tensor_equality",
        "enable_tensor_equality": "enable_tensor_equality",
        "register_tensor_conversion_function": "register_tensor_conversion_function",
    },
    "layers.layers": {
        "BatchNormalization": "layers.BatchNormalization",
        "batch_normalization": "layers.batch_normalization",
    },
    "layers.normalization": {
        "BatchNorm": "layers.BatchNormalization",
        "BatchNormalization": "layers.BatchNormalization",
        "batch_norm": "layers.batch_normalization",
        "batch_normalization": "layers.batch_normalization",
    },
    "ops.array_ops": {"stack": "stack", "unstack": "unstack"},
    "ops.control_flow_ops": {
        "Assert": "Assert",
        "case": "case",
        "cond": "cond",
        "switch_case": "switch_case",
        "while_loop": "while_loop",
    },
    "ops.math_ops": {
        "bessel_i0e": "math.bessel_i0e",
        "bessel_i1e": "math.bessel_i1e",
        "bincount_v1": "bincount",
    },
    "ops.nn": {
        "bidirectional_dynamic_rnn": "nn.bidirectional_dynamic_rnn",
        "dynamic_rnn": "nn.dynamic_rnn",
        "raw_rnn": "nn.raw_rnn",
        "static_rnn": "nn.static_rnn",
        "static_state_saving_rnn": "nn.static_state_saving_rnn",
    },
    "ops.nn_impl": {
        "compute_average_loss": "nn.compute_average_loss",
        "scale_regularization_loss": "nn.scale_regularization_loss",
    },
    "ops.random_ops": {"random_crop": "random_crop"},
    "ops.standard_ops": {
        "VariableV1": "Variable",
        "is_variable_initialized": "is_variable_initialized",
        "random_crop": "random_crop",
        "stack": "stack",
        "unstack": "unstack",
    },
    "ops.variable_scope": {
        "disable_resource_variables": "disable_resource_variables",
        "enable_resource_variables": "enable_resource_variables",
        "resource_variables_enabled": "resource_variables_enabled",
        "variable": "Variable",
    },
    "ops.variables": {
        "VariableV1": "Variable",
        "is_variable_initialized": "is_variable_initialized",
    },
    "pywrap_tensorflow": {"NewCheckpointReader": "train.NewCheckpointReader"},
    "tpu.tpu": {"outside_compilation": "tpu.outside_compilation"},
}


def missing_names():
    """Yields (module, name, object) for every listed name that this TensorFlow's module lacks."""
    for path, names in MOVED_NAMES.items():
        try:
            module = importlib.import_module(f"{_PYTHON}.{path}")
        except ImportError:
            continue
        for name, public in names.items():
            if _lacks(module, name):
                found = _public_object(public)
                if found is not None:
                    yield module, name, found


def _lacks(module, name):
    """Returns whether the module has no such name.

    Some modules make their names on demand from a Keras that is not there, and then raise
    ImportError or NotImplementedError where AttributeError is meant.
    """
    try:
        getattr(module, name)
    except (AttributeError, ImportError, NotImplementedError):
        return True
    return False


def _public_object(path):
    """Returns the object at `tf.compat.v1.<path>`, or None where this TensorFlow has none."""
    found = tf.compat.v1
    for part in path.split("."):
        found = getattr(found, part, None)
        if found is None:
            return None
    return found
