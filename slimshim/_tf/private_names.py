"""Names of `tensorflow.python` that moved or went, and where the same thing is today.

Programs of the TensorFlow 1 years import private modules and find some names gone:
`ops.Tensor` left in 2.15, `control_flow_ops.cond` in 2.12, and so on. Every name here was a member
of that module in TensorFlow 1.15. `legacy.install()` gives back those that the running TensorFlow lacks:

* `MOVED_NAMES`: the very object that `tensorflow.compat.v1` still publishes;
* `INNER_NAMES`: what another private module has, in the versions that lack it at the old place (2.10 to 2.21);
* `REMADE_NAMES`: what was a line of code and is gone everywhere since 2.0;
* `MOVED_MODULES`: whole modules; the import hook serves them.

An entry can go once no program that is worth running imports it.
"""

from __future__ import annotations

import functools
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
    "pywrap_tensorflow": {
        "NewCheckpointReader": "train.NewCheckpointReader",
        "do_quantize_training_on_graphdef": "train.do_quantize_training_on_graphdef",
    },
    "tools.freeze_graph": {"MetaGraphDef": "MetaGraphDef"},
    "tpu.tpu": {"outside_compilation": "tpu.outside_compilation"},
    "training.training": {
        "do_quantize_training_on_graphdef": "train.do_quantize_training_on_graphdef",
        "enable_mixed_precision_graph_rewrite": "train.experimental.enable_mixed_precision_graph_rewrite",
    },
}

# module below tensorflow.python -> {name: (module below tensorflow.python, name there)}
INNER_NAMES = {
    "framework.ops": {"IndexedSlicesValue": ("framework.indexed_slices", "IndexedSlicesValue")},
    "ops.control_flow_ops": {
        "case_v2": ("ops.control_flow_case", "case_v2"),
        "cond_for_tf_v2": ("ops.cond", "cond_for_tf_v2"),
        "while_loop_v2": ("ops.while_loop", "while_loop_v2"),
    },
    "ops.variables": {"RefVariable": ("ops.ref_variable", "RefVariable")},
    "tpu.tpu": {"TPUReplicateContext": ("tpu.tpu_replication", "TPUReplicateContext")},
    "util.nest": {"is_sequence": ("util.nest", "is_nested")},
}

# module below tensorflow.python -> {name: a function of TensorFlow that returns the object}
REMADE_NAMES = {
    "framework.tensor_shape": {
        "scalar": lambda: lambda: tf.TensorShape([]),
        "vector": lambda: lambda length: tf.TensorShape([length]),
        "matrix": lambda: lambda rows, columns: tf.TensorShape([rows, columns]),
    },
    # Values there, functions in the public API.
    "platform.build_info": {
        "is_cuda_build": lambda: tf.test.is_built_with_cuda(),
        "is_rocm_build": lambda: tf.test.is_built_with_rocm(),
    },
}

# module below tensorflow.python -> modules below it that have its names today, the first that exists
MOVED_MODULES = {
    # Its optimizers' ops: `tensorflow.python.training.gen_training_ops` up to 2.15, `ops` from 2.16 on.
    "training.training_ops": ("ops.gen_training_ops", "training.gen_training_ops"),
}


def missing_names():
    """Yields (module, name, object) for every listed name that this TensorFlow's module lacks."""
    for path, name, find in _listed():
        module = _module(path)
        if module is not None and _lacks(module, name):
            found = find()
            if found is not None:
                yield module, name, found


def _listed():
    """Yields (module path, name, function that returns the object or None) for every entry."""
    for path, names in MOVED_NAMES.items():
        for name, public in names.items():
            yield path, name, functools.partial(_public_object, public)
    for path, names in INNER_NAMES.items():
        for name, place in names.items():
            yield path, name, functools.partial(_inner_object, *place)
    for path, names in REMADE_NAMES.items():
        for name, make in names.items():
            yield path, name, make


def moved_module(path):
    """Returns today's module for a private path of `MOVED_MODULES`, or None.

    Args:
      path: a module path, such as "tensorflow.python.training.training_ops".
    """
    prefix, _, tail = path.partition(f"{_PYTHON}.")
    candidates = () if prefix else MOVED_MODULES.get(tail, ())
    return next((found for found in map(_module, candidates) if found is not None), None)


def _module(path):
    """Returns the module below `tensorflow.python`, or None where this TensorFlow has none."""
    try:
        return importlib.import_module(f"{_PYTHON}.{path}")
    except ImportError:
        return None


def _inner_object(path, name):
    return getattr(_module(path), name, None)


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
