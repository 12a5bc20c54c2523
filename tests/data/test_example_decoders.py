"""`TFExampleDecoder` and `TFSequenceExampleDecoder` as wholes."""

import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import data_decoder
from slimshim.data import tfexample_decoder as decoders

from .conftest import make_example

v1 = tf.compat.v1

FEATURES = {
    "a": tf.io.FixedLenFeature((), tf.int64),
    "b": tf.io.FixedLenFeature([2, 2], tf.float32, default_value=np.ones([2, 2], np.float32)),
}


def make_decoder():
    handlers = {"number": decoders.Tensor("a"), "matrix": decoders.Tensor("b")}
    return decoders.TFExampleDecoder(FEATURES, handlers)


EXAMPLE = make_example(a=3, b=[1.0, 2.0, 3.0, 4.0])


def test_items_come_in_the_order_they_are_asked_for():
    decoder = make_decoder()
    assert isinstance(decoder, data_decoder.DataDecoder)
    assert decoder.list_items() == ["number", "matrix"]
    matrix, number = decoder.decode(EXAMPLE, ["matrix", "number"])
    assert int(number) == 3 and matrix.numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("items", [None, [], ()])
def test_no_items_means_all(items):
    number, matrix = make_decoder().decode(EXAMPLE, items)
    assert number.shape == () and matrix.shape == (2, 2)


def test_static_shapes_are_the_declared_ones_in_a_graph(graph):
    number, matrix = make_decoder().decode(v1.placeholder(tf.string, ()))
    assert number.shape == () and matrix.shape == [2, 2]


def test_an_unknown_item_is_named_and_caught_as_before():
    for caught in (KeyError, ValueError):
        with pytest.raises(caught, match=r"items: expected names among \['matrix', 'number'\].*'x'"):
            make_decoder().decode(EXAMPLE, ["x"])


def test_a_feature_that_a_handler_needs_but_no_one_parses_is_named():
    decoder = decoders.TFExampleDecoder(FEATURES, {"item": decoders.Tensor("c")})
    with pytest.raises(ValueError, match=r"keys of item 'item': expected features among.*'c'"):
        decoder.decode(EXAMPLE)


def test_garbage_and_missing_features_are_errors():
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse example"):
        make_decoder().decode(b"garbage")
    with pytest.raises(tf.errors.InvalidArgumentError, match="Feature: a .*required"):
        make_decoder().decode(make_example(other=1))


def sequence_decoder():
    return decoders.TFSequenceExampleDecoder(
        {"length": tf.io.FixedLenFeature([], tf.int64), "name": tf.io.VarLenFeature(tf.string)},
        {"steps": tf.io.FixedLenSequenceFeature([2], tf.int64)},
        {
            "length": decoders.Tensor("length"),
            "name": decoders.Tensor("name", default_value=""),
            "steps": decoders.Tensor("steps"),
            "all": decoders.ItemHandlerCallback(
                ["length", "steps"], lambda tensors: tensors["steps"] + tensors["length"]
            ),
        },
    )


def sequence():
    made = tf.train.SequenceExample()
    made.context.feature["length"].int64_list.value.append(3)
    made.context.feature["name"].bytes_list.value.append(b"walk")
    for step in range(3):
        feature = made.feature_lists.feature_list["steps"].feature.add()
        feature.int64_list.value.extend([step, 10 * step])
    return made.SerializeToString()


def test_a_sequence_example_gives_context_and_steps():
    decoder = sequence_decoder()
    assert decoder.list_items() == ["length", "name", "steps", "all"]
    length, name, steps, together = decoder.decode(sequence())
    assert int(length) == 3 and name.numpy().tolist() == [b"walk"]
    assert steps.numpy().tolist() == [[0, 0], [1, 10], [2, 20]]
    assert together.numpy().tolist() == [[3, 3], [4, 13], [5, 23]]


def test_sequence_examples_are_decoded_in_dataset_map():
    decoder = sequence_decoder()
    dataset = tf.data.Dataset.from_tensors(sequence()).map(
        lambda record: dict(zip(["steps", "length"], decoder.decode(record, ["steps", "length"])))
    )
    assert dataset.element_spec["steps"].shape.as_list() == [None, 2]
    (sample,) = dataset
    assert sample["steps"].shape == (3, 2)


def test_a_name_may_not_stand_for_context_and_sequence():
    feature = tf.io.VarLenFeature(tf.int64)
    with pytest.raises(ValueError, match="keys_to_sequence_features: expected names that.*'both'"):
        decoders.TFSequenceExampleDecoder({"both": feature}, {"both": feature}, {})
