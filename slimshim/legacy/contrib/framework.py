"""What `tensorflow.contrib.framework` has besides slim's variables and arg_scope."""

from __future__ import annotations

import tensorflow as tf

from ..._tf.reexported import deprecation
from ...layers.utils import smart_cond as _cond
from ...ops.framework_ops import get_graph_from_inputs, get_name_scope
from . import nest

v1 = tf.compat.v1

TensorSpec = tf.TensorSpec
argsort = tf.argsort
assert_same_float_dtype = v1.debugging.assert_same_float_dtype
assert_scalar = v1.debugging.assert_scalar
convert_to_tensor_or_sparse_tensor = v1.convert_to_tensor_or_sparse_tensor
deprecated = deprecation.deprecated
deprecated_arg_values = deprecation.deprecated_arg_values
deprecated_args = deprecation.deprecated_args
init_from_checkpoint = v1.train.init_from_checkpoint
is_tensor = tf.is_tensor
list_variables = tf.train.list_variables
load_checkpoint = tf.train.load_checkpoint
load_variable = tf.train.load_variable
smart_constant_value = tf.get_static_value
sort = tf.sort

__all__ = [
    "TensorSpec",
    "argsort",
    "assert_same_float_dtype",
    "assert_scalar",
    "assert_scalar_int",
    "convert_to_tensor_or_sparse_tensor",
    "deprecated",
    "deprecated_arg_values",
    "deprecated_args",
    "get_graph_from_inputs",
    "get_name_scope",
    "get_placeholders",
    "init_from_checkpoint",
    "is_tensor",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "nest",
    "py_func",
    "reduce_sum_n",
    "remove_squeezable_dimensions",
    "smart_case",
    "smart_cond",
    "smart_constant_value",
    "sort",
    "with_same_shape",
    "with_shape",
    "zero_initializer",
]


def assert_scalar_int(tensor, name=None):
    """Returns the tensor if it is a scalar integer.

    Raises:
      ValueError: if it is of another type or known to be no scalar.
    """
    with tf.name_scope(name or "assert_scalar_int"):
        tensor = tf.convert_to_tensor(tensor)
        if not tensor.dtype.is_integer:
            raise ValueError(f"tensor: expected an integer. Received: {tensor.dtype} for {tensor!r}.")
        return assert_scalar(tensor)


def get_placeholders(graph):
    """Returns the placeholder tensors of a graph."""
    return [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]


def py_func(func, args=(), kwargs=None, output_types=None, output_shapes=None, stateful=True, name=None):
    """Returns the tensors that the Python function gives for (nested) tensor arguments.

    Args:
      func: gets NumPy values in the structure of `args` and `kwargs`.
      args: a (nested) list of tensors for its positional arguments.
      kwargs: a dict of (nested) tensors for its keyword arguments, or None.
      output_types: the (nested) dtypes of what it returns.
      output_shapes: the (nested) shapes of what it returns, or None.
      stateful: whether it may give another result for the same arguments.
      name: a name for the operation.
    """
    inputs = [list(args), dict(kwargs or {})]

    def call(*flat):
        positional, keyword = nest.pack_sequence_as(inputs, list(flat))
        return nest.flatten(func(*positional, **keyword))

    flat = v1.py_func(call, nest.flatten(inputs), nest.flatten(output_types), stateful, name)
    if output_shapes is not None:
        shapes = nest.flatten_up_to(output_types, output_shapes)
        for tensor, shape in zip(flat, shapes):
            tensor.set_shape(shape)
    return nest.pack_sequence_as(output_types, flat)


def reduce_sum_n(tensors, name=None):
    """Returns the scalar sum of all elements of all the tensors."""
    if not tensors:
        raise ValueError("tensors: expected at least one tensor. Received an empty list.")
    with tf.name_scope(name or "reduce_sum_n"):
        return tf.add_n([tf.reduce_sum(tensor) for tensor in tensors])


def remove_squeezable_dimensions(predictions, labels, name=None):
    """Returns (predictions, labels); the one with a rank of one more loses a last dimension of 1."""
    with tf.name_scope(name or "remove_squeezable_dimensions"):
        predictions, labels = tf.convert_to_tensor(predictions), tf.convert_to_tensor(labels)
        return _squeeze_to(predictions, labels), _squeeze_to(labels, predictions)


def _squeeze_to(tensor, other):
    """Returns the tensor without its last dimension if that gives it the other's rank."""
    if tensor.shape.rank is not None and other.shape.rank is not None:
        return tf.squeeze(tensor, [-1]) if tensor.shape.rank == other.shape.rank + 1 else tensor
    if tensor.shape.rank is not None and not tensor.shape[-1:].is_compatible_with([1]):
        return tensor
    fits = tf.equal(tf.rank(tensor), tf.rank(other) + 1)
    return tf.cond(fits, lambda: tf.squeeze(tensor, [-1]), lambda: tensor)


def smart_cond(pred, true_fn=None, false_fn=None, name=None):
    """Returns `true_fn()` or `false_fn()`; only one is built if `pred` is known beforehand."""
    return _cond(pred, true_fn, false_fn, name)


def smart_case(pred_fn_pairs, default=None, exclusive=False, name="smart_case"):
    """Returns what the first function with a true predicate gives; as `tf.case`.

    Predicates that are known beforehand are decided now.
    """
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, dict) else pred_fn_pairs)
    open_pairs = []
    for pred, fn in pairs:
        known = pred if isinstance(pred, (bool, int)) else tf.get_static_value(pred)
        if known is None:
            open_pairs.append((pred, fn))
        elif known and not open_pairs:
            return fn()
        elif known:
            default = fn
            break
    if not open_pairs:
        return default()
    return v1.case(open_pairs, default=default, exclusive=exclusive, name=name)


def with_shape(expected_shape, tensor):
    """Returns the tensor, checked to have the shape: now as far as it is known, the rest in the run."""
    tensor = tf.convert_to_tensor(tensor)
    known = tf.get_static_value(expected_shape) if tf.is_tensor(expected_shape) else expected_shape
    if known is not None:
        return tf.ensure_shape(tensor, known)
    same = v1.assert_equal(tf.shape(tensor), tf.cast(expected_shape, tf.int32))
    with tf.control_dependencies([same] if same is not None else []):
        return tf.identity(tensor)


def with_same_shape(expected_tensor, tensor):
    """Returns the tensor, checked to have the other tensor's shape."""
    expected = tf.convert_to_tensor(expected_tensor)
    known = expected.shape.is_fully_defined()
    return with_shape(expected.shape if known else tf.shape(expected), tensor)


def zero_initializer(ref, use_locking=True, name="zero_initializer"):
    """Returns the operation that sets the variable to zeros."""
    return v1.assign(ref, tf.zeros(ref.shape, ref.dtype.base_dtype), use_locking=use_locking, name=name)
