"""Normalization, dropout, bias, shapes, GDN and softmaxes against TF 1.15: names, collections, numbers.

To remake the numbers: see golden/generators/norm_and_shape_layers.py.
"""

import contextlib

import goldens
import numpy as np
import parity
import pytest
import tensorflow as tf
from covered import functions_of

from slimshim import Module, layers

v1 = tf.compat.v1

pytestmark = pytest.mark.golden

generator = goldens.generator("norm_and_shape_layers")
FACTS = goldens.content("norm_and_shape_layers")

# Names of outputs that differ from TF 1.15, and why.
OTHER_OUTPUT_NAMES = {
    "batch_norm/fed_training_in_place": "the updates need no branch here, so the output comes from none",
    "others/scale_gradient": "TF1 named the op by a hash of the function",
}


@contextlib.contextmanager
def _as_in_tf1():
    """Ref variables and v1 control flow."""
    was_v2 = v1.control_flow_v2_enabled()
    v1.disable_control_flow_v2()
    try:
        with v1.variable_scope("", use_resource=False):
            yield
    finally:
        if was_v2:
            v1.enable_control_flow_v2()


@contextlib.contextmanager
def _as_in_tf2():
    """Resource variables and v2 control flow, within an explicit graph."""
    assert v1.control_flow_v2_enabled()
    with v1.variable_scope("", use_resource=True):
        yield


@contextlib.contextmanager
def _refs_with_v2_control_flow():
    with v1.variable_scope("", use_resource=False):
        yield


def _check_arrays(arrays, name, mode):
    tolerance = generator.CASES[name].tolerance
    expected = goldens.arrays("norm_and_shape_layers", name, separator=": ")
    subject = functions_of("norm_and_shape_layers", name)[0]
    parity.same(subject, f"{name} ({mode})", arrays, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", generator.CASES)
def test_a_v1_graph_gives_the_names_and_numbers_of_tf1(name):
    facts, arrays = generator.record(layers, v1, name, _as_in_tf1)
    expected = FACTS[name]
    for fact in ("shape", "dtype", "variables", "collected", "regularization_losses"):
        assert facts[fact] == expected[fact], fact
    if name not in OTHER_OUTPUT_NAMES:
        assert facts["output"] == expected["output"]
    for collection, updates in expected["updates"].items():
        if any("/cond" in update for update in updates):  # Here the update itself is unconditional.
            assert len(facts["updates"][collection]) == len(updates)
        else:
            assert facts["updates"][collection] == updates
    _check_arrays(arrays, name, "v1 graph")


@pytest.mark.parametrize("name", generator.CASES)
def test_a_graph_with_v2_behaviour_gives_the_numbers_of_tf1(name):
    facts, arrays = generator.record(layers, v1, name, _as_in_tf2)
    assert facts["variables"] == FACTS[name]["variables"]
    for collection, updates in FACTS[name]["updates"].items():
        assert len(facts["updates"][collection]) == len(updates)
        for ours, theirs in zip(facts["updates"][collection], updates):
            assert "/cond" in theirs or ours.startswith(theirs.split(":")[0])
    _check_arrays(arrays, name, "graph with v2 behaviour")


@pytest.mark.parametrize("name", [name for name in generator.CASES if "fed_training" in name])
def test_ref_variables_go_with_v2_control_flow(name):
    _, arrays = generator.record(layers, v1, name, _refs_with_v2_control_flow)
    _check_arrays(arrays, name, "ref variables")


# --- TF2 mode ---------------------------------------------------------------------------------

# Random numbers of eager code come from another stream.
_WITHOUT_CHANCE = [
    name
    for name in generator.CASES
    if not name.startswith("others/dropout") or name in ("others/dropout_inference", "others/dropout_keep_all")
]


def _step_function(model, source_tensors):
    """Returns a function of the inputs that gives outputs, gradients and losses, as the generator's fetches."""

    def step(x, fed):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = model(x, fed)
            if isinstance(outputs, tf.SparseTensor):
                return {"indices": outputs.indices, "values": outputs.values, "dense_shape": outputs.dense_shape}
            weights = tf.reshape(tf.cos(tf.cast(tf.range(tf.size(outputs)), tf.float64)), tf.shape(outputs))
            total = tf.reduce_sum(outputs * tf.cast(weights, outputs.dtype))
        sources = {"x": x, **{v.name.split(":")[0]: v for v in source_tensors()}}
        results = {"outputs": outputs}
        for source, gradient in tape.gradient(total, sources).items() if x.dtype.is_floating else ():
            if gradient is not None:
                results["gradient of " + source] = gradient
        if model.losses:
            results["regularization_losses"] = tf.stack(model.losses)
        return results

    return step


def _model_of(name):
    """Returns a Module of the case whose variables have the values that the goldens began with."""
    entry = generator.CASES[name]

    def build(x, fed):
        kwargs = entry.kwargs(v1, fed)
        positional = [kwargs.pop("gradient_multiplier")] if entry.op == "scale_gradient" else []
        return getattr(layers, entry.op)(x, *positional, **kwargs)

    model = Module(build)
    specs = {key: tf.TensorSpec(np.shape(v[0]), generator._dtype_of(v)) for key, v in entry.feeds.items()}
    model.build(tf.TensorSpec(entry.static, entry.dtype), specs)
    if not generator.keeps_its_start(name):
        for v in model.trainable_variables:
            v.assign(generator.initial_value(v.name.split(":")[0], v.shape.as_list(), v.dtype.name))
    return model


def _as_it_is(function):
    return function


@pytest.mark.parametrize("name", _WITHOUT_CHANCE)
@pytest.mark.parametrize("wrap", [_as_it_is, tf.function], ids=["eager", "function"])
def test_a_module_gives_the_numbers_of_tf1(name, wrap):
    entry = generator.CASES[name]
    model = _model_of(name)
    step = wrap(_step_function(model, lambda: model.trainable_variables))
    all_outputs = []
    for i, batch in enumerate(generator.inputs_of(name, entry)):
        fed = {key: tf.constant(steps[i]) for key, steps in entry.feeds.items()}
        arrays = {key: value.numpy() for key, value in step(tf.constant(batch), fed).items()}
        all_outputs.append(arrays.pop("outputs", []))
    arrays["outputs"] = np.stack(all_outputs)
    for v in model.variables:
        if not v.trainable:
            arrays["variable " + v.name.split(":")[0]] = v.numpy()
    expected = FACTS[name]["variables"]
    assert sorted(v.name.split(":")[0] for v in model.variables) == sorted(v["name"] for v in expected)
    if 0 in entry.shape:
        arrays = {key: value for key, value in arrays.items() if not key.startswith("gradient")}
    _check_arrays(arrays, name, "eager" if wrap is _as_it_is else "tf.function")
