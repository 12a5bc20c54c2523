"""Making and finding variables in a graph."""

import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.ops.framework_ops import get_name_scope

v1 = tf.compat.v1


def _names(variables):
    return [v.name for v in variables]


def test_a_variable_joins_the_global_and_trainable_ones(graph):
    var = slim.variable("a", [2, 3], regularizer=lambda v: tf.reduce_sum(v))
    assert var.shape == [2, 3] and var.dtype.base_dtype == tf.float32
    assert v1.global_variables() == [var] and v1.trainable_variables() == [var]
    assert v1.get_collection("model_variables") == []
    assert len(v1.get_collection(v1.GraphKeys.REGULARIZATION_LOSSES)) == 1


def test_a_model_variable_joins_the_model_ones_too(graph):
    var = slim.model_variable("a", [2], trainable=False, collections=["mine", "mine"])
    assert slim.get_model_variables() == [var] == v1.get_collection("mine") == v1.global_variables()
    assert v1.trainable_variables() == []


def test_collections_replace_the_global_ones(graph):
    var = slim.variable("a", [2], collections=["mine"])
    assert v1.get_collection("mine") == [var] and v1.global_variables() == []


def test_scopes_reuse_and_refuse_as_get_variable_does(graph):
    with v1.variable_scope("s"):
        var = slim.variable("a", [2])
    with v1.variable_scope("s", reuse=True):
        assert slim.variable("a", [2]) is var
        with pytest.raises(ValueError, match="does not exist"):
            slim.variable("b", [2])
    with v1.variable_scope("s"), pytest.raises(ValueError, match="already exists"):
        slim.variable("a", [2])


def test_a_device_may_be_a_string_or_a_function(graph):
    assert slim.variable("a", [], device="cpu:0").device.lower().endswith("cpu:0")
    chooser = slim.VariableDeviceChooser(num_tasks=2)
    devices = [slim.variable(f"v{i}", [], device=chooser).device for i in range(3)]
    assert devices == [f"/job:ps/task:{i}/device:CPU:0" for i in (0, 1, 0)]


def test_without_parameter_servers_the_chooser_names_one_device():
    chooser = slim.VariableDeviceChooser(device_type="GPU", device_index=1, replica=0)
    assert chooser(None) == "/replica:0/device:GPU:1"


def test_a_custom_getter_is_called_in_place_of_get_variable(graph):
    calls = []

    def getter(name, *args, **kwargs):
        calls.append((name, kwargs["reuse"]))
        return v1.get_variable(name + "_own", shape=kwargs["shape"])

    assert slim.variable("a", [2], custom_getter=getter).name == "a_own:0"
    assert calls == [("a", False)] or calls == [("a", None)]


def test_a_partitioner_makes_parts_that_have_one_full_name(graph):
    var = slim.variable("a", [4, 2], partitioner=v1.fixed_size_partitioner(2))
    assert [slim.get_variable_full_name(part) for part in var] == ["a", "a"]
    assert [part.op.name for part in var] == ["a/part_0", "a/part_1"]


def test_arg_scope_sets_a_variables_defaults(graph):
    with slim.arg_scope([slim.variable], trainable=False, initializer=tf.ones_initializer()):
        var = slim.variable("a", [2])
    assert not var.trainable
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert session.run(var).tolist() == [1, 1]


def test_local_and_global_variables_are_not_trained(graph):
    local, glob = slim.ops.variables.local_variable(0, name="l"), slim.global_variable([1.0, 2.0], name="g")
    assert v1.local_variables() == [local] and v1.global_variables() == [glob]
    assert v1.trainable_variables() == []


@pytest.fixture
def three(graph):
    with v1.variable_scope("A"):
        a = slim.variable("weights", [2])
    with v1.variable_scope("B"):
        b, c = slim.variable("weights", [2]), slim.variable("biases", [2])
    return a, b, c


def test_variables_are_found_by_scope_and_suffix(three):
    a, b, c = three
    assert slim.get_variables() == [a, b, c]
    assert slim.get_variables("B") == [b, c]
    assert slim.get_variables(suffix="weights") == [a, b]
    assert slim.get_variables("B", "biases") == [c]
    assert slim.get_variables_by_suffix("weights", "A") == [a]
    assert slim.get_variables_by_name("weights") == [a, b]
    assert slim.get_variables_by_name("eights") == []
    assert slim.get_trainable_variables("A") == [a]
    assert slim.get_local_variables() == [] == slim.get_model_variables()
    with v1.variable_scope("B") as scope:
        assert slim.get_variables(scope) == [b, c]


def test_variables_to_restore_are_those_included_and_not_excluded(three):
    a, b, c = three
    assert slim.get_variables_to_restore() == [a, b, c]
    assert slim.get_variables_to_restore(exclude=["B/biases"]) == [a, b]
    assert slim.get_variables_to_restore(include=["B"], exclude=["B/weights"]) == [c]
    with pytest.raises(TypeError, match="include: expected a list or tuple"):
        slim.get_variables_to_restore(include="B")


def test_a_unique_variable_is_found_and_a_missing_one_gets_the_nearest_names(three):
    a, _, _ = three
    assert slim.get_unique_variable("A/weights") is a
    with pytest.raises(ValueError, match=r"Couldn't find variable A/weight_s.*A/weights"):
        slim.get_unique_variable("A/weight_s")
    with pytest.raises(ValueError, match="does not uniquely identify"):
        slim.get_unique_variable("A/weig")


def test_filter_variables_includes_and_excludes_by_pattern(three):
    a, b, c = three
    assert slim.filter_variables([a, b, c]) == [a, b, c]
    assert slim.filter_variables([a, b, c], include_patterns=["weights"], exclude_patterns=["B/"]) == [a]
    assert slim.filter_variables([a, b, c], include_patterns=["weights"], reg_search=False) == []


def test_add_model_variable_adds_once(graph):
    var = slim.variable("a", [2])
    slim.add_model_variable(var)
    slim.add_model_variable(var)
    assert slim.get_model_variables() == [var]


def test_the_global_step_is_made_once(graph):
    assert slim.get_global_step() is None
    step = slim.get_or_create_global_step()
    assert slim.get_or_create_global_step() is step is slim.assert_or_get_global_step()
    assert step.dtype.base_dtype == tf.int64
    with pytest.raises(ValueError):
        slim.create_global_step()
    with pytest.raises(TypeError):
        slim.assert_global_step(tf.constant([1.0]))


def test_variables_in_name_scopes_keep_their_own_names(graph):
    with v1.name_scope("ns"):
        assert get_name_scope() == "ns"
        assert slim.variable("a", [1]).name == "a:0"
