"""Boxes and keypoints, of one image and frame by frame, against NumPy."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import tfexample_decoder as decoders

from .conftest import make_example

SIDES = ["ymin", "xmin", "ymax", "xmax"]


def sequence_example(frames, names, prefix=""):
    """Returns a serialized SequenceExample of frames, each a list of tuples (one number a name)."""
    made = tf.train.SequenceExample()
    for column, name in enumerate(names):
        feature_list = made.feature_lists.feature_list[prefix + name]
        for frame in frames:
            feature_list.feature.add().float_list.value.extend(item[column] for item in frame)
    return made.SerializeToString()


def decode_sequence(handler, example, names, feature=None):
    feature = feature or tf.io.VarLenFeature(tf.float32)
    decoder = decoders.TFSequenceExampleDecoder({}, {name: feature for name in names}, {"item": handler})
    return decoder.decode(tf.constant(example), ["item"])[0]


def padded(frames, width, filler):
    longest = max([len(frame) for frame in frames], default=0)
    array = np.full((len(frames), longest, width), filler, np.float32)
    for i, frame in enumerate(frames):
        for j, item in enumerate(frame):
            array[i, j] = item
    return array


def frames_of(width):
    number = st.floats(-100, 100, width=32)
    frame = st.lists(st.tuples(*[number] * width), max_size=4)
    return st.lists(frame, min_size=1, max_size=5).filter(any)


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("prefix", ["", "image/object/bbox/"])
def test_bounding_boxes_are_one_a_row(sparse, prefix):
    boxes = np.random.default_rng(0).random((5, 4)).astype(np.float32)
    example = make_example(**{prefix + side: boxes[:, i].astype(float).tolist() for i, side in enumerate(SIDES)})
    feature = tf.io.VarLenFeature(tf.float32) if sparse else tf.io.FixedLenFeature([5], tf.float32)
    features = {prefix + side: feature for side in SIDES}
    handler = decoders.BoundingBox(prefix=prefix)
    assert handler.keys == list(features)
    decoder = decoders.TFExampleDecoder(features, {"boxes": handler})
    np.testing.assert_array_equal(decoder.decode(example, ["boxes"])[0], boxes)


def test_an_image_without_boxes_has_none():
    features = {side: tf.io.VarLenFeature(tf.float32) for side in SIDES}
    decoder = decoders.TFExampleDecoder(features, {"boxes": decoders.BoundingBox(SIDES)})
    assert decoder.decode(make_example(other=1))[0].shape == (0, 4)


@pytest.mark.parametrize(
    "handler, count",
    [(decoders.BoundingBox, 4), (decoders.BoundingBoxSequence, 4), (decoders.KeypointsSequence, 2)],
)
def test_the_number_of_keys_must_be_right(handler, count):
    with pytest.raises(ValueError, match=f"keys: expected {count} names"):
        handler(keys=["a", "b", "c"])


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(frames=frames_of(4), filler=st.sampled_from([-1.0, 0.5]), prefix=st.sampled_from(["", "b/"]))
def test_box_sequences_come_back_padded(frames, filler, prefix):
    names = [prefix + side for side in SIDES]
    handler = decoders.BoundingBoxSequence(prefix=prefix, default_value=filler)
    got = decode_sequence(handler, sequence_example(frames, SIDES, prefix), names)
    np.testing.assert_array_equal(got, padded(frames, 4, filler))


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(frames=frames_of(2), return_dense=st.booleans())
def test_keypoint_sequences_come_back_dense_or_sparse(frames, return_dense):
    handler = decoders.KeypointsSequence(return_dense=return_dense)
    got = decode_sequence(handler, sequence_example(frames, ["y", "x"]), ["y", "x"])
    if not return_dense:
        got = tf.sparse.to_dense(got, -1.0)
    np.testing.assert_array_equal(got, padded(frames, 2, -1.0))


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(frames=st.lists(st.lists(st.tuples(st.floats(0, 1, width=32)), max_size=4), max_size=5))
def test_the_number_of_boxes_is_counted_frame_by_frame(frames):
    handler = decoders.NumBoxesSequence("ymin")
    got = decode_sequence(handler, sequence_example(frames, ["ymin"]), ["ymin"])
    assert got.dtype == tf.int64
    assert got.numpy().tolist() == [len(frame) for frame in frames]


def uneven_example():
    made = tf.train.SequenceExample()
    for name, counts in {"ymin": [2, 1], "xmin": [2, 2]}.items():
        for count in counts:
            feature = made.feature_lists.feature_list[name].feature.add()
            feature.float_list.value.extend([0.5] * count)
    return made.SerializeToString()


def test_uneven_counts_are_an_error_if_checked():
    names = ["ymin", "xmin"]
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode_sequence(decoders.NumBoxesSequence(names), uneven_example(), names)
    unchecked = decoders.NumBoxesSequence(names, check_consistency=False)
    assert decode_sequence(unchecked, uneven_example(), names).numpy().tolist() == [2, 1]


def test_counting_needs_a_key_and_sparse_features():
    with pytest.raises(ValueError, match="keys: expected at least one feature's name"):
        decoders.NumBoxesSequence()
    dense = tf.io.FixedLenSequenceFeature([1], tf.float32)
    example = sequence_example([[(0.5,)]], ["ymin"])
    with pytest.raises(ValueError, match="must be of type tf.SparseTensor.*'ymin'"):
        decode_sequence(decoders.NumBoxesSequence("ymin"), example, ["ymin"], dense)
