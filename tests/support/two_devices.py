"""A TensorFlow of two logical CPU devices: import this first in files that need them.

Devices are fixed once TensorFlow has run an op, so such files run in a process of their own. Their
names begin with `cases_`, which keeps them out of the ordinary collection;
tests/distribute/test_two_devices.py runs them.
"""

import functools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import tensorflow as tf

_cpu = tf.config.list_physical_devices("CPU")[0]
if len(tf.config.get_logical_device_configuration(_cpu) or ()) != 2:
    tf.config.set_logical_device_configuration(_cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


@functools.cache
def mirrored():
    """Returns the `MirroredStrategy` over the two devices; one, for two would mix up their reductions."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
