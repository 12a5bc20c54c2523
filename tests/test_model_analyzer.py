"""Sizes of graphs and models, counted and printed."""

import pytest
import tensorflow as tf

from slimshim import model_analyzer

v1 = tf.compat.v1


def test_a_description_holds_dtype_and_sizes(graph):
    assert model_analyzer.tensor_description(tf.zeros([1, 8, 8], tf.float16)) == "(float16 1x8x8)"
    assert model_analyzer.tensor_description(v1.placeholder(tf.int32, [None, 3])) == "(int32 Nonex3)"
    assert model_analyzer.tensor_description(tf.constant(1.0)) == "(float32 )"


def test_ops_are_counted_by_their_outputs_and_printed(graph, capsys):
    a = tf.zeros([2, 3], name="a")
    tf.split(a, 3, axis=1, name="parts")
    v1.placeholder(tf.float32, [None, 4], name="open")
    v1.placeholder(tf.float32, name="formless")
    # Counted by hand: a, the axis (a scalar) and the parts; what is open counts nothing.
    assert model_analyzer.analyze_ops(graph, print_info=True) == 6 + 1 + 6
    lines = capsys.readouterr().out.splitlines()
    assert "parts \t-> (float32 2x1), (float32 2x1), (float32 2x1) [6]" in lines
    assert "formless \t->  [0]" in lines
    assert model_analyzer.analyze_ops(graph) == 13 and not capsys.readouterr().out


def test_a_functions_graph_can_be_analyzed():
    traced = tf.function(lambda x: x * 2.0).get_concrete_function(tf.TensorSpec([5], tf.float32))
    assert model_analyzer.analyze_ops(traced.graph) >= 10


def test_variables_are_counted_in_elements_and_bytes(graph, capsys):
    variables = [
        v1.get_variable("w", [3, 4]),
        v1.get_variable("half", [5], dtype=tf.float16),
        v1.Variable(v1.placeholder(tf.float32), validate_shape=False, name="open"),
    ]
    assert model_analyzer.analyze_vars(variables, print_info=True) == (17, 58)
    lines = capsys.readouterr().out.splitlines()
    assert {"w:0 (float32 3x4) [12, bytes: 48]", "open:0 (float32 <unknown>) [0, bytes: 0]"} <= set(lines)
    assert lines[-2:] == ["Total size of variables: 17", "Total bytes of variables: 58"]


@pytest.mark.parametrize("make", [lambda: tf.Variable(tf.zeros([2, 2])), lambda: tf.keras.Variable(tf.zeros([2, 2]))])
def test_eager_and_keras_variables_are_counted(make):
    if make.__code__.co_names[:2] == ("tf", "keras") and not hasattr(tf.keras, "Variable"):
        pytest.skip("Keras 2 has no variables of its own")
    assert model_analyzer.analyze_vars([make()]) == (4, 16)
