"""Convolutions, dense layers and pools against numbers, names and collections of TF 1.15.

The cases and the golden's generator: tests/golden/generators/layers_a.py.
"""

import functools
import importlib.util
import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"
GENERATOR = GOLDEN / "generators" / "layers_a.py"


def _generator():
    spec = importlib.util.spec_from_file_location("layers_a_generator", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generator = _generator()
facts_of_tf1 = json.loads((GOLDEN / "layers_a.json").read_text())


@functools.cache
def numbers_of_tf1():
    return dict(np.load(GOLDEN / "layers_a.npz"))


@functools.cache
def measured(name):
    from slimshim.layers import layers

    facts, arrays = generator.measure(layers, name)
    return json.loads(json.dumps(facts)), arrays


def golden_arrays(name):
    prefix = name + "|"
    return {key[len(prefix) :]: value for key, value in numbers_of_tf1().items() if key.startswith(prefix)}


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
    arrays, golden = measured(name)[1], golden_arrays(name)
    assert sorted(arrays) == sorted(golden)
    for key, value in golden.items():
        np.testing.assert_allclose(arrays[key], value, rtol=1e-5, atol=1e-5, err_msg=key)


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
import importlib.util, sys
import numpy as np, tensorflow as tf
tf.compat.v1.disable_v2_behavior()
sys.path[:0] = sys.argv[2:]
spec = importlib.util.spec_from_file_location("generator", sys.argv[1])
generator = importlib.util.module_from_spec(spec); spec.loader.exec_module(generator)
from slimshim.layers import layers
golden = np.load(sys.argv[1].replace("generators/layers_a.py", "layers_a.npz"))
for name in ("conv2d_rate", "conv2d_reuse", "partitioned", "in_plane", "separable", "depthwise", "transposed", "mixed"):
    _, arrays = generator.measure(layers, name)
    for key, value in arrays.items():
        np.testing.assert_allclose(value, golden[name + "|" + key], rtol=1e-5, atol=1e-5, err_msg=name + " " + key)
"""


def test_values_are_those_of_tf1_with_v2_behavior_and_resource_variables_off():
    command = [sys.executable, "-c", _WITHOUT_V2_BEHAVIOR, str(GENERATOR), *sys.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
