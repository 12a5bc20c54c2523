"""The set operations and the confusion matrix of `tensorflow.contrib.metrics`."""

from __future__ import annotations

import tensorflow as tf

v1 = tf.compat.v1

confusion_matrix = v1.confusion_matrix
set_difference = v1.sets.set_difference
set_intersection = v1.sets.set_intersection
set_size = v1.sets.set_size
set_union = v1.sets.set_union

__all__ = ["confusion_matrix", "set_difference", "set_intersection", "set_size", "set_union"]
