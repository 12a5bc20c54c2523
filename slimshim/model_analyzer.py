"""The sizes of a graph's operations and of a model's variables, as numbers and as a printed table.

Same public names as ``tf_slim.model_analyzer``.
"""

from __future__ import annotations

import tensorflow as tf

__all__ = ["analyze_ops", "analyze_vars", "tensor_description"]

_RULE = "---------"


def tensor_description(var):
    """Returns the dtype and shape of a tensor or variable, as in `(float32 1x8x8x1024)`."""
    shape = _shape(var)
    sizes = "<unknown>" if shape.rank is None else "x".join(str(size) for size in shape.as_list())
    return f"({tf.as_dtype(var.dtype).name} {sizes})"


def analyze_ops(graph, print_info=False):
    """Returns the number of elements in all outputs of all operations of `graph`.

    Args:
      graph: a `tf.Graph`; a `tf.function`'s `get_concrete_function(...).graph` will do.
      print_info: whether to print a line for each operation.

    Outputs of unknown shape count as 0.
    """
    if print_info:
        _print_heading("Operations: name -> (type shapes) [size]")
    total_size = 0
    for op in graph.get_operations():
        op_size = sum(_num_elements(output) for output in op.outputs)
        total_size += op_size
        if print_info:
            # A scalar's shape is true: only an unknown rank is not described.
            shapes = [tensor_description(output) for output in op.outputs if _shape(output).rank is not None]
            print(op.name, "\t->", ", ".join(shapes), f"[{op_size}]")
    return total_size


def analyze_vars(variables, print_info=False):
    """Returns (number of elements, number of bytes) of all `variables`.

    Args:
      variables: a list of variables, `tf.compat.v1.model_variables()` for one.
      print_info: whether to print a line for each variable, and the sums.

    Variables of unknown shape count as 0.
    """
    if print_info:
        _print_heading("Variables: name (type shape) [size]")
    total_size = total_bytes = 0
    for var in variables:
        var_size = _num_elements(var)
        var_bytes = var_size * tf.as_dtype(var.dtype).size
        total_size += var_size
        total_bytes += var_bytes
        if print_info:
            print(var.name, tensor_description(var), f"[{var_size}, bytes: {var_bytes}]")
    if print_info:
        print(f"Total size of variables: {total_size}")
        print(f"Total bytes of variables: {total_bytes}")
    return total_size, total_bytes


def _print_heading(text):
    print(_RULE, text, _RULE, sep="\n")


def _shape(tensor):
    # A Keras variable's shape is a tuple.
    return tf.TensorShape(tensor.shape)


def _num_elements(tensor):
    return _shape(tensor).num_elements() or 0
