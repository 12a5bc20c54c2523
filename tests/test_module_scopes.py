"""Names of a Module's variables, whatever the process did before, and Modules as functions."""

import tensorflow as tf

import slimshim

v1 = tf.compat.v1


def _net(x):
    for _ in range(2):
        with v1.variable_scope(None, "Conv"):
            x = x * v1.get_variable("w", [1])
    return x


def _names(module):
    return [variable.name for variable in module.variables]


def test_automatic_names_do_not_depend_on_scopes_opened_before():
    with v1.variable_scope("Conv"), v1.variable_scope(None, "Conv"):
        pass
    first, second = slimshim.Module(_net), slimshim.Module(_net)
    for module in (first, second, first):
        module(1.0)
        tf.function(module)(1.0)
    assert _names(first) == _names(second) == ["Conv/w:0", "Conv_1/w:0"]


def test_scopes_around_a_call_count_on_as_before():
    with v1.variable_scope(None, "Outer") as before:
        slimshim.Module(_net)(1.0)
    with v1.variable_scope(None, "Outer") as after:
        pass
    assert after.name != before.name


def test_a_function_of_a_module_traces_the_whole_call():
    seen = []

    def net(x):
        seen.append(tf.executing_eagerly())
        slimshim.losses.add_loss(x)
        return len(slimshim.losses.get_losses())

    step = tf.function(slimshim.Module(net))
    assert [int(step(tf.constant(1.0))) for _ in range(2)] == [1, 1]
    assert seen and not any(seen)
