"""Summaries of tensors by kind and of whole collections. Names of TF 1.15: see test_helper_goldens."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.layers import summaries

v1 = tf.compat.v1


def _ops():
    return {item.op.name: item.op.type for item in v1.get_collection(v1.GraphKeys.SUMMARIES)}


def _values():
    with v1.Session() as session:
        merged = v1.Summary.FromString(session.run(v1.summary.merge_all()))
    return {value.tag: value for value in merged.value}


@pytest.mark.parametrize(
    "activation, fractions",
    [
        (tf.nn.relu, {"zeros": 0.25}),
        (tf.nn.softplus, {"zeros": 0.25}),
        (tf.nn.relu6, {"zeros": 0.25, "sixes": 0.5}),
        (tf.tanh, {}),
    ],
)
def test_an_activation_is_summarized_as_its_kind_needs(activation, fractions, graph):
    output = activation(tf.constant([-1.0, 2.0, 7.0, 9.0]), name="act")
    assert summaries.summarize_activation(output).op.type == "HistogramSummary"
    found = _values()
    assert set(found) == {"act/activation", *(f"act/{name}" for name in fractions)}
    for name, value in fractions.items():
        assert found[f"act/{name}"].simple_value == value


def test_low_precision_activations_can_be_summarized(graph):
    summaries.summarize_activation(tf.nn.relu6(tf.constant([-1.0, 7.0], tf.float16), name="act"))
    assert _values()["act/zeros"].simple_value == 0.5


def test_the_kind_of_summary_follows_rank_and_dtype(graph):
    summaries.summarize_tensor(tf.constant(1.0, name="scalar"))
    summaries.summarize_tensor(tf.constant([1.0], name="vector"))
    summaries.summarize_tensor(v1.placeholder(tf.float32, name="unknown"), tag="tag")
    assert summaries.summarize_tensor(tf.constant(["a"])) is None
    assert summaries.summarize_tensor(tf.constant(True)) is None
    assert _ops() == {
        "scalar_summary": "ScalarSummary",
        "vector_summary": "HistogramSummary",
        "tag": "HistogramSummary",
    }


def test_collections_are_filtered_by_the_start_of_the_op_name(graph):
    for name in ("block1/out", "block2/out", "other/block2"):
        v1.add_to_collection("mine", tf.ones([2], name=name))
    found = summaries.summarize_collection("mine", name_filter=r"block\d")
    assert [item.op.name for item in found] == ["block1/out_summary", "block2/out_summary"]
    seen = []
    summaries.summarize_collection("mine", summarizer=seen.append)
    assert len(seen) == 3


@pytest.mark.parametrize(
    "summarize, collection",
    [
        (summaries.summarize_variables, v1.GraphKeys.GLOBAL_VARIABLES),
        (summaries.summarize_weights, v1.GraphKeys.WEIGHTS),
        (summaries.summarize_biases, v1.GraphKeys.BIASES),
        (summaries.summarize_activations, v1.GraphKeys.ACTIVATIONS),
    ],
)
def test_each_shorthand_reads_its_own_collection(summarize, collection, graph):
    v1.add_to_collection(collection, tf.ones([2], name="seen"))
    v1.add_to_collection("another", tf.ones([2], name="unseen"))
    assert len(summarize()) == 1
    assert summarize(name_filter="nothing") == []


def test_eager_activations_get_a_histogram_alone(tmp_path):
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        activation = tf.nn.relu(tf.constant(np.ones(3, "float32")))
        activation.aliases = ["net/act"]
        assert summaries.summarize_activation(activation)
