"""`Image`: the handler that decodes encoded images."""

from __future__ import annotations

import tensorflow as tf

from ._record_keys import current_record_key
from .item_handler import ItemHandler

# How each kind of file begins that tf.io.decode_image knows.
_FILE_STARTS = [b"\xff\xd8", b"\x89P", b"GI", b"BM"]
if hasattr(tf.io, "decode_webp"):
    _FILE_STARTS.append(b"RI")


class Image(ItemHandler):
    """Decodes a feature as an image, or as several.

    The kind of file is read from the image itself: JPEG, PNG, GIF and BMP, mixed as they come. The
    format feature only matters if it says "raw" or "RAW": then the bytes are the pixels.

    Args:
      image_key: the feature that holds the encoded image; "image/encoded" by default.
      format_key: the feature that holds the format's name; "image/format" by default.
      shape: the shape to give the image, such as [height, width, channels], or None. Raw images
        need one.
      channels: how many channels to decode.
      dtype: the image's dtype. Raw bytes are read as it. Values of 8-bit images are cast, not
        scaled. With `tf.uint16` a 16-bit PNG keeps all its bits (TF 1.15 took its upper 8).
      repeated: whether the feature holds several images: a 1-D tensor of strings. They come
        stacked along a new first axis, so they must be of one size.
      dct_method: how JPEGs are decoded: "INTEGER_FAST", "INTEGER_ACCURATE", or "" for TensorFlow's
        choice.

    Raises:
      tf.errors.InvalidArgumentError: when run, for an unknown kind of file; it names the format
        feature's value, the file's first bytes and the record.

    Source: `tf.contrib.slim.tfexample_decoder.Image` of TF 1.15.
    """

    def __init__(
        self,
        image_key=None,
        format_key=None,
        shape=None,
        channels=3,
        dtype=tf.uint8,
        repeated=False,
        dct_method="",
    ):
        self._image_key = image_key or "image/encoded"
        self._format_key = format_key or "image/format"
        self._shape = shape
        self._channels = channels
        self._dtype = tf.as_dtype(dtype)
        self._repeated = repeated
        self._dct_method = dct_method
        super().__init__([self._image_key, self._format_key])

    def tensors_to_item(self, keys_to_tensors):
        """Returns the image of shape [height, width, channels]; several are stacked before it."""
        image_buffer = keys_to_tensors[self._image_key]
        image_format = keys_to_tensors[self._format_key]
        if not self._repeated:
            return self._decode(image_buffer, image_format)
        if isinstance(image_buffer, tf.SparseTensor):
            image_buffer = image_buffer.values
        return tf.map_fn(
            lambda buffer: self._decode(buffer, image_format),
            image_buffer,
            fn_output_signature=self._dtype,
        )

    def _decode(self, image_buffer, image_format):
        """Returns one decoded image.

        Args:
          image_buffer: a scalar string tensor, the encoded image.
          image_format: a scalar string tensor, the format's name.
        """
        image = tf.cond(
            tf.strings.regex_full_match(image_format, "raw|RAW"),
            lambda: tf.io.decode_raw(image_buffer, self._dtype),
            lambda: self._decode_file(image_buffer, image_format),
        )
        if self._shape is not None:
            return tf.reshape(image, self._shape)
        if not tf.executing_eagerly():  # There the shape is known, and raw pixels have but one axis.
            image.set_shape([None, None, self._channels])
        return image

    def _decode_file(self, image_buffer, image_format):
        with tf.control_dependencies([_assert_known(image_buffer, image_format)]):
            if self._dtype != tf.uint16:
                return self._decode_small(image_buffer)
            return tf.cond(
                _is_16_bit_png(image_buffer),
                lambda: tf.io.decode_png(image_buffer, self._channels, dtype=tf.uint16),
                lambda: self._decode_small(image_buffer),
            )

    def _decode_small(self, image_buffer):
        # Questions cost: in a small image as much as some rows. So decode_image finds out the kind
        # of file, and only for the choice that it does not have is a JPEG treated apart.
        if not self._dct_method:
            return self._decode_8_bit(image_buffer)
        return tf.cond(
            tf.io.is_jpeg(image_buffer),
            lambda: self._decode_jpeg(image_buffer),
            lambda: self._decode_8_bit(image_buffer),
        )

    def _decode_jpeg(self, image_buffer):
        image = tf.io.decode_jpeg(image_buffer, self._channels, dct_method=self._dct_method)
        return tf.cast(image, self._dtype)

    def _decode_8_bit(self, image_buffer):
        # A GIF gives its frames only to who names their shape; all else gets an image of rank 3.
        image = tf.io.decode_image(image_buffer, self._channels, expand_animations=self._shape is not None)
        return tf.cast(image, self._dtype)


def _assert_known(image_buffer, image_format):
    key = current_record_key()
    start = tf.strings.substr(image_buffer, 0, 2)
    known = tf.reduce_any(tf.equal(start, _FILE_STARTS))
    return tf.debugging.Assert(
        known,
        [
            "Unknown image format (neither JPEG, PNG, GIF nor BMP). The format feature says:",
            image_format,
            "The image begins with:",
            start,
            "Record:",
            "(unknown)" if key is None else key,
        ],
    )


def _is_16_bit_png(image_buffer):
    is_png = tf.equal(tf.strings.substr(image_buffer, 0, 4), b"\x89PNG")
    # The header's 25th byte is the bit depth; a shorter file has none.
    at = tf.minimum(24, tf.strings.length(image_buffer))
    return is_png & tf.equal(tf.strings.substr(image_buffer, at, 1), b"\x10")
