"""Handlers for boxes and keypoints, of one image or frame by frame."""

from __future__ import annotations

import tensorflow as tf

from .._checks import error_text
from ._parsed_features import sparse, values
from .item_handler import ItemHandler


class BoundingBox(ItemHandler):
    """Gives boxes of shape [num_boxes, 4] from four features, one for each side.

    Args:
      keys: the features of ymin, xmin, ymax and xmax, in that order; these names by default.
      prefix: what stands before each key in the feature's name.

    Raises:
      ValueError: if there are not four keys.

    Source: `tf.contrib.slim.tfexample_decoder.BoundingBox` of TF 1.15.
    """

    def __init__(self, keys=None, prefix=""):
        keys = _checked_keys(keys, ["ymin", "xmin", "ymax", "xmax"])
        self._prefix = prefix
        self._full_keys = [(prefix or "") + key for key in keys]
        super().__init__(self._full_keys)

    def tensors_to_item(self, keys_to_tensors):
        """Returns boxes of shape [num_boxes, 4], one a row: ymin, xmin, ymax, xmax."""
        sides = [values(keys_to_tensors[key]) for key in self._full_keys]
        return tf.transpose(tf.stack(sides))


class _CoordinateSequence(ItemHandler):
    """Sets sparse features of shape [time, count] side by side along a new last axis."""

    _NAMES = ()

    def __init__(self, keys, prefix, return_dense, default_value):
        keys = _checked_keys(keys, list(self._NAMES))
        self._prefix = prefix
        self._full_keys = [(prefix or "") + key for key in keys]
        self._return_dense = return_dense
        self._default_value = default_value
        super().__init__(self._full_keys)

    def tensors_to_item(self, keys_to_tensors):
        """Returns a tensor of shape [time, count, number of keys], dense or sparse."""
        columns = [tf.sparse.expand_dims(sparse(keys_to_tensors, key), -1) for key in self._full_keys]
        item = tf.sparse.concat(2, columns)
        return tf.sparse.to_dense(item, self._default_value) if self._return_dense else item


class BoundingBoxSequence(_CoordinateSequence):
    """Gives the boxes of each frame: [time, num_boxes, 4], from four sparse features.

    Args:
      keys: the features of ymin, xmin, ymax and xmax, in that order; these names by default.
      prefix: what stands before each key in the feature's name, or None.
      return_dense: whether to give a dense tensor.
      default_value: what fills the places of frames that have fewer boxes than others.

    Raises:
      ValueError: if there are not four keys.

    Source: `tf_slim.tfexample_decoder.BoundingBoxSequence` of tf_slim 1.1.
    """

    _NAMES = ("ymin", "xmin", "ymax", "xmax")

    def __init__(self, keys=None, prefix=None, return_dense=True, default_value=-1.0):
        super().__init__(keys, prefix, return_dense, default_value)

    def tensors_to_item(self, keys_to_tensors):
        """Returns boxes of shape [time, num_boxes, 4]: ymin, xmin, ymax, xmax."""
        return super().tensors_to_item(keys_to_tensors)


class KeypointsSequence(_CoordinateSequence):
    """Gives the keypoints of each frame: [time, num_keypoints, 2], from two sparse features.

    Args:
      keys: the features of y and x, in that order; these names by default.
      prefix: what stands before each key in the feature's name, or None.
      return_dense: whether to give a dense tensor.
      default_value: what fills the places of frames that have fewer keypoints than others.

    Raises:
      ValueError: if there are not two keys.

    Source: `tf_slim.tfexample_decoder.KeypointsSequence` of tf_slim 1.1.
    """

    _NAMES = ("y", "x")

    def __init__(self, keys=None, prefix=None, return_dense=True, default_value=-1.0):
        super().__init__(keys, prefix, return_dense, default_value)

    def tensors_to_item(self, keys_to_tensors):
        """Returns keypoints of shape [time, num_keypoints, 2]: y, x."""
        return super().tensors_to_item(keys_to_tensors)


class NumBoxesSequence(ItemHandler):
    """Gives how many boxes each frame has: int64, shape [time].

    Args:
      keys: the name of a sparse feature of shape [time, boxes], or several. The first counts.
      check_consistency: whether running it fails where the others' counts differ.

    Raises:
      ValueError: if there is no key.
      tf.errors.InvalidArgumentError: when run, if `check_consistency` and the counts differ.

    Source: `tf_slim.tfexample_decoder.NumBoxesSequence` of tf_slim 1.1.
    """

    def __init__(self, keys=None, check_consistency=True):
        if not keys:
            raise ValueError(error_text("keys", "at least one feature's name", keys))
        self._check_consistency = check_consistency
        super().__init__(keys)

    def tensors_to_item(self, keys_to_tensors):
        """Returns the number of boxes in each frame, int64 of shape [time].

        Raises:
          ValueError: if a feature was not parsed as a sparse tensor.
        """
        used = self._keys if self._check_consistency else self._keys[:1]
        first, *others = [_boxes_per_frame(sparse(keys_to_tensors, key)) for key in used]
        agree = [tf.debugging.assert_equal(first, other) for other in others]
        with tf.control_dependencies([check for check in agree if check is not None]):
            return tf.identity(first)


def _boxes_per_frame(feature):
    """Returns one more than the last box's index in each row; 0 in a row without boxes."""
    frames, boxes = feature.indices[:, 0], feature.indices[:, 1]
    num_frames = feature.dense_shape[0]
    last = tf.math.unsorted_segment_max(boxes + 1, frames, num_frames)
    # A segment without members gets the dtype's least value.
    return tf.maximum(last, 0)


def _checked_keys(keys, default):
    if keys is None:
        return default
    if len(keys) != len(default):
        expected = f"{len(default)} names, for {', '.join(default)}"
        raise ValueError(error_text("keys", expected, keys))
    return list(keys)
