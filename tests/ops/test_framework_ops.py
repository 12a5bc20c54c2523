"""Which graph inputs belong to."""

import pytest
import tensorflow as tf

from slimshim.ops.framework_ops import get_graph_from_inputs, get_name_scope


def _constant(graph):
    with graph.as_default():
        return tf.constant(1.0)


def test_the_graph_of_the_inputs_is_found():
    graph = tf.Graph()
    assert get_graph_from_inputs(["not a tensor", _constant(graph)]) is graph


def test_without_graph_inputs_the_default_graph_is_taken(graph):
    assert get_graph_from_inputs([1, "a"]) is graph


def test_inputs_of_two_graphs_are_an_error_that_names_them():
    inputs = [_constant(tf.Graph()), _constant(tf.Graph())]
    with pytest.raises(ValueError, match="must be from the same graph"):
        get_graph_from_inputs(inputs)


def test_an_input_of_another_graph_than_the_given_one_is_an_error():
    with pytest.raises(ValueError, match="not from the passed-in graph"):
        get_graph_from_inputs([_constant(tf.Graph())], graph=tf.Graph())


@pytest.mark.parametrize("inputs, graph", [(tf.constant(1), None), ([], "graph")])
def test_wrong_types_are_type_errors(inputs, graph):
    with pytest.raises(TypeError, match="expected"):
        get_graph_from_inputs(inputs, graph)


def test_the_name_scope_is_the_default_graphs(graph):
    assert get_name_scope() == ""
    with tf.compat.v1.name_scope("one"), tf.compat.v1.name_scope("two"):
        assert get_name_scope() == "one/two"
