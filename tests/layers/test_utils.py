"""The small helpers that layers share."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim
from slimshim.layers import utils

v1 = tf.compat.v1


def test_named_outputs_are_found_by_alias(graph):
    first, second = tf.ones([1], name="first"), tf.ones([2], name="second")
    assert utils.collect_named_outputs("points", "net/a/", first) is first
    utils.collect_named_outputs(["points", "more"], "net/b", second)
    utils.collect_named_outputs("points", "net/c", second)
    assert utils.gather_tensors_aliases([first, second]) == ["net/a", "net/b", "net/c"]
    points = utils.convert_collection_to_dict("points")
    assert list(points) == ["net/a", "net/b", "net/c"]
    assert points["net/a"] is first and points["net/c"] is second
    assert list(utils.convert_collection_to_dict("more")) == ["net/b", "net/c"]


def test_outputs_without_an_alias_go_by_their_op_name(graph):
    outputs = tf.split(tf.ones([4]), 2, name="halves")
    variable = v1.get_variable("scope/w", [2])
    assert utils.gather_tensors_aliases([*outputs, variable]) == ["halves", "halves:1", "scope/w"]


def test_no_collection_means_no_alias(graph):
    output = tf.ones([1])
    utils.collect_named_outputs(None, "net/a", output)
    assert not hasattr(output, "aliases")


def test_a_collection_can_be_emptied_on_conversion(graph):
    utils.collect_named_outputs("points", "a", tf.ones([1]))
    assert list(utils.convert_collection_to_dict("points", clear_collection=True)) == ["a"]
    assert utils.convert_collection_to_dict("points") == {}


def test_end_points_are_found_in_tf2_mode_and_belong_to_the_call():
    def net(x):
        utils.collect_named_outputs("points", "half", x / 2)
        utils.collect_named_outputs("points", "double", x * 2)
        return utils.convert_collection_to_dict("points", clear_collection=True), utils.convert_collection_to_dict(
            "points"
        )

    module = slimshim.Module(net)
    for step in (module, tf.function(module)):
        for _ in range(2):
            points, left = step(tf.constant(3.0))
            assert {key: float(value) for key, value in points.items()} == {"half": 1.5, "double": 6.0}
            assert not left


@pytest.mark.parametrize("value", [True, 0, "x", np.float32(2)], ids=repr)
def test_python_values_are_constants_themselves(value):
    assert utils.constant_value(value) is value


def test_constant_tensors_are_known_and_fed_ones_are_not(graph):
    assert utils.constant_value(tf.constant(True)) == np.True_
    assert utils.constant_value(v1.placeholder(tf.bool, [])) is None
    assert utils.constant_value(tf.Variable(True)) is None
    assert utils.constant_value(tf.constant(3), dtype=tf.int32) == 3


def test_eager_tensors_are_known_and_keras_inputs_are_not():
    assert utils.constant_value(tf.constant(False)) == np.False_
    assert utils.constant_value(tf.keras.Input([], dtype="bool")) is None


def test_constant_value_refuses_none_and_other_dtypes(graph):
    with pytest.raises(ValueError, match="value_or_tensor_or_var: expected a value"):
        utils.constant_value(None)
    with pytest.raises(ValueError, match="expected the dtype float32"):
        utils.constant_value(tf.constant(1), dtype=tf.float32)


def _never():
    raise AssertionError("this branch must not be built")


@pytest.mark.parametrize("pred", [True, 1, np.True_], ids=repr)
def test_a_known_predicate_builds_one_branch(pred):
    assert utils.smart_cond(pred, lambda: "yes", _never) == "yes"
    assert utils.static_cond(not pred, _never, lambda: "no") == "no"


def test_a_constant_tensor_builds_one_branch(graph):
    assert utils.smart_cond(tf.constant(False), _never, lambda: "no") == "no"


def test_a_fed_predicate_is_decided_in_the_run(graph):
    pred = v1.placeholder(tf.bool, [])
    chosen = utils.smart_cond(pred, lambda: tf.constant(1), lambda: tf.constant(2), name="choose")
    assert chosen.name.startswith("choose/")
    with v1.Session() as session:
        assert [session.run(chosen, {pred: value}) for value in (True, False)] == [1, 2]


def test_a_variable_is_decided_at_each_call_of_a_function():
    pred = tf.Variable(True)
    choose = tf.function(lambda: utils.smart_cond(pred, lambda: tf.constant(1), lambda: tf.constant(2)))
    assert choose() == 1
    pred.assign(False)
    assert choose() == 2


@pytest.mark.parametrize("branches", [(1, _never), (_never, 2)], ids=["fn1", "fn2"])
def test_a_branch_that_cannot_be_called_is_named(branches):
    with pytest.raises(TypeError, match="fn[12]: expected a callable"):
        utils.static_cond(True, *branches)


def test_variable_collections_are_looked_up_by_name_in_a_dict_alone():
    assert utils.get_variable_collections({"weights": ["a"]}, "weights") == ["a"]
    assert utils.get_variable_collections({"weights": ["a"]}, "biases") is None
    assert utils.get_variable_collections(["a"], "biases") == ["a"]
    assert utils.get_variable_collections(None, "biases") is None


SHAPE = tf.TensorShape([None, 3, 4, 5])


def test_channel_and_last_dimension_are_ints():
    assert utils.channel_dimension(SHAPE, "channels_first") == 3
    assert utils.channel_dimension(SHAPE, "channels_last") == utils.last_dimension((None, 5)) == 5


@pytest.mark.parametrize(
    "shape, min_rank, message",
    [
        (tf.TensorShape(None), 1, "a known rank"),
        (SHAPE, 5, "a rank of at least 5"),
        (tf.TensorShape([3, None]), 1, "dimension -1 to be known"),
    ],
)
def test_what_is_not_known_of_a_shape_is_said(shape, min_rank, message):
    with pytest.raises(ValueError, match=message):
        utils.last_dimension(shape, min_rank)


@pytest.mark.parametrize("pair", [3, np.int64(3), [3, 3], (3.0, 3), tf.TensorShape([3, 3])], ids=repr)
def test_two_elements_from_one_or_two(pair):
    assert utils.two_element_tuple(pair) == (3, 3)


@pytest.mark.parametrize("wrong", [[1], (1, 2, 3), tf.TensorShape([1]), tf.TensorShape(None), None, "ab"], ids=repr)
def test_anything_else_is_no_pair(wrong):
    with pytest.raises(ValueError, match="int_or_tuple: expected"):
        utils.two_element_tuple(wrong)


@pytest.mark.parametrize(
    "n, value, expected",
    [(1, 2, (2,)), (2, 2, (2, 2)), (2, (2, 3), (2, 3)), (3, tf.TensorShape([2, 3, 1]), (2, 3, 1)), (2, "7", (7, 7))],
)
def test_n_positive_integers_repeats_or_converts(n, value, expected):
    assert utils.n_positive_integers(n, value) == expected


@pytest.mark.parametrize(
    "n, value",
    [(0, 1), (2.5, 1), (2, 0), (2, [1, -1]), (2, [1]), (2, None), (2, tf.TensorShape([1, None])), (2, ["a", 1])],
)
def test_what_makes_no_n_positive_integers_is_refused(n, value):
    with pytest.raises(ValueError, match="expected"):
        utils.n_positive_integers(n, value)
