"""Goldens of the layers without kernels: normalization, dropout, bias, shapes, GDN, softmaxes.

    python3 tests/golden/regenerate.py norm_and_shape_layers

writes norm_and_shape_layers.json (names, shapes, variables, collections) and .npz (outputs, gradients,
variables after some training steps). The tests load this file too: `CASES` and `record` are the one
registry for both sides.
"""

import collections
import json
import zlib

import numpy as np
from golden_files import write_arrays, write_text

Case = collections.namedtuple("Case", "op shape kwargs feeds static dtype steps tolerance")


def case(op, shape, kwargs=None, feeds=None, static=None, dtype="float32", steps=3, tolerance=1e-5):
    """Returns one entry of the registry.

    Args:
      op: the layer's name.
      shape: the shape of the values that are fed.
      kwargs: a function (v1, placeholders) -> the layer's keyword arguments, or None.
      feeds: a dict of placeholder name -> the list of values of the steps.
      static: the placeholder's shape. Default: `shape`.
      dtype: the inputs' dtype.
      steps: the number of steps; each has other inputs, and runs the update ops.
      tolerance: the largest difference allowed, relative and absolute.
    """
    return Case(op, shape, kwargs or (lambda v1, p: {}), feeds or {}, static or shape, dtype, steps, tolerance)


IMAGES = [3, 2, 2, 4]
TRAINING = {"training": [True, True, False, True]}
WEIGHTS = {"weights": [np.float32([1, 0, 2]), np.float32([3, 1, 1]), np.float32([1, 1, 1])]}


def _initializers(v1, p):
    constants = {"beta": 0.5, "gamma": 2.0, "moving_mean": 0.25, "moving_variance": 4.0}
    return {
        "scale": True,
        "param_initializers": {name: v1.constant_initializer(value) for name, value in constants.items()},
        "is_training": False,
    }


def _regularizers(v1, p):
    return {
        "scale": True,
        "param_regularizers": {
            "beta": lambda v: 0.1 * v1.reduce_sum(v),
            "gamma": lambda v: 0.2 * v1.reduce_sum(v * v),
        },
    }


def _collections(v1, p):
    return {
        "variables_collections": {"beta": ["betas"], "moving_mean": ["means", "all"]},
        "outputs_collections": ["outs"],
        "scope": "Named",
        "activation_fn": v1.nn.relu,
    }


def _adjustment(v1, p):
    scale, bias = v1.constant([0.9, 1.1, 1.0, 1.2]), v1.constant([0.1, -0.1, 0.0, 0.2])
    return {"adjustment": lambda shape: (scale, bias), "scale": True, "decay": 0.9}


def _both(first, second):
    return lambda v1, p: dict(first(v1, p), **second(v1, p))


def _with(**kwargs):
    return lambda v1, p: dict(kwargs)


def _in_training(v1, p):
    return {"is_training": p["training"]}


def _weighted(v1, p):
    return {"batch_weights": p["weights"]}


BATCH_NORM = {
    "default": case("batch_norm", IMAGES),
    "scale_decay": case("batch_norm", IMAGES, _with(scale=True, decay=0.7, epsilon=0.01)),
    "least_epsilon": case("batch_norm", IMAGES, _with(epsilon=1e-7, decay=0.7)),
    "no_center": case("batch_norm", IMAGES, _with(center=False, decay=0.7)),
    "no_center_plain": case("batch_norm", IMAGES, _with(center=False, fused=False, decay=0.7)),
    "plain": case("batch_norm", IMAGES, _with(scale=True, fused=False, decay=0.7)),
    "plain_nchw": case("batch_norm", [3, 4, 2, 2], _with(scale=True, fused=False, data_format="NCHW", decay=0.7)),
    "rank_2": case("batch_norm", [6, 4], _with(scale=True, decay=0.7)),
    "rank_2_unknown_batch": case("batch_norm", [6, 4], _with(decay=0.7), static=[None, 4]),
    "rank_2_plain": case("batch_norm", [6, 4], _with(scale=True, fused=False, decay=0.7)),
    "rank_2_nchw": case("batch_norm", [6, 4], _with(fused=False, data_format="NCHW", decay=0.7)),
    "rank_3": case("batch_norm", [3, 5, 4], _with(scale=True, decay=0.7)),
    "rank_3_nchw": case("batch_norm", [3, 4, 5], _with(scale=True, decay=0.7, data_format="NCHW")),
    "rank_5": case("batch_norm", [2, 2, 2, 2, 3], _with(scale=True, decay=0.7)),
    "rank_5_nchw": case("batch_norm", [2, 3, 2, 2, 2], _with(scale=True, decay=0.7, data_format="NCHW")),
    "unknown_sizes": case("batch_norm", IMAGES, _with(decay=0.7), static=[None, None, None, 4]),
    "inference": case("batch_norm", IMAGES, _with(is_training=False, scale=True)),
    "inference_plain": case("batch_norm", IMAGES, _with(is_training=False, scale=True, fused=False)),
    "inference_rank_2": case("batch_norm", [6, 4], _with(is_training=False)),
    "initializers": case("batch_norm", IMAGES, _initializers),
    "regularizers": case("batch_norm", IMAGES, _regularizers),
    "regularizers_plain": case("batch_norm", IMAGES, _both(_regularizers, _with(fused=False))),
    "collections": case("batch_norm", IMAGES, _collections),
    "collections_in_place": case("batch_norm", IMAGES, _both(_collections, _with(updates_collections=None))),
    "not_trainable": case("batch_norm", IMAGES, _with(trainable=False, scale=True)),
    "in_place": case("batch_norm", IMAGES, _with(updates_collections=None, decay=0.7)),
    "in_place_plain": case("batch_norm", IMAGES, _with(updates_collections=None, fused=False, decay=0.7)),
    "in_place_rank_3": case("batch_norm", [3, 5, 4], _with(updates_collections=None, decay=0.7)),
    "other_updates": case("batch_norm", IMAGES, _with(updates_collections=["mine", "yours"], decay=0.7)),
    "fed_training": case("batch_norm", IMAGES, _both(_in_training, _with(decay=0.7)), TRAINING, steps=4),
    "fed_training_plain": case(
        "batch_norm", IMAGES, _both(_in_training, _with(decay=0.7, fused=False)), TRAINING, steps=4
    ),
    "fed_training_in_place": case(
        "batch_norm", IMAGES, _both(_in_training, _with(decay=0.7, updates_collections=None)), TRAINING, steps=4
    ),
    "fed_training_in_place_plain": case(
        "batch_norm",
        IMAGES,
        _both(_in_training, _with(decay=0.7, updates_collections=None, fused=False)),
        TRAINING,
        steps=4,
    ),
    "zero_debias": case("batch_norm", IMAGES, _with(zero_debias_moving_mean=True, decay=0.7)),
    "zero_debias_plain": case(
        "batch_norm", IMAGES, _with(zero_debias_moving_mean=True, decay=0.7, fused=False, scope="Named")
    ),
    "zero_debias_in_place": case(
        "batch_norm", IMAGES, _with(zero_debias_moving_mean=True, decay=0.7, updates_collections=None)
    ),
    "zero_debias_fed_training": case(
        "batch_norm",
        IMAGES,
        _both(_in_training, _with(zero_debias_moving_mean=True, decay=0.7)),
        {"training": [False, True, False, True]},
        steps=4,
    ),
    "renorm": case("batch_norm", IMAGES, _with(renorm=True, scale=True, decay=0.7, renorm_decay=0.8)),
    "renorm_clipped": case(
        "batch_norm",
        IMAGES,
        _with(renorm=True, renorm_clipping={"rmin": 0.5, "rmax": 1.1, "dmax": 0.3}, decay=0.7, renorm_decay=0.8),
    ),
    "renorm_nchw": case(
        "batch_norm", [3, 4, 2, 2], _with(renorm=True, scale=True, decay=0.7, renorm_decay=0.8, data_format="NCHW")
    ),
    "renorm_no_center": case("batch_norm", [6, 4], _with(renorm=True, center=False, decay=0.7, renorm_decay=0.8)),
    "renorm_fed_training": case(
        "batch_norm", IMAGES, _both(_in_training, _with(renorm=True, decay=0.7, renorm_decay=0.8)), TRAINING, steps=4
    ),
    "renorm_inference": case("batch_norm", IMAGES, _with(renorm=True, is_training=False)),
    "renorm_initializers": case("batch_norm", IMAGES, _both(_initializers, _with(renorm=True, is_training=True))),
    "adjustment": case("batch_norm", IMAGES, _adjustment),
    "adjustment_fed_training": case("batch_norm", IMAGES, _both(_adjustment, _in_training), TRAINING, steps=4),
    "adjustment_renorm": case("batch_norm", IMAGES, _both(_adjustment, _with(renorm=True, renorm_decay=0.8))),
    "adjustment_inference": case("batch_norm", IMAGES, _both(_adjustment, _with(is_training=False))),
    "weights": case("batch_norm", IMAGES, _both(_weighted, _with(scale=True, decay=0.7)), WEIGHTS),
    "weights_nchw": case("batch_norm", [3, 4, 2, 2], _both(_weighted, _with(data_format="NCHW", decay=0.7)), WEIGHTS),
    "weights_rank_2": case("batch_norm", [3, 4], _both(_weighted, _with(decay=0.7)), WEIGHTS),
    "weights_fed_training": case(
        "batch_norm",
        IMAGES,
        _both(_both(_weighted, _in_training), _with(decay=0.7)),
        {"weights": WEIGHTS["weights"], "training": [True, False, True]},
    ),
    "float16": case("batch_norm", IMAGES, _with(scale=True, decay=0.7), dtype="float16", tolerance=4e-3),
    "float16_rank_3": case("batch_norm", [3, 5, 4], _with(decay=0.7), dtype="float16", tolerance=8e-3),
    "float64_plain": case("batch_norm", IMAGES, _with(scale=True, decay=0.7, fused=False), dtype="float64"),
    "one_value_per_channel": case("batch_norm", [1, 1, 1, 4], _with(decay=0.7)),
    "empty_batch_plain": case(
        "batch_norm", [0, 2, 2, 4], _with(is_training=False, fused=False), static=[None, 2, 2, 4]
    ),
    "empty_batch_inference": case("batch_norm", [0, 2, 2, 4], _with(is_training=False), static=[None, 2, 2, 4]),
    "empty_batch": case("batch_norm", [0, 2, 2, 4], _with(decay=0.7), static=[None, 2, 2, 4]),
}

NORMS = {
    "layer_norm": case("layer_norm", IMAGES),
    "layer_norm_2d": case("layer_norm", [3, 5]),
    "layer_norm_axes": case("layer_norm", IMAGES, _with(begin_norm_axis=2, begin_params_axis=1, scope="Named")),
    "layer_norm_negative_axis": case("layer_norm", IMAGES, _with(begin_norm_axis=-1, begin_params_axis=-2)),
    "layer_norm_bare": case("layer_norm", IMAGES, _with(center=False, scale=False)),
    "layer_norm_relu": case("layer_norm", IMAGES, _collections),
    "layer_norm_not_trainable": case("layer_norm", IMAGES, _with(trainable=False)),
    "layer_norm_unknown_batch": case("layer_norm", IMAGES, static=[None, 2, None, 4]),
    "layer_norm_float16": case("layer_norm", IMAGES, dtype="float16", tolerance=1e-2),
    "instance_norm": case("instance_norm", IMAGES),
    "instance_norm_nchw": case("instance_norm", [3, 4, 2, 2], _with(data_format="NCHW", epsilon=1e-3)),
    "instance_norm_rank_3": case("instance_norm", [3, 5, 4], _with(center=False)),
    "instance_norm_rank_5": case("instance_norm", [2, 3, 2, 2, 2], _with(data_format="NCHW", scale=False)),
    "instance_norm_collections": case("instance_norm", IMAGES, _collections),
    "instance_norm_unknown_sizes": case("instance_norm", IMAGES, static=[None, None, None, 4]),
    "group_norm": case("group_norm", IMAGES, _with(groups=2)),
    "group_norm_nchw": case("group_norm", [3, 4, 2, 2], _with(groups=2, channels_axis=-3, reduction_axes=(-2, -1))),
    "group_norm_positive_axes": case("group_norm", IMAGES, _with(groups=4, channels_axis=3, reduction_axes=[1, 2])),
    "group_norm_one_axis": case("group_norm", [3, 5, 4], _with(groups=1, reduction_axes=(1,), scale=False)),
    "group_norm_mean_near_zero": case("group_norm", IMAGES, _with(groups=2, mean_close_to_zero=True, epsilon=1e-2)),
    "group_norm_unknown_batch": case("group_norm", IMAGES, _with(groups=2), static=[None, 2, 2, 4]),
    "group_norm_collections": case("group_norm", IMAGES, _both(_collections, _with(groups=2))),
    "unit_norm": case("unit_norm", [2, 3, 4], _with(dim=1)),
    "unit_norm_unknown_sizes": case(
        "unit_norm", [2, 3, 4], _with(dim=2, epsilon=1e-3, scope="n"), static=[None, None, 4]
    ),
}

OTHERS = {
    "bias_add": case("bias_add", IMAGES),
    "bias_add_nchw": case(
        "bias_add",
        [3, 4, 2, 2],
        lambda v1, p: {
            "data_format": "NCHW",
            "activation_fn": v1.nn.relu,
            "initializer": v1.constant_initializer(0.5),
            "regularizer": lambda v: 0.1 * v1.reduce_sum(v * v),
            "variables_collections": {"biases": ["b"]},
            "outputs_collections": "outs",
        },
    ),
    "bias_add_2d": case("bias_add", [3, 4], _with(trainable=False), static=[None, 4]),
    "dropout": case("dropout", IMAGES, _with(seed=3)),
    "dropout_keep": case("dropout", IMAGES, _with(seed=3, keep_prob=0.8, outputs_collections="outs")),
    "dropout_noise_shape": case("dropout", IMAGES, _with(seed=3, noise_shape=[3, 1, 1, 4])),
    "dropout_noise_shape_none": case(
        "dropout", IMAGES, _with(seed=3, noise_shape=[None, 1, 1, 4]), static=[None, 2, 2, 4]
    ),
    "dropout_inference": case("dropout", IMAGES, _with(is_training=False, scope="d")),
    "dropout_keep_all": case("dropout", IMAGES, _with(keep_prob=1.0)),
    "dropout_fed_training": case("dropout", IMAGES, _both(_in_training, _with(seed=3)), TRAINING, steps=4),
    "dropout_fed_keep_prob": case(
        "dropout", IMAGES, lambda v1, p: {"keep_prob": p["keep"], "seed": 3}, {"keep": [0.5, 0.25, 1.0]}
    ),
    "dropout_float16": case("dropout", IMAGES, _with(seed=3), dtype="float16", tolerance=2e-3),
    "flatten": case("flatten", IMAGES, _with(outputs_collections="outs")),
    "flatten_unknown_batch": case("flatten", IMAGES, static=[None, 2, 2, 4]),
    "flatten_unknown_sizes": case("flatten", IMAGES, static=[None, None, 2, None]),
    "flatten_vector": case("flatten", [3], _with(scope="f"), static=[None]),
    "one_hot_encoding": case("one_hot_encoding", [5], _with(num_classes=3, outputs_collections="outs"), dtype="int32"),
    "one_hot_encoding_values": case(
        "one_hot_encoding", [2, 2], _with(num_classes=3, on_value=5, off_value=-1), dtype="int64"
    ),
    "dense_to_sparse": case("dense_to_sparse", [2, 4], dtype="int32", static=[None, 4]),
    "dense_to_sparse_eos": case("dense_to_sparse", [2, 4], _with(eos_token=1, scope="s"), dtype="int64"),
    "images_to_sequence": case("images_to_sequence", [2, 3, 4, 5], _with(outputs_collections="outs")),
    "images_to_sequence_nchw": case("images_to_sequence", [2, 5, 3, 4], _with(data_format="NCHW")),
    "images_to_sequence_unknown_batch": case("images_to_sequence", [2, 3, 4, 5], static=[None, None, 4, 5]),
    "sequence_to_images": case("sequence_to_images", [4, 6, 5], _with(height=3)),
    "sequence_to_images_nchw": case(
        "sequence_to_images", [4, 6, 5], _with(height=2, output_data_format="channels_first")
    ),
    "sequence_to_images_unknown_batch": case("sequence_to_images", [4, 6, 5], _with(height=3), static=[4, None, 5]),
    "gdn": case("gdn", IMAGES),
    "gdn_inverse": case("gdn", IMAGES, _with(inverse=True, beta_min=1e-3, gamma_init=0.3, name="Named")),
    "gdn_rank_3": case("gdn", [3, 5, 4], _with(reparam_offset=0.1, trainable=False)),
    "gdn_rank_5": case("gdn", [2, 2, 2, 2, 3]),
    "gdn_activity": case("gdn", IMAGES, lambda v1, p: {"activity_regularizer": lambda t: v1.reduce_sum(t * t)}),
    "softmax": case("softmax", IMAGES),
    "softmax_unknown_sizes": case("softmax", [2, 3, 4], _with(scope="s"), static=[None, None, 4]),
    "spatial_softmax": case("spatial_softmax", IMAGES),
    "spatial_softmax_nchw": case(
        "spatial_softmax",
        [3, 4, 2, 5],
        _with(data_format="NCHW", temperature=2.0, variables_collections={"temperature": ["t"]}, name="Named"),
    ),
    "spatial_softmax_unknown_sizes": case(
        "spatial_softmax", IMAGES, _with(trainable=False), static=[None, None, None, 4]
    ),
    "maxout": case("maxout", [3, 6], _with(num_units=2)),
    "maxout_unknown_batch": case("maxout", [2, 3, 6], _with(num_units=3, scope="m"), static=[None, None, 6]),
    "maxout_other_axis": case("maxout", [2, 6, 3], _with(num_units=2, axis=1)),
    "scale_gradient": case("scale_gradient", [2, 3], _with(gradient_multiplier=-0.5)),
}

CASES = {}
for group, cases in (("batch_norm", BATCH_NORM), ("norms", NORMS), ("others", OTHERS)):
    CASES.update({group + "/" + name: entry for name, entry in cases.items()})

CUSTOM_COLLECTIONS = ("betas", "means", "all", "b", "t")
UPDATE_COLLECTIONS = ("update_ops", "mine", "yours")


def values(name, shape, dtype):
    """Returns numbers that depend on the name alone."""
    random = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
    if dtype.startswith("int"):
        return random.randint(0, 3, shape).astype(dtype)
    return random.uniform(-1.0, 2.0, shape).astype(dtype)


def inputs_of(name, entry):
    """Returns the inputs of each step, a list of arrays."""
    return [values(f"{name}/{step}", entry.shape, entry.dtype) for step in range(entry.steps)]


def initial_value(name, shape, dtype):
    """Returns what a trainable variable is set to before the first step, so that zeros and ones do not hide it."""
    return np.abs(values("variable " + name, shape, dtype)) + np.asarray(0.5, dtype)


def keeps_its_start(entry_name):
    """Returns whether variables keep what their initializers gave."""
    return "initializers" in entry_name or "nchw" in entry_name


def record(lib, v1, name, on_graph=None):
    """Builds and runs one case in a new graph.

    Args:
      lib: an object with the layers as attributes.
      v1: `tensorflow` 1.15, or `tensorflow.compat.v1`.
      name: a key of `CASES`.
      on_graph: a function called within the graph, before it is built; or None.

    Returns:
      (facts, arrays): a dict for JSON, and a dict of name -> array.
    """
    entry = CASES[name]
    with v1.Graph().as_default():
        v1.set_random_seed(11)
        with on_graph() if on_graph else v1.name_scope(""):
            x = v1.placeholder(entry.dtype, entry.static, name="x")
            fed = {key: v1.placeholder(_dtype_of(v), np.shape(v[0]), name=key) for key, v in entry.feeds.items()}
            kwargs = entry.kwargs(v1, fed)
            positional = [kwargs.pop("gradient_multiplier")] if entry.op == "scale_gradient" else []
            outputs = getattr(lib, entry.op)(x, *positional, **kwargs)
            facts = _facts(v1, outputs)
            fetches = _fetches(v1, entry, x, outputs)
        with v1.Session() as session:
            arrays = _run(v1, session, name, entry, x, fed, fetches)
    return facts, arrays


def _dtype_of(feed_values):
    return np.asarray(feed_values[0]).dtype if not isinstance(feed_values[0], float) else np.float32


def _facts(v1, outputs):
    named = outputs.values if hasattr(outputs, "dense_shape") else outputs
    known = outputs.shape
    return {
        "output": named.name,
        "shape": None if known.ndims is None else known.as_list(),
        "dtype": named.dtype.base_dtype.name,
        "variables": [_variable_facts(v1, v) for v in v1.global_variables()],
        "updates": {key: [u.name for u in v1.get_collection(key)] for key in UPDATE_COLLECTIONS},
        "regularization_losses": [loss.name for loss in v1.get_collection("regularization_losses")],
        "collected": [t.aliases for t in v1.get_collection("outs")],
    }


def _variable_facts(v1, variable):
    names = ("trainable_variables", "model_variables", "local_variables") + CUSTOM_COLLECTIONS
    return {
        "name": variable.op.name,
        "shape": variable.shape.as_list(),
        "dtype": variable.dtype.base_dtype.name,
        "collections": [n for n in names if any(variable is other for other in v1.get_collection(n))],
    }


def _fetches(v1, entry, x, outputs):
    fetches = {"outputs": outputs}
    if hasattr(outputs, "dense_shape"):
        return {"indices": outputs.indices, "values": outputs.values, "dense_shape": outputs.dense_shape}
    if x.dtype.is_floating and 0 not in entry.shape:
        weights = v1.reshape(v1.cos(v1.cast(v1.range(v1.size(outputs)), v1.float64)), v1.shape(outputs))
        total = v1.reduce_sum(outputs * v1.cast(weights, outputs.dtype))
        sources = [x] + v1.trainable_variables()
        gradients = v1.gradients(total, sources)
        for source, gradient in zip(sources, gradients):
            if gradient is not None:
                fetches["gradient of " + source.op.name] = gradient
    losses = v1.get_collection("regularization_losses")
    if losses:
        fetches["regularization_losses"] = v1.stack(losses)
    return fetches


def _run(v1, session, name, entry, x, fed, fetches):
    session.run(v1.global_variables_initializer())
    if not keeps_its_start(name):
        for variable in v1.trainable_variables():
            start = initial_value(variable.op.name, variable.shape.as_list(), variable.dtype.base_dtype.name)
            variable.load(start, session)
    updates = [u for key in UPDATE_COLLECTIONS for u in v1.get_collection(key)]
    arrays = {}
    outputs = []
    for step, batch in enumerate(inputs_of(name, entry)):
        feed = {x: batch}
        feed.update({fed[key]: steps[step] for key, steps in entry.feeds.items()})
        results, _ = session.run([fetches, updates], feed)
        outputs.append(results.pop("outputs", []))
    arrays.update(results, outputs=np.stack(outputs))  # Of all but the outputs, the last step's.
    for variable in v1.global_variables():
        if variable not in v1.trainable_variables():
            arrays["variable " + variable.op.name] = session.run(variable)
    return arrays


def _readable(facts):
    """Returns JSON with one fact, or one variable, on a line."""
    cases = []
    for name in sorted(facts):
        lines = []
        for key in sorted(facts[name]):
            value = facts[name][key]
            if key == "variables" and value:
                items = ",\n   ".join(json.dumps(item, sort_keys=True) for item in value)
                lines.append(f"  {json.dumps(key)}: [\n   {items}\n  ]")
            else:
                lines.append(f"  {json.dumps(key)}: {json.dumps(value, sort_keys=True)}")
        cases.append(" " + json.dumps(name) + ": {\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(cases) + "\n}\n"


def main():
    import tensorflow as v1
    from tensorflow.contrib import layers

    v1.logging.set_verbosity(v1.logging.ERROR)
    facts, arrays = {}, {}
    for name in CASES:
        facts[name], results = record(layers, v1, name)
        arrays.update({name + ": " + key: value for key, value in results.items()})
    write_text("norm_and_shape_layers.json", _readable(facts))
    write_arrays("norm_and_shape_layers.npz", arrays)


if __name__ == "__main__":
    main()
