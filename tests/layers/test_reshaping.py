"""Layers that change shapes and encodings, against NumPy."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import slimshim as slim
from slimshim.layers import layers

v1 = tf.compat.v1

SIZES = st.integers(1, 4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.data())
def test_flatten_is_numpys_reshape_however_little_is_known(shape, data):
    known = [size if data.draw(st.booleans()) else None for size in shape]
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    with tf.Graph().as_default():
        inputs = v1.placeholder(tf.float32, known)
        outputs = slim.flatten(inputs)
        rest = None if None in known[1:] else int(np.prod(known[1:]))
        assert outputs.shape.as_list() in ([known[0], rest], [known[0], 0])
        if 0 in shape and rest is None:
            return  # An unknown length cannot be told from an empty tensor.
        with v1.Session() as session:
            result = session.run(outputs, {inputs: x})
    np.testing.assert_array_equal(result, x.reshape(shape[0], int(np.prod(shape[1:]))))


@settings(max_examples=20, deadline=None)
@given(st.tuples(SIZES, SIZES, SIZES, SIZES), st.sampled_from(["NHWC", "NCHW"]))
def test_sequence_to_images_undoes_images_to_sequence(shape, data_format):
    x = np.random.RandomState(0).rand(*shape).astype("float32")
    height = shape[1 if data_format == "NHWC" else 2]
    sequence = slim.images_to_sequence(x, data_format)
    output_format = {"NHWC": "channels_last", "NCHW": "channels_first"}[data_format]
    np.testing.assert_array_equal(slim.sequence_to_images(sequence, height, output_format), x)


def test_sequences_work_with_no_size_known(graph):
    images = v1.placeholder(tf.float32, [None] * 4)
    x = np.random.rand(2, 3, 4, 5)
    with v1.Session() as session:
        sequence, back = session.run(
            [slim.images_to_sequence(images), slim.sequence_to_images(slim.images_to_sequence(images), 3)], {images: x}
        )
    np.testing.assert_allclose(sequence, x.transpose(2, 0, 1, 3).reshape(4, 6, 5))
    np.testing.assert_allclose(back, x)


def test_dense_to_sparse_keeps_what_is_no_end_token():
    dense = np.array([[1, 0, 7], [7, 7, 2]])
    sparse = slim.dense_to_sparse(dense, eos_token=7, scope="d")
    np.testing.assert_array_equal(tf.sparse.to_dense(sparse, default_value=7), dense)
    np.testing.assert_array_equal(sparse.values, [1, 0, 2])


def test_one_hot_encoding_is_a_row_of_the_identity():
    np.testing.assert_array_equal(slim.one_hot_encoding([2, 0], 3), np.eye(3)[[2, 0]])
    np.testing.assert_array_equal(slim.one_hot_encoding([5], 3), [[0, 0, 0]])


@pytest.mark.parametrize("new_rank", [1, 2, 3])
def test_inner_flatten_keeps_the_outer_axes(new_rank):
    x = np.arange(24).reshape(2, 3, 4)
    expected = x.reshape(x.shape[: new_rank - 1] + (-1,))
    np.testing.assert_array_equal(layers._inner_flatten(x, new_rank), expected)
    sparse = layers._inner_flatten(tf.sparse.from_dense(x), new_rank)
    np.testing.assert_array_equal(tf.sparse.to_dense(sparse), expected)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: slim.flatten(v1.placeholder(tf.float32)), "known rank"),
        (lambda: slim.flatten(tf.constant(1.0)), "at least 1"),
        (lambda: slim.images_to_sequence(tf.ones([2, 3, 4])), "rank 4"),
        (lambda: slim.images_to_sequence(tf.ones([2, 3, 4, 5]), data_format="HWC"), "data_format has to be"),
        (lambda: slim.sequence_to_images(tf.ones([4, 6, 5]), 4), "height"),
        (lambda: layers._inner_flatten(tf.ones([2, 3]), 3), "rank less than new_rank"),
    ],
)
def test_bad_input_is_named(graph, make, words):
    with pytest.raises(ValueError, match=words):
        make()
