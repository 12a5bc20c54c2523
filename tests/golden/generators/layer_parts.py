"""Makes `layer_parts.json`: sparse ops, bucketize, reversible blocks, parts of nets and of cluster losses (TF 1.15).

To make it again: `python3 tests/golden/regenerate.py layer_parts`.
"""

import numpy as np
import tensorflow as tf
from by_name import digest_row, weight_values
from golden_cases import Cases, names, outcome, run
from golden_files import plain

v1 = tf.compat.v1
cases = CASES = Cases()


def _values(shape, seed=1):
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)


def _run_with_named_weights(fetches):
    """Returns the values of tensors with every variable drawn from its name."""
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for v in v1.global_variables():
            session.run(v.initializer, {v.initial_value: weight_values(v.op.name, v.shape.as_list())})
        return session.run(fetches)


def _made(outputs, inputs=()):
    """Returns what a function made: names, shapes, variables, values, gradients of a weighted sum."""
    tensors = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    total = tf.add_n([tf.reduce_sum(t * _values(t.shape.as_list(), 2)) for t in tensors])
    sources = list(inputs) + v1.trainable_variables()
    gradients = v1.gradients(total, sources)
    values, gradients = _run_with_named_weights([tensors, [tf.convert_to_tensor(g) for g in gradients]])
    return {
        "variables": [[v.op.name, v.shape.as_list()] for v in v1.global_variables()],
        "shapes": [t.shape for t in tensors],
        "values": [_brief(value) for value in values],
        "gradients": [_brief(value) for value in gradients],
    }


def _brief(value):
    """Returns all elements of a small tensor, and what tells a large one apart."""
    return plain(value) if value.size <= 100 else [plain(item) for item in digest_row(value)]


# --- layers


@cases.of("layers.layers.relu", "layers.layers.legacy_linear")
def dense_layers_with_an_activation(lib):
    layers = lib("layers.layers")
    inputs = tf.constant(_values([3, 4]))
    return _made([layers.relu(inputs, 2), layers.legacy_linear(inputs, 3)], [inputs])


@cases.of("layers.layers.GDN")
def gdn_as_a_layer(lib):
    layer = lib("layers.layers").GDN(beta_min=1e-3, gamma_init=0.2, name="norm")
    inputs = tf.constant(_values([2, 3, 3, 4]))
    outputs = layer.apply(inputs)
    return run(outputs), names(v1.global_variables())


@cases.of("layers.initializers.xavier_initializer", "layers.initializers.xavier_initializer_conv2d")
def xavier(lib):
    initializers = lib("layers.initializers")
    shapes = [[4, 6], [3, 2, 4, 6], [7], []]
    return run(
        [initializers.xavier_initializer(seed=5)(shape) for shape in shapes]
        + [initializers.xavier_initializer(uniform=False, seed=5)(shape) for shape in shapes]
        + [initializers.xavier_initializer_conv2d(seed=6)([1, 2, 3, 2])]
    )


# --- sparse ops, buckets


@cases.of("layers.sparse_ops.dense_to_sparse_tensor")
def dense_becomes_sparse(lib):
    function = lib("layers.sparse_ops").dense_to_sparse_tensor
    return run(
        [
            function(tf.constant([[0, 1], [2, 0]])),
            function(tf.constant([[1.5, -1.0], [-1.0, 0.0]]), -1.0),
            function(tf.constant([["", "a"]])),
            function(tf.constant(["x", "y"]), "x"),
        ]
    )


@cases.of("layers.sparse_ops.indicators_to_sparse_ids")
def indicators_become_ids(lib):
    function = lib("layers.sparse_ops").indicators_to_sparse_ids
    return run(
        [
            function(tf.constant([[0, 0, 1, 0], [1, 0, 0, 1]])),
            function(tf.constant([[0.5, -1.0], [-1.0, 2.0]]), -1.0, tf.int32),
            function(tf.constant([[[0, 1, 1], [0, 0, 0]], [[1, 0, 0], [1, 1, 1]]])),
        ]
    )


@cases.of("layers.sparse_ops.sparse_row_envelope")
def longest_columns_of_rows(lib):
    function = lib("layers.sparse_ops").sparse_row_envelope
    sparse = tf.SparseTensor([[0, 0], [2, 1], [2, 3]], [1, 2, 3], [4, 5])
    return run([function(sparse), function(sparse, 1, 0), function(sparse, name="named")])


@cases.of("layers.bucketization_op.bucketize")
def buckets(lib):
    function = lib("layers.bucketization_op").bucketize
    return run(
        [function(tf.constant([-5, 10, 150, 10]), [0, 10, 100]), function(tf.constant([[0.5, 2.0]]), [1.0])]
    ), function(tf.constant([1.0]), [0.0], name="named").op.name


# --- reversible blocks


def _mixing(x):
    """A function with a weight of its own."""
    weights = v1.get_variable("weights", [4, 4], initializer=v1.ones_initializer(), use_resource=True)
    return tf.tanh(tf.matmul(x, weights))


def _shifting(x, side=None):
    bias = v1.get_variable("bias", [4], initializer=v1.ones_initializer(), use_resource=True)
    return tf.sin(x + bias) if side is None else tf.sin(x * side[0] + bias)


@cases.of("layers.rev_block_lib.rev_block")
def reversible_block(lib):
    x1, x2 = tf.constant(_values([3, 4])), tf.constant(_values([3, 4], 3))
    with v1.variable_scope("net"):
        outputs = lib("layers.rev_block_lib").rev_block(x1, x2, _mixing, _shifting, num_layers=3)
    return _made(outputs, [x1, x2])


@cases.of("layers.rev_block_lib.rev_block")
def reversible_block_with_side_input_not_training(lib):
    x1, x2, side = tf.constant(_values([3, 4])), tf.constant(_values([3, 4], 3)), tf.constant(_values([3, 4], 4))
    outputs = lib("layers.rev_block_lib").rev_block(
        x1, x2, _mixing, _shifting, num_layers=2, g_side_input=[side], is_training=False
    )
    return _made(outputs, [x1, x2, side])


@cases.of("layers.rev_block_lib.RevBlock")
def reversible_block_backward(lib):
    x1, x2 = tf.constant(_values([3, 4])), tf.constant(_values([3, 4], 3))
    block = lib("layers.rev_block_lib").RevBlock(_mixing, _shifting, num_layers=2, name="block")
    y1, y2 = block.forward(x1, x2)
    again = block.backward(y1, y2)
    restored = np.stack(_run_with_named_weights(again)) - np.stack([_values([3, 4]), _values([3, 4], 3)])
    return _made([y1, y2], [x1, x2]), bool(np.abs(restored).max() < 1e-5)


@cases.of("layers.rev_block_lib.recompute_grad")
def recomputed_gradients(lib):
    net = lib("layers.rev_block_lib").recompute_grad(lambda x: _shifting(_mixing(x)))
    inputs = tf.constant(_values([3, 4]))
    return _made(net(inputs), [inputs])


# --- parts of networks


@cases.of("nets.resnet_utils.conv2d_same", "nets.resnet_utils.subsample")
def convolution_with_the_same_padding_whatever_the_stride(lib):
    parts = lib("nets.resnet_utils")
    inputs = tf.constant(_values([1, 5, 6, 2]))
    outputs = [
        parts.conv2d_same(inputs, 3, 3, stride, rate=rate, scope=f"Conv{stride}{rate}")
        for stride, rate in ((1, 1), (1, 2), (2, 1), (3, 1))
    ]
    return _made(outputs + [parts.subsample(inputs, 2), parts.subsample(inputs, 1)], [inputs])


def _blocks(lib, version):
    module = lib(f"nets.resnet_v{version}")
    block = getattr(module, f"resnet_v{version}_block")
    return module, [
        block("block1", base_depth=1, num_units=2, stride=2),
        block("block2", base_depth=2, num_units=2, stride=1),
    ]


@cases.of("nets.resnet_v1.resnet_v1_block", "nets.resnet_v2.resnet_v2_block", "nets.resnet_utils.Block")
def blocks_of_residual_nets(lib):
    found = [block for version in (1, 2) for block in _blocks(lib, version)[1]]
    return [[block.scope, block.unit_fn.__name__, block.args] for block in found], list(type(found[0])._fields)


def _tiny_resnet(lib, version, **options):
    module, blocks = _blocks(lib, version)
    scopes, layers = lib("ops.arg_scope"), lib("layers.layers")
    inputs = tf.constant(_values([2, 16, 17, 3]))
    with scopes.arg_scope(lib("nets.resnet_utils").resnet_arg_scope()):
        with scopes.arg_scope([layers.batch_norm], scale=True, is_training=False):
            net = getattr(module, f"resnet_v{version}")
            outputs, ends = net(inputs, blocks, is_training=False, scope="tiny", **options)
    return _made(outputs, [inputs]), [[name, end.shape] for name, end in ends.items()]


@cases.of("nets.resnet_v1.resnet_v1", "nets.resnet_utils.stack_blocks_dense", tolerance=1e-4)
def tiny_resnet_v1(lib):
    return _tiny_resnet(lib, 1, num_classes=3, global_pool=True)


@cases.of("nets.resnet_v1.resnet_v1", "nets.resnet_utils.stack_blocks_dense", tolerance=1e-4)
def tiny_resnet_v1_with_an_output_stride(lib):
    return _tiny_resnet(lib, 1, num_classes=3, global_pool=False, output_stride=4)


@cases.of("nets.resnet_v2.resnet_v2", "nets.resnet_utils.stack_blocks_dense", tolerance=1e-4)
def tiny_resnet_v2(lib):
    return _tiny_resnet(lib, 2, num_classes=3, global_pool=True)


@cases.of("nets.resnet_v2.resnet_v2", "nets.resnet_utils.stack_blocks_dense", tolerance=1e-4)
def tiny_resnet_v2_without_root(lib):
    return _tiny_resnet(lib, 2, num_classes=None, global_pool=False, include_root_block=False)


@cases.of("nets.resnet_v1.bottleneck", "nets.resnet_v2.bottleneck")
def bottlenecks(lib):
    inputs = tf.constant(_values([1, 4, 5, 4]))
    outputs = []
    for version in (1, 2):
        for depth, stride in ((4, 1), (6, 2)):
            outputs.append(
                lib(f"nets.resnet_v{version}").bottleneck(inputs, depth, 2, stride, scope=f"unit_{version}_{depth}")
            )
    return _made(outputs, [inputs])


@cases.of(
    "nets.alexnet.trunc_normal",
    "nets.inception_v1.trunc_normal",
    "nets.inception_v2.trunc_normal",
    "nets.inception_v3.trunc_normal",
    "nets.overfeat.trunc_normal",
)
def truncated_normal(lib):
    modules = ["alexnet", "inception_v1", "inception_v2", "inception_v3", "overfeat"]
    return run([lib("nets." + module).trunc_normal(0.3)([5]) * 0 + 1 for module in modules]), [
        float(lib("nets." + module).trunc_normal(0.3).stddev) for module in modules
    ]


# --- parts of metric learning losses

_POINTS = _values([7, 3], 5)
_DISTANCES = np.sqrt(((_POINTS[:, None] - _POINTS[None]) ** 2).sum(axis=2)).astype(np.float32)
_LABELS = np.array([0, 1, 0, 2, 1, 2, 0], np.int32)
_MASK = (_values([7, 7], 6) > 0).astype(np.float32)


@cases.of("losses.metric_learning.masked_maximum", "losses.metric_learning.masked_minimum")
def extremes_under_a_mask(lib):
    metric = lib("losses.metric_learning")
    return run(
        [
            function(tf.constant(_DISTANCES), tf.constant(_MASK), dim)
            for function in (metric.masked_maximum, metric.masked_minimum)
            for dim in (0, 1)
        ]
    )


@cases.of("losses.metric_learning.update_1d_tensor")
def one_element_is_replaced(lib):
    function = lib("losses.metric_learning").update_1d_tensor
    return run([function(tf.constant([1, 2, 3]), index, tf.constant(9)) for index in range(3)])


@cases.of(
    "losses.metric_learning.get_cluster_assignment",
    "losses.metric_learning.compute_facility_energy",
    "losses.metric_learning.compute_gt_cluster_score",
)
def clusters_around_centroids(lib):
    metric = lib("losses.metric_learning")
    distances = tf.constant(_DISTANCES)
    return run(
        [
            [metric.get_cluster_assignment(distances, ids), metric.compute_facility_energy(distances, ids)]
            for ids in (tf.constant([0, 3]), tf.constant([5, 2, 4]))
        ]
        + [metric.compute_gt_cluster_score(distances, tf.constant(_LABELS))]
    )


@cases.of("losses.metric_learning.compute_clustering_score")
def clustering_scores(lib):
    function = lib("losses.metric_learning").compute_clustering_score
    predictions = [[0, 1, 0, 2, 1, 2, 1], [2, 0, 2, 1, 0, 1, 2], list(_LABELS), [0] * 7]
    return run(
        [
            [function(tf.constant(_LABELS), tf.constant(np.int32(p)), kind) for p in predictions]
            for kind in ("nmi", "ami", "ari", "vmeasure", "const")
        ]
    ), outcome(function, tf.constant(_LABELS), tf.constant(_LABELS), "none")


@cases.of(
    "losses.metric_learning.compute_augmented_facility_locations",
    "losses.metric_learning.compute_augmented_facility_locations_pam",
    "losses.metric_learning.update_all_medoids",
)
def centroids_that_maximize_the_score(lib):
    metric = lib("losses.metric_learning")
    distances, labels = tf.constant(_DISTANCES), tf.constant(_LABELS)
    found = []
    for multiplier, kind in ((0.5, "nmi"), (5.0, "ari")):
        chosen = metric.compute_augmented_facility_locations(distances, labels, tf.range(7), multiplier, kind)
        better = metric.compute_augmented_facility_locations_pam(distances, labels, multiplier, kind, chosen)
        predictions = metric.get_cluster_assignment(distances, tf.constant([1, 3, 6]))
        # TF 1.15 takes no static shape: its loop gives none.
        ids = v1.placeholder_with_default([1, 3, 6], [None])
        updated = metric.update_all_medoids(distances, predictions, labels, ids, multiplier, kind)
        found.append([chosen, better, updated])
    return run(found)


@cases.of("losses.metric_learning.update_medoid_per_cluster")
def medoid_of_one_cluster(lib):
    metric = lib("losses.metric_learning")
    members = np.array([0, 2, 6])
    subset = _DISTANCES[np.ix_(members, members)].reshape(3, 1, 1, 3)
    return run(
        [
            metric.update_medoid_per_cluster(
                tf.constant(_DISTANCES),
                tf.constant(subset),
                tf.constant(_LABELS),
                tf.constant([2, 1, 3]),
                tf.constant(members),
                0,
                multiplier,
                "nmi",
            )
            for multiplier in (0.1, 10.0)
        ]
    )


if __name__ == "__main__":
    cases.write("layer_parts.json")
