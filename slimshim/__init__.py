"""TF-Slim's API on today's TensorFlow: `import slimshim as slim`.

This is the public face: the names of `tf_slim`, each loaded from its room on first use, so that
importing the package costs next to nothing on top of TensorFlow. Importing it changes nothing in
the process; only `install()` and `python -m slimshim run` do.
"""

from __future__ import annotations

import importlib

from . import _tf as _tf  # First of all: without a fit TensorFlow, it says what to install.

__version__ = "0.1.0"

# Room -> the names that it gives to the package's face.
_ROOMS = {
    "layers.bucketization_op": ("bucketize",),
    "layers.initializers": (
        "variance_scaling_initializer",
        "xavier_initializer",
        "xavier_initializer_conv2d",
    ),
    "layers.layers": (
        "GDN",
        "avg_pool2d",
        "avg_pool3d",
        "batch_norm",
        "bias_add",
        "conv1d",
        "conv2d",
        "conv2d_in_plane",
        "conv2d_transpose",
        "conv3d",
        "conv3d_transpose",
        "convolution",
        "convolution1d",
        "convolution2d",
        "convolution2d_in_plane",
        "convolution2d_transpose",
        "convolution3d",
        "convolution3d_transpose",
        "dense_to_sparse",
        "dropout",
        "elu",
        "flatten",
        "fully_connected",
        "gdn",
        "images_to_sequence",
        "layer_norm",
        "legacy_fully_connected",
        "legacy_linear",
        "legacy_relu",
        "linear",
        "max_pool2d",
        "max_pool3d",
        "maxout",
        "one_hot_encoding",
        "pool",
        "relu",
        "relu6",
        "repeat",
        "scale_gradient",
        "separable_conv2d",
        "separable_convolution2d",
        "sequence_to_images",
        "softmax",
        "spatial_softmax",
        "stack",
        "unit_norm",
    ),
    "layers.normalization": ("group_norm", "instance_norm"),
    "layers.optimizers": (
        "OPTIMIZER_CLS_NAMES",
        "OPTIMIZER_SUMMARIES",
        "adaptive_clipping_fn",
        "optimize_loss",
    ),
    "layers.regularizers": (
        "apply_regularization",
        "l1_l2_regularizer",
        "l1_regularizer",
        "l2_regularizer",
        "sum_regularizer",
    ),
    "layers.rev_block_lib": ("RevBlock", "recompute_grad", "rev_block"),
    "layers.summaries": (
        "summarize_activation",
        "summarize_activations",
        "summarize_biases",
        "summarize_collection",
        "summarize_tensor",
        "summarize_tensors",
        "summarize_variables",
        "summarize_weights",
    ),
    "legacy": ("install", "uninstall"),
    "lifting": ("lift",),
    "module": ("Module",),
    "ops.arg_scope": (
        "add_arg_scope",
        "arg_scope",
        "arg_scope_func_key",
        "arg_scoped_arguments",
        "current_arg_scope",
        "has_arg_scope",
    ),
    "ops.variables": (
        "VariableDeviceChooser",
        "add_model_variable",
        "assert_global_step",
        "assert_or_get_global_step",
        "assign_from_checkpoint",
        "assign_from_checkpoint_fn",
        "assign_from_values",
        "assign_from_values_fn",
        "create_global_step",
        "filter_variables",
        "get_global_step",
        "get_local_variables",
        "get_model_variables",
        "get_or_create_global_step",
        "get_trainable_variables",
        "get_unique_variable",
        "get_variable_full_name",
        "get_variables",
        "get_variables_by_name",
        "get_variables_by_suffix",
        "get_variables_to_restore",
        "global_variable",
        "local_variable",
        "model_variable",
        "variable",
    ),
}

# Modules of the face -> where they live.
_MODULES = {
    "arg_scope_lib": "ops.arg_scope",
    "bucketization_op": "layers.bucketization_op",
    "callbacks": "callbacks",
    "checkpoints": "checkpoints",
    "data": "data",
    "data_decoder": "data.data_decoder",
    "data_provider": "data.data_provider",
    "dataset": "data.dataset",
    "dataset_data_provider": "data.dataset_data_provider",
    "evaluation": "evaluation",
    "export": "export",
    "initializers": "layers.initializers",
    "layers": "layers",
    "keras_models": "keras_models",
    "learning": "learning",
    "lifting": "lifting",
    "losses": "losses",
    "metrics": "metrics",
    "model_analyzer": "model_analyzer",
    "nets": "nets",
    "normalization": "layers.normalization",
    "optimizers": "layers.optimizers",
    "parallel_reader": "data.parallel_reader",
    "prefetch_queue": "data.prefetch_queue",
    "queues": "queues",
    "regularizers": "layers.regularizers",
    "rev_block_lib": "layers.rev_block_lib",
    "summaries": "summaries",
    "testing": "testing",
    "tfexample_decoder": "data.tfexample_decoder",
    "train_eval": "training.evaluation",
    "training": "training",
    "utils": "layers.utils",
}

_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted([*_ROOM_OF, *_MODULES])


def __getattr__(name):
    if name in _MODULES:
        value = importlib.import_module("." + _MODULES[name], __name__)
    elif name in _ROOM_OF:
        value = getattr(importlib.import_module("." + _ROOM_OF[name], __name__), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # The next look-up does not come here.
    return value


def __dir__():
    return sorted({*globals(), *__all__})
