"""Convolutions, dense layers and pools against numbers, names and collections of TF 1.15.

The cases and the golden's generator: tests/golden/generators/kernel_layers.py.
"""

import functools
import subprocess
import sys

import goldens
import numpy as np
import parity
import pytest
import tensorflow as tf
from covered import functions_of

pytestmark = pytest.mark.golden

generator = goldens.generator("kernel_layers")
facts_of_tf1 = goldens.content("kernel_layers")


@functools.cache
def measured(name):
    from slimshim.layers import layers

    facts, arrays = generator.measure(layers, name)
    return goldens.as_json(facts), arrays


def test_every_case_has_a_golden_and_every_golden_a_case():
    assert sorted(facts_of_tf1) == sorted(generator.CASES)


@pytest.mark.parametrize("name", generator.CASES)
def test_output_has_the_name_shape_dtype_and_aliases_of_tf1(name):
    assert measured(name)[0]["output"] == facts_of_tf1[name]["output"]


@pytest.mark.parametrize("name", generator.CASES)
def test_variables_have_the_names_shapes_and_order_of_tf1(name):
    assert measured(name)[0]["variables"] == facts_of_tf1[name]["variables"]


@pytest.mark.parametrize("name", generator.CASES)
def test_collections_hold_what_they_held_in_tf1(name):
    assert measured(name)[0]["collections"] == facts_of_tf1[name]["collections"]


@pytest.mark.parametrize("name", [name for name, case in generator.CASES.items() if case.runs])
def test_values_losses_and_gradients_are_those_of_tf1(name):
    parity.same(functions_of("kernel_layers", name)[0], name, measured(name)[1], goldens.arrays("kernel_layers", name))


CHANNELS_LAST = {
    "conv2d_nchw": lambda L, x: L.conv2d(x, 4, 3),
    "conv1d_ncw": lambda L, x: L.conv1d(x, 4, 3),
    "conv3d_ncdhw": lambda L, x: L.conv3d(x, 3, 3),
    "separable_nchw": lambda L, x: L.separable_conv2d(x, 5, 3, 2),
    "transposed_nchw": lambda L, x: L.conv2d_transpose(x, 4, 3, 2),
    "max_pool2d_nchw": lambda L, x: L.max_pool2d(x, 2),
    "avg_pool2d_nchw": lambda L, x: L.avg_pool2d(x, 2),
    "pool_nchw": lambda L, x: L.pool(x, 2, "MAX"),
}


def test_the_channels_first_cases_that_tf1_cannot_run_are_all_compared_with_channels_last():
    assert sorted(CHANNELS_LAST) == sorted(name for name, case in generator.CASES.items() if not case.runs)


@pytest.mark.parametrize("name", CHANNELS_LAST)
def test_channels_first_gives_on_the_cpu_what_channels_last_gives(name):
    from slimshim.layers import layers

    first = generator.CASES[name]
    inputs = generator.values("inputs", first.fed)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        outputs = CHANNELS_LAST[name](layers, tf.constant(np.moveaxis(inputs, 1, -1)))
        session.run(tf.compat.v1.global_variables_initializer())
        for v in tf.compat.v1.global_variables():
            session.run(v.assign(generator.values(v.op.name, v.shape.as_list())))
        expected = np.moveaxis(session.run(outputs), -1, 1)
    np.testing.assert_allclose(measured(name)[1]["outputs"], expected, rtol=1e-5, atol=1e-5)


_WITHOUT_V2_BEHAVIOR = """
import sys
import tensorflow as tf
tf.compat.v1.disable_v2_behavior()
sys.path[:0] = sys.argv[1:]
import goldens, parity
from slimshim.layers import layers
generator = goldens.generator("kernel_layers")
for name in ("conv2d_rate", "conv2d_reuse", "partitioned", "in_plane", "separable", "depthwise", "transposed", "mixed"):
    _, arrays = generator.measure(layers, name)
    parity.same("layers", name, arrays, goldens.arrays("kernel_layers", name))
"""


def test_values_are_those_of_tf1_with_v2_behavior_and_resource_variables_off():
    command = [sys.executable, "-c", _WITHOUT_V2_BEHAVIOR, *sys.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
