"""Random ops with fixed numbers, the same in a graph, in eager code and in a traced function.

For tests alone. TensorFlow gives one seed's numbers by different routes in a graph and in eager code,
and its tool that aligned them (`DeterministicRandomTestTool`) is gone with Keras 3. All random
functions of TensorFlow and of Keras end in the generated wrappers of `tensorflow.python.ops`, which are
private; those named below are there, with these arguments, in TensorFlow 2.10 to 2.21. A wrapper that
a version lacks is passed over. Can go if TensorFlow aligns its seeds.
"""

from __future__ import annotations

import contextlib
import importlib
import zlib

import tensorflow as tf

_OPS = "tensorflow.python.ops."
_STATEFUL = _OPS + "gen_random_ops"
_STATELESS = _OPS + "gen_stateless_random_ops"
_STATELESS_2 = _OPS + "gen_stateless_random_ops_v2"

# module, function -> the kind of numbers; kinds of one name get equal numbers.
_FLOATS = {
    (_STATEFUL, "random_uniform"): "uniform",
    (_STATEFUL, "random_standard_normal"): "normal",
    (_STATEFUL, "truncated_normal"): "truncated",
    (_STATELESS, "stateless_random_uniform"): "uniform",
    (_STATELESS, "stateless_random_normal"): "normal",
    (_STATELESS, "stateless_truncated_normal"): "truncated",
    (_STATELESS_2, "stateless_random_uniform_v2"): "uniform",
    (_STATELESS_2, "stateless_random_normal_v2"): "normal",
    (_STATELESS_2, "stateless_truncated_normal_v2"): "truncated",
}
_INTEGERS = {
    (_STATEFUL, "random_uniform_int"): (),
    (_STATELESS, "stateless_random_uniform_int"): ("seed",),
    (_STATELESS_2, "stateless_random_uniform_int_v2"): ("key", "counter", "alg"),
}
_RAW = {
    "uniform": tf.raw_ops.StatelessRandomUniform,
    "normal": tf.raw_ops.StatelessRandomNormal,
    "truncated": tf.raw_ops.StatelessTruncatedNormal,
}


@contextlib.contextmanager
def fixed_random_ops(seed):
    """A context in which random ops give numbers that depend on `seed`, kind, shape and their count.

    The count is of ops of the same kind and shape, from the beginning of the context, as they are made:
    in a traced function each call gives the same numbers. Not for several threads.
    """
    numbers = _Numbers(seed)
    replaced = []
    try:
        for (path, name), kind in _FLOATS.items():
            _replace(replaced, path, name, numbers.floats(kind, _leading(path)))
        for (path, name), leading in _INTEGERS.items():
            _replace(replaced, path, name, numbers.integers(leading))
        yield
    finally:
        for module, name, function in reversed(replaced):
            setattr(module, name, function)


def _leading(path):
    """Returns the names of the arguments between the shape and the dtype."""
    return {_STATEFUL: (), _STATELESS: ("seed",), _STATELESS_2: ("key", "counter", "alg")}[path]


def _replace(replaced, path, name, function):
    try:
        module = importlib.import_module(path)
    except ImportError:
        return
    if hasattr(module, name):
        replaced.append((module, name, getattr(module, name)))
        setattr(module, name, function)


class _Numbers:
    """What stands in for the wrappers, with the counts."""

    def __init__(self, seed):
        self._seed, self._counts = seed, {}

    def floats(self, kind, leading):
        names = ("shape", *leading, "dtype")

        def function(*args, **kwargs):
            given = {**dict(zip(names, args)), **kwargs}
            shape = tf.convert_to_tensor(given["shape"], tf.int32 if _is_empty(given["shape"]) else None)
            dtype = tf.as_dtype(given.get("dtype") or tf.float32)
            return _RAW[kind](shape=shape, seed=self._next(kind, shape), dtype=dtype, name=given.get("name"))

        return function

    def integers(self, leading):
        names = ("shape", *leading, "minval", "maxval")

        def function(*args, **kwargs):
            given = {**dict(zip(names, args)), **kwargs}
            shape = tf.convert_to_tensor(given["shape"], tf.int32 if _is_empty(given["shape"]) else None)
            return tf.raw_ops.StatelessRandomUniformInt(
                shape=shape,
                seed=self._next("integers", shape),
                minval=given["minval"],
                maxval=given["maxval"],
                name=given.get("name"),
            )

        return function

    def _next(self, kind, shape):
        known = tf.get_static_value(shape)
        key = (kind, tuple(int(size) for size in known) if known is not None else str(shape.shape))
        self._counts[key] = count = self._counts.get(key, 0) + 1
        return [self._seed, zlib.crc32(repr((key, count)).encode()) & 0x7FFFFFFF]


def _is_empty(shape):
    return isinstance(shape, (list, tuple)) and not shape
