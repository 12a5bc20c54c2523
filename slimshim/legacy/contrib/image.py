"""`tensorflow.contrib.image`: projective transforms of images, through TensorFlow's own op.

A transform is a vector of 8 numbers `[a0, a1, a2, b0, b1, b2, c0, c1]`. It takes the *output* point
`(x, y)` to the input point `((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k)` with
`k = c0 x + c1 y + 1`. Points outside the input are filled with zeros.
"""

from __future__ import annotations

import functools

import tensorflow as tf

from ..._checks import check, error_text

__all__ = [
    "angles_to_projective_transforms",
    "compose_transforms",
    "flat_transforms_to_matrices",
    "matrices_to_flat_transforms",
    "rotate",
    "transform",
    "translate",
    "translations_to_projective_transforms",
]


def rotate(images, angles, interpolation="NEAREST", name=None):
    """Returns the images turned counterclockwise around their middle.

    Args:
      images: `[batch, height, width, channels]`, `[height, width, channels]` or `[height, width]`.
      angles: radians, a scalar or one per image.
      interpolation: "NEAREST" or "BILINEAR".
      name: a name for the operations.
    """
    with tf.name_scope(name or "rotate"):
        images = tf.convert_to_tensor(images)
        shape = tf.cast(tf.shape(_as_batch(images)), tf.float32)
        transforms = angles_to_projective_transforms(angles, shape[1], shape[2])
        return transform(images, transforms, interpolation=interpolation)


def translate(images, translations, interpolation="NEAREST", name=None):
    """Returns the images moved by `[dx, dy]` (one vector, or one per image)."""
    with tf.name_scope(name or "translate"):
        transforms = translations_to_projective_transforms(translations)
        return transform(images, transforms, interpolation=interpolation)


def transform(images, transforms, interpolation="NEAREST", output_shape=None, name=None):
    """Returns the images under the transform(s).

    Args:
      images: a batch `[batch, height, width, channels]`, or one image with or without channels;
        uint8, int32, int64, float16, float32 or float64.
      transforms: shape `[8]`, or `[batch, 8]`; see the module's text.
      interpolation: "NEAREST" or "BILINEAR".
      output_shape: `[height, width]`, or None for the images' own.
      name: a name for the operations.

    Raises:
      TypeError: if the rank of the images or of the transforms is unknown or wrong.
      ValueError: if `output_shape` is not two numbers.
    """
    with tf.name_scope(name or "transform"):
        images = tf.convert_to_tensor(images)
        batch = _as_batch(images)
        transforms = _as_rows(transforms)
        size = tf.shape(batch)[1:3] if output_shape is None else output_shape
        size = tf.convert_to_tensor(size, tf.int32)
        check(size.shape.is_compatible_with([2]), "output_shape", "[height, width]", output_shape)
        result = tf.raw_ops.ImageProjectiveTransformV3(
            images=batch,
            transforms=transforms,
            output_shape=size,
            interpolation=interpolation.upper(),
            fill_mode="CONSTANT",
            fill_value=0.0,
        )
        result = _with_known_size(result, batch, output_shape)
        return _like(result, images.shape.rank)


def angles_to_projective_transforms(angles, image_height, image_width, name=None):
    """Returns `[n, 8]` transforms that turn images of the size around their middle."""
    with tf.name_scope(name or "angles_to_projective_transforms"):
        angles = tf.reshape(tf.convert_to_tensor(angles, tf.float32), [-1])
        right = tf.cast(image_width, tf.float32) - 1.0
        bottom = tf.cast(image_height, tf.float32) - 1.0
        cos, sin = tf.cos(angles), tf.sin(angles)
        # The middle must stay where it is.
        x_shift = (right - (cos * right - sin * bottom)) / 2.0
        y_shift = (bottom - (sin * right + cos * bottom)) / 2.0
        zero = tf.zeros_like(angles)
        return tf.stack([cos, -sin, x_shift, sin, cos, y_shift, zero, zero], axis=1)


def translations_to_projective_transforms(translations, name=None):
    """Returns `[n, 8]` transforms that move images by `[dx, dy]`."""
    with tf.name_scope(name or "translations_to_projective_transforms"):
        moves = tf.reshape(tf.convert_to_tensor(translations, tf.float32), [-1, 2])
        zero, one = tf.zeros_like(moves[:, 0]), tf.ones_like(moves[:, 0])
        # Output to input: a move to the right reads from the left.
        columns = [one, zero, -moves[:, 0], zero, one, -moves[:, 1], zero, zero]
        return tf.stack(columns, axis=1)


def flat_transforms_to_matrices(transforms):
    """Returns `[n, 3, 3]` matrices for `[n, 8]` transforms."""
    rows = _as_rows(transforms)
    return tf.reshape(tf.concat([rows, tf.ones_like(rows[:, :1])], axis=1), [-1, 3, 3])


def matrices_to_flat_transforms(transform_matrices):
    """Returns `[n, 8]` transforms for `[n, 3, 3]` matrices."""
    flat = tf.reshape(tf.convert_to_tensor(transform_matrices, tf.float32), [-1, 9])
    return (flat / flat[:, 8:9])[:, :8]


def compose_transforms(*transforms):
    """Returns the one transform that does what the given ones do in turn.

    Raises:
      ValueError: if none is given.
    """
    check(transforms, "transforms", "at least one transform", transforms)
    matrices = [flat_transforms_to_matrices(one) for one in transforms]
    return matrices_to_flat_transforms(functools.reduce(tf.matmul, matrices))


def _as_batch(images):
    """Returns the images as `[batch, height, width, channels]`."""
    rank = images.shape.rank
    if rank not in (2, 3, 4):
        raise TypeError(error_text("images", "a known rank of 2, 3 or 4", images))
    return {2: lambda: images[None, :, :, None], 3: lambda: images[None], 4: lambda: images}[rank]()


def _like(batch, rank):
    """Returns the batch with the rank that the images came with."""
    return {2: lambda: batch[0, :, :, 0], 3: lambda: batch[0], 4: lambda: batch}[rank]()


def _as_rows(transforms):
    transforms = tf.convert_to_tensor(transforms, tf.float32)
    if transforms.shape.rank not in (1, 2):
        raise TypeError(error_text("transforms", "shape [8] or [batch, 8]", transforms))
    return transforms[None] if transforms.shape.rank == 1 else transforms


def _with_known_size(result, batch, output_shape):
    """Keeps what is known of the size where the graph cannot see it."""
    if output_shape is None:
        result.set_shape(batch.shape)
    return result
