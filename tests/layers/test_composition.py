"""`stack` and `repeat`: scopes and arguments of each call."""

import functools

import pytest
import tensorflow as tf

from slimshim.layers import layers

v1 = tf.compat.v1


class Recorder:
    """A layer without a name that keeps what it was called with."""

    def __init__(self):
        self.calls = []

    def __call__(self, inputs, *args, **kwargs):
        self.calls.append((args, kwargs))
        return inputs + 1


def test_stack_spreads_tuples_and_wraps_single_arguments(graph):
    layer = Recorder()
    layers.stack(1.0, layer, [3, (4, "a"), [5, "b"]], rate=2, scope="s")
    assert layer.calls == [
        ((3,), {"rate": 2, "scope": "s_1"}),
        ((4, "a"), {"rate": 2, "scope": "s_2"}),
        ((5, "b"), {"rate": 2, "scope": "s_3"}),
    ]


def test_repeat_gives_the_same_arguments_each_time(graph):
    layer = Recorder()
    outputs = layers.repeat(1.0, 2, layer, 3, rate=2)
    assert layer.calls == [((3,), {"rate": 2, "scope": "repeat_1"}), ((3,), {"rate": 2, "scope": "repeat_2"})]
    with v1.Session() as session:
        assert session.run(outputs) == 3.0


def test_no_repetitions_give_the_inputs_back(graph):
    inputs = tf.ones([2, 3])
    assert layers.repeat(inputs, 0, layers.fully_connected, 3) is inputs
    assert layers.stack(inputs, layers.fully_connected, []) is inputs


@pytest.mark.parametrize("repetitions", [2.5, "2", None])
def test_repetitions_that_are_no_integer_are_a_type_error_that_names_them(graph, repetitions):
    with pytest.raises(TypeError, match="repetitions: expected an integer"):
        layers.repeat(tf.ones([2, 3]), repetitions, layers.fully_connected, 3)


@pytest.mark.parametrize(
    "layer, name",
    [
        (layers.fully_connected, "fully_connected"),
        (functools.partial(layers.fully_connected, activation_fn=None), "fully_connected"),
        (layers.conv2d, "convolution2d"),
    ],
)
def test_scopes_are_named_after_the_function(graph, layer, name):
    arguments = [(4, 1), (4, 1)] if name == "convolution2d" else [4, 4]
    layers.stack(tf.ones([2, 3, 3, 4]), layer, arguments)
    assert v1.trainable_variables()[-1].op.name == f"Stack/{name}_2/biases"


def test_arguments_that_are_no_list_are_a_value_error(graph):
    with pytest.raises(ValueError, match="stack_args: expected a list or tuple"):
        layers.stack(tf.ones([2, 3]), layers.fully_connected, 3)


def test_the_callers_keyword_arguments_stay_as_they_are(graph):
    kwargs = {"scope": "s"}
    layers.repeat(tf.ones([2, 3]), 1, layers.fully_connected, 3, **kwargs)
    assert kwargs == {"scope": "s"}
