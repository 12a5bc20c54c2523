"""Small helpers that the layers share: named outputs, static values, shapes.

Same public names as ``tf_slim.layers.utils``.
"""

import collections as _collections
import numbers

import tensorflow as tf

from .. import _tf
from .._checks import error_text
from ..ops import collections as slim_collections

v1 = tf.compat.v1

__all__ = [
    "NamedOutputs",
    "append_tensor_alias",
    "channel_dimension",
    "collect_named_outputs",
    "constant_value",
    "convert_collection_to_dict",
    "gather_tensors_aliases",
    "get_tensor_aliases",
    "get_variable_collections",
    "last_dimension",
    "n_positive_integers",
    "smart_cond",
    "static_cond",
    "two_element_tuple",
]

NamedOutputs = _collections.namedtuple("NamedOutputs", ["name", "outputs"])


# --- end points: tensors in collections, tagged with an alias ---------------


def collect_named_outputs(collections, alias, outputs):
    """Returns `outputs` after tagging it with `alias` and collecting it.

    Args:
        collections: a collection name, a list of them, or None or an empty list to
            do nothing.
        alias: str, the name to tag the tensor with, `InceptionV2/Conv2d_1a_7x7`
            for one. A trailing slash is dropped.
        outputs: the tensor to collect.

    Returns:
        `outputs` itself, so that calls can be chained.

    Source: `tf.contrib.layers.utils.collect_named_outputs` of TF 1.15.
    """
    if collections:
        append_tensor_alias(outputs, alias)
        slim_collections.add_to_collections(collections, outputs)
    return outputs


def append_tensor_alias(tensor, alias):
    """Returns `tensor` with `alias` put at the end of its `aliases` list.

    Args:
        tensor: the tensor to tag.
        alias: str; a trailing slash is dropped.
    """
    if alias.endswith("/"):
        alias = alias[:-1]
    if hasattr(tensor, "aliases"):
        tensor.aliases.append(alias)
    else:
        tensor.aliases = [alias]
    return tensor


def gather_tensors_aliases(tensors):
    """Returns one list with the aliases of all `tensors`, in their order."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


def get_tensor_aliases(tensor):
    """Returns the aliases of `tensor`, or a list of just its name.

    Args:
        tensor: a tensor. An eager tensor has no name of its own, so it must have
            been tagged before.

    Returns:
        A list of str. A name drops the `:0` of an op's first output.
    """
    if hasattr(tensor, "aliases"):
        return tensor.aliases
    name = tensor.name
    return [name[:-2] if name.endswith(":0") else name]


def convert_collection_to_dict(collection, clear_collection=False):
    """Returns an OrderedDict from alias to tensor for what `collection` holds.

    A tensor with several aliases is there once for each of them.

    Args:
        collection: the name of a collection.
        clear_collection: whether to empty the collection afterwards.
    """
    tensors = slim_collections.get_collection(collection)
    by_alias = _collections.OrderedDict((alias, tensor) for tensor in tensors for alias in get_tensor_aliases(tensor))
    if clear_collection:
        slim_collections.clear_collection(collection)
    return by_alias


def get_variable_collections(variables_collections, name):
    """Returns the collections meant for the variable called `name`.

    Args:
        variables_collections: a dict from variable name (`weights`, `biases`) to
            its collections, or collections that hold for every variable.
        name: str, the variable.

    Returns:
        The collections as they were given, None where a dict does not name it.
    """
    if isinstance(variables_collections, dict):
        return variables_collections.get(name)
    return variables_collections


# --- values that may be known before the program runs ----------------------


def constant_value(value_or_tensor_or_var, dtype=None):
    """Returns the value if it is known now, None if only a run will tell.

    Args:
        value_or_tensor_or_var: a Python value, a tensor or a variable. Not None.
        dtype: a dtype that a tensor or variable must have; None accepts any.

    Returns:
        A Python value as it came, the NumPy value of a constant tensor, or None
        for variables, Keras inputs and tensors that depend on a feed.

    Raises:
        ValueError: if the value is None, or a tensor has another dtype.
    """
    value = value_or_tensor_or_var
    if value is None:
        raise ValueError(error_text("value_or_tensor_or_var", "a value, a tensor or a variable", None))
    if _tf.is_keras_tensor(value):
        return None
    if not isinstance(value, (tf.Tensor, tf.Variable)):
        return value
    if dtype and tf.as_dtype(value.dtype) != tf.as_dtype(dtype):
        raise ValueError(
            error_text(
                "value_or_tensor_or_var",
                f"the dtype {tf.as_dtype(dtype).name}",
                f"the dtype {tf.as_dtype(value.dtype).name}",
            )
        )
    if isinstance(value, tf.Variable):
        return None
    return tf.get_static_value(value)


def static_cond(pred, fn1, fn2):
    """Returns fn1() if `pred` is true, else fn2(); decided now.

    Args:
        pred: a Python or NumPy bool (or number).
        fn1: what to call if `pred` is true.
        fn2: what to call if it is not.

    Raises:
        TypeError: if `fn1` or `fn2` cannot be called.
    """
    for argument, fn in (("fn1", fn1), ("fn2", fn2)):
        if not callable(fn):
            raise TypeError(error_text(argument, "a callable", fn))
    return fn1() if pred else fn2()


def smart_cond(pred, fn1, fn2, name=None):
    """Returns fn1() or fn2(), decided now if `pred` is known, else in the run.

    Args:
        pred: a bool, or a scalar bool tensor or variable. Where its value is known
            only one branch is built; otherwise this is `tf.cond`.
        fn1: what to call if `pred` is true.
        fn2: what to call if it is not.
        name: a name for the ops of `tf.cond`.

    Raises:
        ValueError: if `pred` is None.
        TypeError: if `fn1` or `fn2` cannot be called.
    """
    known = constant_value(pred)
    if known is not None:
        return static_cond(known, fn1, fn2)
    return v1.cond(pred, fn1, fn2, name=name)


# --- shapes and sizes --------------------------------------------------------


def _known_dimension(shape, index, min_rank):
    """Returns `shape[index]` as an int, or says what is not known."""
    dims = shape.dims if isinstance(shape, tf.TensorShape) else shape
    if dims is None:
        raise ValueError(error_text("shape", "a known rank", shape))
    # Through TensorShape again: with v2 behaviour off its items are Dimensions.
    sizes = tf.TensorShape(dims).as_list()
    if len(sizes) < min_rank:
        raise ValueError(error_text("shape", f"a rank of at least {min_rank}", sizes))
    size = sizes[index]
    if size is None:
        raise ValueError(
            error_text(
                "shape",
                f"dimension {index} to be known",
                sizes,
                "Give the input a static size there, with `set_shape` for one.",
            )
        )
    return size


def channel_dimension(shape, data_format, min_rank=1):
    """Returns the number of channels in `shape` as an int.

    Args:
        shape: a TensorShape or a sequence of sizes.
        data_format: `channels_first` takes dimension 1; anything else the last.
        min_rank: int, the rank that `shape` must have at least.

    Raises:
        ValueError: if the rank or that dimension is unknown, or the rank is less
            than `min_rank`.
    """
    index = 1 if data_format == "channels_first" else -1
    return _known_dimension(shape, index, min_rank)


def last_dimension(shape, min_rank=1):
    """Returns the last size in `shape` as an int.

    Args:
        shape: a TensorShape or a sequence of sizes.
        min_rank: int, the rank that `shape` must have at least.

    Raises:
        ValueError: if the rank or the last dimension is unknown, or the rank is
            less than `min_rank`.
    """
    return _known_dimension(shape, -1, min_rank)


def two_element_tuple(int_or_tuple):
    """Returns (height, width) from one int or from two.

    Args:
        int_or_tuple: an int, a list or tuple of two, or a TensorShape of rank 2.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(int_or_tuple, numbers.Integral):
        return int(int_or_tuple), int(int_or_tuple)
    pair = int_or_tuple
    if isinstance(pair, tf.TensorShape) and pair.rank is not None:
        pair = tuple(pair.as_list())
        if len(pair) == 2:
            return pair
    elif isinstance(pair, (list, tuple)) and len(pair) == 2:
        return int(pair[0]), int(pair[1])
    raise ValueError(error_text("int_or_tuple", "an int, a list of 2 ints or a TensorShape of rank 2", int_or_tuple))


def n_positive_integers(n, value):
    """Returns a tuple of `n` positive ints.

    Args:
        n: a positive int, the length of the tuple.
        value: one value that int() takes, to be repeated, or a sequence or
            TensorShape of `n` of them.

    Raises:
        ValueError: if `n` is not a positive int, the sequence has another length,
            or a value is not positive.
        TypeError: if `n` is nothing that int() takes.
    """
    count = int(n)
    if count < 1 or count != n:
        raise ValueError(error_text("n", "a positive int", n))
    values = _as_ints(count, value)
    if any(item < 1 for item in values):
        raise ValueError(error_text("value", "only positive ints", value))
    return values


def _as_ints(count, value):
    """Returns `value` as a tuple of `count` ints of any sign."""
    try:
        return (int(value),) * count
    except (TypeError, ValueError):
        pass  # Not a single number: it has to be a sequence of them.
    try:
        values = tuple(int(item) for item in value)
    except (TypeError, ValueError):
        values = ()
    if len(values) != count:
        raise ValueError(error_text("value", f"one positive int or a sequence of {count}", value))
    return values
