"""The `Image` handler: every kind of file, in graphs, eagerly and in `Dataset.map`."""

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import tfexample_decoder as decoders

from .conftest import make_example

v1 = tf.compat.v1

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature((), tf.string, default_value=""),
    "image/format": tf.io.FixedLenFeature((), tf.string, default_value="jpeg"),
}
GIF = bytes.fromhex("47494638396101000100800000ff000000000021f90400000000002c00000000010001000002024401003b")


def decode(handler, encoded, image_format=b"", features=FEATURES):
    example = make_example(image__encoded=encoded, image__format=image_format)
    decoder = decoders.TFExampleDecoder(features, {"image": handler})
    return decoder.decode(tf.constant(example), ["image"])[0]


def images(channels, dtype=np.uint8):
    shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(channels))
    return shapes.flatmap(lambda shape: hnp.arrays(dtype, shape))


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(data=st.data(), channels=st.sampled_from([1, 3, 4]))
def test_a_png_comes_back_as_it_was(data, channels):
    image = data.draw(images(channels))
    got = decode(decoders.Image(channels=channels), tf.io.encode_png(image).numpy(), b"png")
    np.testing.assert_array_equal(got, image)


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(image=images(3, np.uint16))
def test_a_16_bit_png_keeps_all_its_bits_as_uint16(image):
    got = decode(decoders.Image(dtype=tf.uint16), tf.io.encode_png(image).numpy(), b"png")
    assert got.dtype == tf.uint16
    np.testing.assert_array_equal(got, image)


@hypothesis.settings(max_examples=20, deadline=None)
@hypothesis.given(image=images(2, np.float32), name=st.sampled_from([b"raw", b"RAW"]))
def test_raw_pixels_come_back_as_they_were(image, name):
    handler = decoders.Image(shape=image.shape, channels=2, dtype=tf.float32)
    np.testing.assert_array_equal(decode(handler, image.tobytes(), name), image)
    handler = decoders.Image(channels=2, dtype=tf.float32)
    np.testing.assert_array_equal(decode(handler, image.tobytes(), name), image.ravel())


@pytest.mark.parametrize("dct_method", ["", "INTEGER_FAST", "INTEGER_ACCURATE"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_is_decoded_as_tensorflow_does(dct_method, channels):
    image = np.random.default_rng(0).integers(0, 256, (17, 23, 3)).astype(np.uint8)
    encoded = tf.io.encode_jpeg(image).numpy()
    got = decode(decoders.Image(channels=channels, dct_method=dct_method), encoded, b"JPEG")
    expected = tf.io.decode_jpeg(encoded, channels=channels, dct_method=dct_method)
    np.testing.assert_array_equal(got, expected)


def test_the_dct_method_makes_a_difference():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    encoded = tf.io.encode_jpeg(image).numpy()
    fast = decode(decoders.Image(dct_method="INTEGER_FAST"), encoded)
    accurate = decode(decoders.Image(dct_method="INTEGER_ACCURATE"), encoded)
    assert np.any(fast.numpy() != accurate.numpy())


@pytest.mark.parametrize("dtype", [tf.uint16, tf.int32, tf.float32])
def test_8_bit_images_are_cast_and_not_scaled(dtype):
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    for encoded in (tf.io.encode_png(image), tf.io.encode_jpeg(image)):
        got = decode(decoders.Image(dtype=dtype), encoded.numpy())
        assert got.dtype == dtype
        expected = tf.io.decode_image(encoded, channels=3)
        np.testing.assert_array_equal(got, expected.numpy().astype(dtype.as_numpy_dtype))


def test_the_format_feature_does_not_decide_between_kinds_of_files():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    png = tf.io.encode_png(image).numpy()
    for image_format in [b"jpeg", b"png", b"", b"JPG"]:
        np.testing.assert_array_equal(decode(decoders.Image(), png, image_format), image)


def test_a_gif_gives_its_first_frame_or_the_frames_that_a_shape_names():
    first = decode(decoders.Image(), GIF)
    assert first.shape == (1, 1, 3)
    frames = decode(decoders.Image(shape=[1, 1, 1, 3]), GIF)
    np.testing.assert_array_equal(frames[0], first)


def test_a_bmp_is_decoded():
    header = b"BM" + (58).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    info = (40).to_bytes(4, "little") + (1).to_bytes(4, "little") * 2
    info += (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    bmp = header + info + bytes([1, 2, 3, 0])
    np.testing.assert_array_equal(decode(decoders.Image(), bmp), [[[3, 2, 1]]])


@pytest.mark.parametrize("encoded", [b"", b"P", b"P6 2 2 255 ...", b"II*\x00 a tiff"])
def test_an_unknown_kind_of_file_is_told_with_its_format_and_start(encoded):
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        decode(decoders.Image(), encoded, b"strange")
    assert "Unknown image format" in str(raised.value)
    assert "strange" in str(raised.value)
    assert encoded[:2].decode().strip("\x00") in str(raised.value)


@pytest.mark.parametrize("kind", ["jpeg", "png"])
def test_a_truncated_image_is_an_error(kind):
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    encode = {"jpeg": tf.io.encode_jpeg, "png": tf.io.encode_png}[kind]
    with pytest.raises(tf.errors.InvalidArgumentError):
        decode(decoders.Image(), encode(image).numpy()[:40])


@pytest.mark.parametrize("feature", ["fixed", "variable"])
def test_repeated_images_come_stacked(feature):
    stack = np.arange(2 * 2 * 3 * 1, dtype=np.uint8).reshape(2, 2, 3, 1)
    encoded = [tf.io.encode_png(image).numpy() for image in stack]
    features = dict(FEATURES)
    features["image/encoded"] = {
        "fixed": tf.io.FixedLenFeature((2,), tf.string),
        "variable": tf.io.VarLenFeature(tf.string),
    }[feature]
    got = decode(decoders.Image(channels=1, repeated=True), encoded, features=features)
    np.testing.assert_array_equal(got, stack)


def test_static_shapes_in_a_graph_are_those_of_tf1(graph):
    image = np.zeros((4, 5, 3), np.uint8)
    with tf.init_scope():
        pass
    encoded = tf.io.encode_png(image)
    tensors = {"image/encoded": encoded, "image/format": tf.constant("png")}
    free = decoders.Image().tensors_to_item(tensors)
    assert free.shape.as_list() == [None, None, 3]
    fixed = decoders.Image(shape=[4, 5, 3], dtype=tf.float32).tensors_to_item(tensors)
    assert fixed.shape == [4, 5, 3] and fixed.dtype == tf.float32
    many = {"image/encoded": tf.stack([encoded] * 2), "image/format": tf.constant("png")}
    repeated = decoders.Image(repeated=True).tensors_to_item(many)
    with v1.Session() as session:
        assert [session.run(t).shape for t in (free, fixed, repeated)] == [
            (4, 5, 3), (4, 5, 3), (2, 4, 5, 3),
        ]  # fmt: skip


def test_the_keys_may_be_others():
    handler = decoders.Image(image_key="pixels", format_key="kind")
    assert handler.keys == ["pixels", "kind"]
    assert decoders.Image().keys == ["image/encoded", "image/format"]
