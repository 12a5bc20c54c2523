"""Which public functions the golden cases hold against TF 1.15."""

import functools

import goldens

# Functions of tensorflow.contrib.slim that are no slim's. Feature columns are left out: they raise on use.
_CONTRIB_ALONE = (
    "bow_encoder",
    "deprecated",
    "deprecated_arg_values",
    "embed_sequence",
    "embedding_lookup_sparse_with_distributed_aggregation",
    "embedding_lookup_unique",
    "experimental",
    "make_all",
    "safe_embedding_lookup_sparse",
    "zero_initializer",
)


@functools.cache
def public_names():
    """Returns the functions and classes of tf_slim, by the path of the module that defines them.

    {"layers.layers.conv2d": "(inputs, num_outputs, ...)", ...}, and those that only tensorflow.contrib.slim had.
    """
    listed = goldens.content("api_contrib_slim")["tensorflow.contrib.slim"]
    names = {f"legacy.contrib.slim.{name}": listed[name] for name in _CONTRIB_ALONE}
    for module, entries in goldens.content("api_tf_slim").items():
        for name, entry in entries.items():
            if isinstance(entry, dict) or entry.startswith("("):
                names[f"{module}.{name}".partition(".")[2]] = entry
    return names


def path_of(name, *rooms):
    """Returns the public path of a name that one of the modules `rooms` defines.

    >>> path_of("instance_norm", "layers.layers", "layers.normalization")
    'layers.normalization.instance_norm'
    """
    for room in rooms:
        if f"{room}.{name}" in public_names():
            return f"{room}.{name}"
    raise LookupError(f"tf_slim has no {name} in {', '.join(rooms)}")


def _layer(name):
    return path_of(name, "layers.layers", "layers.normalization")


def _kernel_layers(case):
    used = goldens.generator("kernel_layers").CASES[case].build.__code__.co_names
    found = [f"layers.layers.{name}" for name in used]
    return [path for path in found if path in public_names()]


def _norm_and_shape_layers(case):
    return [_layer(goldens.generator("norm_and_shape_layers").CASES[case].op)]


_HELPERS = {
    "initializer": ["layers.initializers.variance_scaling_initializer"],
    "regularizer l1": ["layers.regularizers.l1_regularizer"],
    "regularizer l2": ["layers.regularizers.l2_regularizer"],
    "regularizer l1_l2": ["layers.regularizers.l1_l2_regularizer"],
    "regularizer sum": ["layers.regularizers.sum_regularizer"],
    "apply_regularization": ["layers.regularizers.apply_regularization"],
    "optimize_loss": ["layers.optimizers.optimize_loss"],
    "optimize_loss sgd adaptive": ["layers.optimizers.optimize_loss", "layers.optimizers.adaptive_clipping_fn"],
    "summaries": [
        "layers.summaries.summarize_activation",
        "layers.summaries.summarize_activations",
        "layers.summaries.summarize_tensor",
        "layers.summaries.summarize_collection",
        "summaries.add_scalar_summary",
        "summaries.add_histogram_summary",
        "summaries.add_image_summary",
        "summaries.add_zero_fraction_summary",
        "summaries.add_zero_fraction_summaries",
    ],
}


def _layer_helpers(case):
    return _HELPERS[max((key for key in _HELPERS if case.startswith(key)), key=len)]


def _losses(case):
    return [path_of(case.split("/")[0], "losses.loss_ops", "losses.metric_learning")]


def _streaming_metrics(case):
    rooms = "metrics.metric_ops", "metrics.classification", "metrics.histogram_ops", "metrics"
    return [path_of(case.split("/")[0], *rooms)]


def _learning_trajectories(case):
    transforms = ["learning.clip_gradient_norms", "learning.multiply_gradients"]
    return ["learning.train", "learning.create_train_op", "learning.train_step"] + transforms * ("clipped" in case)


def _nets(case):
    one = goldens.generator("nets").CASES[case]
    room = f"nets.{one.module}"
    return [f"{room}.{one.net}", path_of(one.scope, room, "nets.resnet_utils")]


def _cases_that_tell(suite):
    return lambda case: list(goldens.generator(suite).CASES[case].functions)


# Generators with the registry golden_cases.Cases: each case tells its functions.
REGISTRIES = ["framework", "layer_parts", "data", "training", "contrib_slim"]

SUITES = {
    "kernel_layers": _kernel_layers,
    "norm_and_shape_layers": _norm_and_shape_layers,
    "layer_helpers": _layer_helpers,
    "losses": _losses,
    "streaming_metrics": _streaming_metrics,
    "learning_trajectories": _learning_trajectories,
    "nets": _nets,
    **{suite: _cases_that_tell(suite) for suite in REGISTRIES},
}


def functions_of(suite, case):
    """Returns the paths of the functions that a case holds, the main one first."""
    return SUITES[suite](case)


def cases_by_function():
    """Returns a dict of public path -> the cases that hold it, as "suite: case"."""
    found = {}
    for suite in SUITES:
        for case in goldens.generator(suite).CASES:
            for path in functions_of(suite, case):
                found.setdefault(path, []).append(f"{suite}: {case}")
    return found
