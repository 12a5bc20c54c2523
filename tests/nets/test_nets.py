"""The networks against TF 1.15: variables, collections, end points, and numbers in both modes.

The cases and the goldens' generator: tests/golden/generators/nets.py.
"""

import functools
import importlib

import goldens
import numpy as np
import pytest
import tensorflow as tf
from parity import same

import slimshim as slim

generator = goldens.generator("nets")
v1 = tf.compat.v1

pytestmark = pytest.mark.golden

# Batch norm over few pixels makes rounding errors grow: TF 1.15's own float32 training of these nets is up to
# 4e-4 of an end point's spread away from its float64 training, and slimshim's is as far away from either.
# Five times that also serves other processors. The order of the sums is all that may differ: averages,
# losses, and the same nets in float64 are held as near as all others.
FUSED_TOLERANCE = 2e-3


def _marked(names):
    slow = {name for name in names if generator.CASES[name].heavy}
    return [pytest.param(name, marks=pytest.mark.slow) if name in slow else name for name in names]


@functools.cache
def measured(name, mode):
    """Returns (facts, arrays) of today's library; one graph serves all tests of a case and mode."""
    facts, arrays = generator.measure(slim.__name__, name, mode, generator.CASES[name].runs)
    return goldens.as_json(facts), arrays


def facts_of_tf1(name):
    facts = dict(goldens.content("nets")[name])
    if isinstance(facts["layers"], str):  # The case that has the same.
        facts["layers"] = goldens.content("nets")[facts["layers"]]["layers"]
    return facts


def subject(name):
    case = generator.CASES[name]
    return f"nets.{case.module}.{case.net}"


def test_every_case_has_a_golden_and_every_golden_a_case():
    assert sorted(goldens.content("nets")) == sorted(generator.CASES)


@pytest.mark.parametrize("name", _marked(generator.CASES))
def test_variables_end_points_and_collections_are_those_of_tf1(name):
    same(subject(name), f"{name}, names and shapes", measured(name, "train")[0], facts_of_tf1(name))


def _relative(found, expected):
    """Returns both in parts of the spread of each end point, so that deep ones count as much as early ones."""
    scale = np.maximum(np.abs(expected[:, 1:2]), 1e-3)
    return found / scale, expected / scale


@pytest.mark.parametrize("mode", ["train", "inference"])
@pytest.mark.parametrize("name", _marked([name for name, case in generator.CASES.items() if case.runs]))
def test_end_points_losses_and_moving_averages_have_the_values_of_tf1(name, mode):
    _compare(name, mode, 1e-4)


@pytest.mark.parametrize("name", [name for name, case in generator.CASES.items() if "fused_train" in case.modes])
def test_training_in_float32_with_the_fused_op_is_as_near_to_tf1_as_rounding_lets_it(name):
    _compare(name, "fused_train", FUSED_TOLERANCE)


def _compare(name, mode, tolerance):
    """Compares the numbers of a case: end points within the tolerance in parts of their spread, the rest within 1e-4."""
    found, expected = dict(measured(name, mode)[1]), goldens.arrays("nets", f"{name}|{mode}")
    assert sorted(found) == sorted(expected)
    ends = _relative(found.pop("end_points"), expected.pop("end_points"))
    same(subject(name), f"{name}, {mode}, end points", *ends, rtol=tolerance, atol=tolerance)
    same(subject(name), f"{name}, {mode}, losses and moving averages", found, expected, rtol=1e-4, atol=1e-4)


# --- what the goldens do not show ---------------------------------------------------------------


@pytest.mark.parametrize(
    "module, net, size",
    [
        ("alexnet", "alexnet_v2", 224),
        ("overfeat", "overfeat", 231),
        ("vgg", "vgg_a", 224),
        ("vgg", "vgg_16", 224),
        ("vgg", "vgg_19", 224),
        ("inception", "inception_v1", 224),
        ("inception", "inception_v2", 224),
        ("inception", "inception_v3", 299),
        ("resnet_v1", "resnet_v1_50", 224),
        ("resnet_v1", "resnet_v1_200", 224),
        ("resnet_v2", "resnet_v2_101", 224),
        ("resnet_v2", "resnet_v2_152", 224),
    ],
)
def test_a_net_knows_its_default_image_size(module, net, size):
    assert getattr(importlib.import_module(f"{slim.__name__}.nets.{module}"), net).default_image_size == size


def _zeros(*shape):
    return v1.placeholder(tf.float32, shape)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_unknown_end_point_is_an_error_that_lists_those_there_are(graph, version):
    base = getattr(slim.nets.inception, f"inception_v{version}_base")
    with pytest.raises(ValueError, match=r"Unknown final endpoint Mixed_9z.*'Mixed_5b'"):
        base(_zeros(1, 299, 299, 3), final_endpoint="Mixed_9z")
    assert v1.global_variables() == []


@pytest.mark.parametrize("multiplier", [0, -0.5])
@pytest.mark.parametrize("net", ["inception_v2", "inception_v2_base", "inception_v3", "inception_v3_base"])
def test_a_depth_multiplier_that_is_not_positive_is_an_error(graph, net, multiplier):
    with pytest.raises(
        ValueError, match=f"depth_multiplier.*not greater than zero.*{multiplier}|depth_multiplier={multiplier}"
    ):
        getattr(slim.nets.inception, net)(_zeros(1, 299, 299, 3), depth_multiplier=multiplier)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("stride, words", [(6, "multiple of 4"), (12, "cannot be reached"), (64, "cannot be reached")])
def test_an_output_stride_that_cannot_be_reached_is_an_error(graph, version, stride, words):
    net = getattr(getattr(slim.nets, f"resnet_v{version}"), f"resnet_v{version}_50")
    with pytest.raises(ValueError, match=words):
        net(_zeros(1, 65, 65, 3), output_stride=stride)


@pytest.mark.parametrize("net", ["inception_v1", "inception_v2", "inception_v3"])
def test_a_second_call_with_reuse_shares_all_variables(graph, net):
    build = getattr(slim.nets.inception, net)
    first = _zeros(1, 224, 224, 3)
    build(first, num_classes=3)
    count = len(v1.global_variables())
    build(first, num_classes=3, is_training=False, reuse=True)
    assert len(v1.global_variables()) == count > 100


def test_unknown_batch_and_image_sizes_are_served(graph):
    images = _zeros(None, None, None, 3)
    with slim.arg_scope(slim.nets.resnet_v1.resnet_arg_scope()):
        output, _ = slim.nets.resnet_v1.resnet_v1_50(images, is_training=False)
    assert output.shape.as_list() == [None, 1, 1, 2048]
    with slim.arg_scope(slim.nets.inception.inception_v3_arg_scope()):
        output, _ = slim.nets.inception.inception_v3_base(images)
    assert output.shape.as_list() == [None, None, None, 2048]


def test_a_convolution_with_stride_equals_the_one_without_that_is_subsampled():
    from slimshim.nets import resnet_utils

    images = np.random.RandomState(3).rand(2, 9, 12, 3).astype("float32")
    for kernel, stride in [(3, 2), (5, 2), (3, 3), (4, 2)]:

        def both(x, kernel=kernel, stride=stride):
            strided = resnet_utils.conv2d_same(x, 4, kernel, stride, scope="conv")
            full = slim.conv2d(x, 4, kernel, scope="conv")
            return strided, resnet_utils.subsample(full, stride)

        strided, subsampled = slim.Module(both)(images)
        np.testing.assert_allclose(strided, subsampled, rtol=1e-5, atol=1e-5)


def test_dilation_keeps_what_the_net_computes():
    """At output stride 8, every fourth pixel is the pixel of the net with its own stride of 32."""
    from slimshim.nets import resnet_utils, resnet_v1

    blocks = [
        resnet_v1.resnet_v1_block("block1", base_depth=1, num_units=2, stride=2),
        resnet_v1.resnet_v1_block("block2", base_depth=2, num_units=2, stride=2),
        resnet_v1.resnet_v1_block("block3", base_depth=2, num_units=2, stride=2),
    ]

    def net(x, output_stride):
        with slim.arg_scope(resnet_utils.resnet_arg_scope()), slim.arg_scope([slim.batch_norm], is_training=False):
            return resnet_utils.stack_blocks_dense(x, blocks, output_stride)

    model = slim.Module(net)
    images = np.random.RandomState(4).rand(1, 33, 33, 3).astype("float32")
    nominal = model(images, None)
    for output_stride, step in [(8, 1), (4, 2), (2, 4), (1, 8)]:
        dense = model(images, output_stride)
        np.testing.assert_allclose(dense[:, ::step, ::step], nominal, rtol=1e-4, atol=1e-5)


def test_a_prediction_function_replaces_softmax(graph):
    seen = []

    def predict(logits, scope=None):
        seen.append(scope)
        return logits * 2

    _, end_points = slim.nets.inception.inception_v2(_zeros(1, 224, 224, 3), 3, prediction_fn=predict)
    assert seen == ["Predictions"]
    assert end_points["Predictions"].op.type == "Mul"
