"""Makes `kernel_layers.json` and `kernel_layers.npz`: convolutions, dense layers and pools of TF 1.15.

To make it again: `python3 tests/golden/regenerate.py kernel_layers`.
The test runs `measure` again with today's library, so this file speaks both Python 3.7 and now.
Neither inputs nor weights are stored: both are drawn from their names, on both sides.
"""

import zlib

import numpy as np
import tensorflow as tf
from golden_files import write_arrays, write_json

v1 = tf.compat.v1

# name -> Case
CASES = {}


class Case:
    """One model: `build(layers, inputs) -> outputs`, and how to feed it.

    Attributes:
      shape: the inputs' static shape; None where a size is not known.
      fed: the shape that is fed.
      dtype: the inputs' dtype.
      runs: whether TF 1.15 can run it without a GPU.
    """

    def __init__(self, build, shape, fed, dtype, runs):
        self.build, self.shape, self.fed, self.dtype, self.runs = build, shape, fed, dtype, runs


def case(name, shape, build, fed=None, dtype="float32", runs=True):
    CASES[name] = Case(build, shape, fed or shape, dtype, runs)


def values(name, shape, dtype="float32"):
    """Returns the values of the tensor `name`: random, but fixed by the name, in -1 to 1.

    No two are nearly equal: TF 1.15's MaxPool3D takes those for a tie and gives both a gradient.
    """
    random = np.random.RandomState(zlib.crc32(name.encode()) & 0x7FFFFFFF)
    size = int(np.prod(shape))
    return (random.permutation(size).reshape(shape) * 2.0 / size - 1.0).astype(dtype)


def penalty(scale):
    """Returns a regularizer: both sides bring their own, under the same op name."""

    def l2_regularizer(weights):
        return tf.multiply(scale, tf.nn.l2_loss(weights), name="l2_regularizer")

    return l2_regularizer


def shift(outputs, by=1.0):
    """A normalizer that leaves nothing to another room."""
    return tf.add(outputs, tf.cast(by, outputs.dtype), name="shift")


IMAGES = (2, 7, 9, 3)
BY_WEIGHT = {"weights": ["my_weights"], "biases": ["my_biases", "all"]}

# --- convolution
case("conv2d", IMAGES, lambda L, x: L.conv2d(x, 4, 3))
case("conv2d_uneven", IMAGES, lambda L, x: L.conv2d(x, 4, [3, 2], stride=[2, 1], padding="valid", scope="conv1"))
case("conv2d_rate", IMAGES, lambda L, x: L.conv2d(x, 4, 3, rate=2, activation_fn=None))
case(
    "conv2d_rate_valid",
    (None, None, None, 3),
    lambda L, x: L.conv2d(x, 4, 3, rate=[2, 1], padding="VALID", activation_fn=None, biases_initializer=None),
    fed=IMAGES,
)
case("conv2d_no_bias", IMAGES, lambda L, x: L.conv2d(x, 4, 1, activation_fn=None, biases_initializer=None))
case("conv2d_unknown_sizes", (None, None, None, 3), lambda L, x: L.conv2d(x, 4, 3, stride=2), fed=IMAGES)
case(
    "conv2d_normalized",
    IMAGES,
    lambda L, x: L.conv2d(x, 4, 3, normalizer_fn=shift, normalizer_params={"by": 0.5}, activation_fn=tf.nn.relu6),
)
case(
    "conv2d_regularized",
    IMAGES,
    lambda L, x: L.conv2d(x, 4, 3, weights_regularizer=penalty(0.5), biases_regularizer=penalty(0.25)),
)
case(
    "conv2d_collections",
    IMAGES,
    lambda L, x: L.conv2d(x, 4, 3, variables_collections=BY_WEIGHT, outputs_collections="ends", scope="a/b"),
)
case(
    "conv2d_collections_of_all",
    IMAGES,
    lambda L, x: L.conv2d(x, 4, 3, variables_collections=["all"], outputs_collections=["ends", "more"]),
)
case("conv2d_frozen", IMAGES, lambda L, x: L.conv2d(x, 4, 3, trainable=False))
case("conv2d_float64", IMAGES, lambda L, x: L.conv2d(x, 4, 3), dtype="float64")
case("conv2d_nchw", (2, 3, 7, 9), lambda L, x: L.conv2d(x, 4, 3, data_format="NCHW"), runs=False)
case("conv1d", (2, 9, 3), lambda L, x: L.conv1d(x, 4, 3, stride=2))
case("conv1d_rate", (2, 9, 3), lambda L, x: L.convolution1d(x, 4, 2, rate=3, padding="VALID"))
case("conv1d_causal", (2, 9, 3), lambda L, x: L.conv1d(x, 4, 3, rate=2, padding="CAUSAL"))
case("conv1d_ncw", (2, 3, 9), lambda L, x: L.conv1d(x, 4, 3, data_format="NCW"), runs=False)
case("conv3d", (2, 5, 6, 4, 2), lambda L, x: L.conv3d(x, 3, [3, 2, 1], stride=[1, 2, 1]))
case("conv3d_rate", (2, 6, 6, 5, 2), lambda L, x: L.convolution(x, 3, 2, rate=2, padding="VALID"))
case("conv3d_ncdhw", (2, 2, 5, 6, 4), lambda L, x: L.conv3d(x, 3, 3, data_format="NCDHW"), runs=False)
case("convolution_of_dims", IMAGES, lambda L, x: L.convolution(x, 4, 3, data_format="NHWC", conv_dims=2))


def _shared(L, x):
    first = L.conv2d(x, 3, 3, scope="shared", weights_regularizer=penalty(1.0))
    return L.conv2d(
        first, 3, 3, scope="shared", weights_regularizer=penalty(1.0), reuse=True, variables_collections=["late"]
    )


def _twice_in_a_scope(L, x):
    with v1.variable_scope("outer"):
        x = L.conv2d(x, 4, 3)
        x = L.conv2d(x, 3, 1)
    with v1.variable_scope("outer", reuse=True):
        return L.conv2d(L.conv2d(x, 4, 3), 3, 1)


def _partitioned(L, x):
    with v1.variable_scope("parts", partitioner=v1.fixed_size_partitioner(2, axis=3)):
        x = L.conv2d(
            x, 4, 3, biases_initializer=None, variables_collections=["pieces"], weights_regularizer=penalty(1.0)
        )
    with v1.variable_scope("rows", partitioner=v1.fixed_size_partitioner(2)):
        return L.fully_connected(x, 6, variables_collections=["pieces"])


def _renaming_getter(L, x):
    def getter(getter, name, *args, **kwargs):
        return getter(name.replace("weights", "kernels"), *args, **kwargs)

    with v1.variable_scope("got", custom_getter=getter):
        return L.conv2d(x, 4, 3)


def _in_a_name_scope(L, x):
    with v1.name_scope("tower_0"):
        return L.conv2d(x, 4, 3, weights_regularizer=penalty(1.0), outputs_collections="ends")


case("conv2d_reuse", IMAGES, _shared)
case("conv2d_scope_reuse", IMAGES, _twice_in_a_scope)
case("partitioned", IMAGES, _partitioned)
case("conv2d_custom_getter", IMAGES, _renaming_getter)
case("conv2d_name_scope", IMAGES, _in_a_name_scope)

# --- in-plane, separable, transposed
case(
    "in_plane",
    IMAGES,
    lambda L, x: L.conv2d_in_plane(x, [2, 3], weights_regularizer=penalty(1.0), variables_collections=BY_WEIGHT),
)
case(
    "in_plane_normalized",
    IMAGES,
    lambda L, x: L.conv2d_in_plane(x, 3, stride=2, padding="VALID", normalizer_fn=shift, activation_fn=None),
)
case("separable", IMAGES, lambda L, x: L.separable_conv2d(x, 5, 3, 2, variables_collections=BY_WEIGHT))
case(
    "separable_strided",
    IMAGES,
    lambda L, x: L.separable_conv2d(
        x,
        5,
        [3, 2],
        1,
        stride=2,
        padding="VALID",
        activation_fn=None,
        weights_regularizer=penalty(1.0),
        biases_regularizer=penalty(2.0),
    ),
)
case(
    "separable_rate",
    IMAGES,
    lambda L, x: L.separable_conv2d(x, 5, 3, 1, rate=2, normalizer_fn=shift, activation_fn=None),
)
case("separable_nchw", (2, 3, 7, 9), lambda L, x: L.separable_conv2d(x, 5, 3, 2, data_format="NCHW"), runs=False)
case(
    "depthwise",
    IMAGES,
    lambda L, x: L.separable_conv2d(x, None, 3, 2, weights_regularizer=penalty(1.0), variables_collections=BY_WEIGHT),
)
case(
    "depthwise_rate",
    (None, None, None, 3),
    lambda L, x: L.separable_conv2d(x, None, 3, 1, rate=[2, 2], biases_initializer=None, activation_fn=None),
    fed=IMAGES,
)
case("transposed", IMAGES, lambda L, x: L.conv2d_transpose(x, 4, 3, stride=2, weights_regularizer=penalty(1.0)))
case(
    "transposed_valid",
    (None, None, 9, 3),
    lambda L, x: L.conv2d_transpose(
        x, 4, [4, 1], stride=[2, 3], padding="VALID", activation_fn=None, biases_initializer=None, scope="up1"
    ),
    fed=IMAGES,
)
case("transposed_nchw", (2, 3, 7, 9), lambda L, x: L.conv2d_transpose(x, 4, 3, 2, data_format="NCHW"), runs=False)
case("transposed3d", (2, 3, 4, 2, 2), lambda L, x: L.conv3d_transpose(x, 3, [3, 2, 1], stride=[2, 1, 2]))
case(
    "transposed3d_valid",
    (2, 3, 4, 2, 2),
    lambda L, x: L.conv3d_transpose(x, 3, 3, stride=2, padding="VALID", normalizer_fn=shift, activation_fn=None),
)

# --- dense
case("dense", (4, 5), lambda L, x: L.fully_connected(x, 3, outputs_collections="ends", scope="fc"))
case("dense_linear", (None, 5), lambda L, x: L.linear(x, 3, weights_regularizer=penalty(1.0)), fed=(4, 5))
case("dense_no_bias", (4, 5), lambda L, x: L.fully_connected(x, 3, activation_fn=None, biases_initializer=None))
case("dense_elu", (4, 5), lambda L, x: L.elu(x, 3, variables_collections=BY_WEIGHT, trainable=False))
case("dense_relu6", (4, 5), lambda L, x: L.relu6(x, 3, normalizer_fn=shift))
case("dense_rank3", (2, 3, 5), lambda L, x: L.fully_connected(x, 4))
case("dense_rank4", (None, 3, None, 5), lambda L, x: L.fully_connected(x, 4, activation_fn=None), fed=(2, 3, 2, 5))
case("legacy", (4, 5), lambda L, x: L.legacy_relu(x, 3, weight_regularizer=penalty(1.0)))
case(
    "legacy_rank3",
    (2, None, 5),
    lambda L, x: L.legacy_fully_connected(
        x, 3, name="old", bias_init=None, weight_collections=["mine"], output_collections=["out"]
    ),
    fed=(2, 3, 5),
)

# --- pools
case("max_pool2d", IMAGES, lambda L, x: L.max_pool2d(x, [3, 2], outputs_collections="ends"))
case(
    "max_pool2d_same", (None, None, None, 3), lambda L, x: L.max_pool2d(x, 3, stride=[1, 2], padding="same"), fed=IMAGES
)
case("max_pool2d_nchw", (2, 3, 7, 9), lambda L, x: L.max_pool2d(x, 2, data_format="NCHW"), runs=False)
case("max_pool3d", (2, 5, 6, 4, 2), lambda L, x: L.max_pool3d(x, 2, stride=[2, 1, 2], scope="p"))
case("max_pool3d_ncdhw", (2, 2, 5, 6, 4), lambda L, x: L.max_pool3d(x, 2, data_format="NCDHW"))
case("avg_pool2d", IMAGES, lambda L, x: L.avg_pool2d(x, [2, 3], padding="SAME", scope="pool1"))
case("avg_pool2d_nchw", (2, 3, 7, 9), lambda L, x: L.avg_pool2d(x, 2, data_format="NCHW"), runs=False)
case("avg_pool3d", (2, 5, 6, 4, 2), lambda L, x: L.avg_pool3d(x, [2, 3, 1], padding="SAME"))
case("avg_pool3d_ncdhw", (2, 2, 5, 6, 4), lambda L, x: L.avg_pool3d(x, 2, stride=1, data_format="NCDHW"))
case("pool", IMAGES, lambda L, x: L.pool(x, [2, 3], "MAX", stride=[1, 2], outputs_collections="ends"))
case("pool1d", (2, 9, 3), lambda L, x: L.pool(x, 2, "AVG", padding="SAME", stride=2))
case("pool_dilated", IMAGES, lambda L, x: L.pool(x, 2, "AVG", dilation_rate=[1, 2], scope="dilated"))
case("pool3d", (2, 5, 6, 4, 2), lambda L, x: L.pool(x, 2, "MAX", padding="SAME"))
case("pool_nchw", (2, 3, 7, 9), lambda L, x: L.pool(x, 2, "MAX", data_format="NCHW"), runs=False)

# --- composition
case("stack", IMAGES, lambda L, x: L.stack(x, L.conv2d, [(4, 3), (5, [1, 1])], stride=2))
case("stack_scope", (4, 5), lambda L, x: L.stack(x, L.fully_connected, [6, 3], scope="fc"))
case("stack_partial", (4, 5), lambda L, x: L.stack(x, L.elu, [6, 3]))
case("repeat", IMAGES, lambda L, x: L.repeat(x, 2, L.conv2d, 3, [3, 3], outputs_collections="ends"))
case("repeat_scope", IMAGES, lambda L, x: L.repeat(x, 2, L.separable_conv2d, 3, 3, 1, scope="block"))
case("mixed", (2, 8, 8, 3), lambda L, x: L.fully_connected(L.max_pool2d(L.conv2d(L.conv2d(x, 4, 3), 4, 3), 2), 5))


def _name(item):
    return item.op.name if hasattr(item, "op") else str(item)


def _collections(graph):
    keys = [key for key in graph.get_all_collection_keys() if isinstance(key, str) and not key.startswith("__")]
    found = {key: [_name(item) for item in graph.get_collection(key)] for key in keys}
    return {key: items for key, items in found.items() if items}


def _facts(graph, outputs):
    trainable = [v.op.name for v in v1.trainable_variables()]
    return {
        "output": {
            "name": outputs.op.name,
            "shape": outputs.shape.as_list(),
            "dtype": outputs.dtype.base_dtype.name,
            "aliases": list(getattr(outputs, "aliases", [])),
        },
        "variables": [
            {
                "name": v.op.name,
                "shape": v.shape.as_list(),
                "dtype": v.dtype.base_dtype.name,
                "trainable": v.op.name in trainable,
            }
            for v in v1.global_variables()
        ],
        "collections": _collections(graph),
    }


def _numbers(session, case, inputs, outputs, losses):
    """Returns a dict of arrays: the outputs, the losses, and the gradient of a weighted sum."""
    variables = v1.trainable_variables()
    session.run(v1.global_variables_initializer())
    for v in v1.global_variables():
        v.load(values(v.op.name, v.shape.as_list(), v.dtype.base_dtype.name), session)
    fed = {inputs: values("inputs", case.fed, case.dtype)}
    value = session.run(outputs, fed)
    weights = values("cotangent", value.shape, value.dtype.name)
    wanted = {"outputs": outputs}
    for name, y in [("outputs", tf.reduce_sum(outputs * weights))] + [(t.op.name, t) for t in losses]:
        for x, gradient in zip([inputs] + variables, v1.gradients(y, [inputs] + variables)):
            if gradient is not None:
                wanted[f"d({name})/d({x.op.name})"] = tf.convert_to_tensor(gradient)
    wanted.update((f"loss({t.op.name})", t) for t in losses)
    return session.run(wanted, fed)


def measure(layers, name, run=True):
    """Returns (facts, arrays or None) of a case under the library `layers`."""
    case = CASES[name]
    with tf.Graph().as_default() as graph:
        inputs = v1.placeholder(case.dtype, case.shape, name="inputs")
        outputs = case.build(layers, inputs)
        facts = _facts(graph, outputs)
        if not run:
            return facts, None
        with v1.Session() as session:
            losses = v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)
            return facts, _numbers(session, case, inputs, outputs, losses)


def main():
    from tensorflow.contrib.layers.python.layers import layers

    facts, arrays = {}, {}
    for name, case in CASES.items():
        facts[name], numbers = measure(layers, name, case.runs)
        arrays.update((f"{name}|{key}", value) for key, value in (numbers or {}).items())
    write_json("kernel_layers.json", facts, sort_keys=True)
    write_arrays("kernel_layers.npz", arrays)
    print(len(facts), "cases,", len(arrays), "arrays")


if __name__ == "__main__":
    main()
