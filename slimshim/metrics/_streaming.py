"""What every streaming metric is made of: state, a value, an update, and the mode it runs in.

A streaming metric keeps its sums in local variables. It gives two tensors: `value`, computed from
the sums alone, and `update`, which adds the current batch and gives the value after it. In TF2 mode
the call itself adds the batch; `value` is then the value after it, too.
"""

from __future__ import annotations

import functools
import inspect

import tensorflow as tf

from .. import _tf
from .._checks import error_text
from ..ops.collections import add_to_collections
from . import _tf2_streams

v1 = tf.compat.v1

# Arguments without which there is nothing to measure.
_DATA = frozenset(
    ("boolean_labels", "labels", "predictions", "predictions_idx", "scores", "top_k_predictions", "values")
)

_SHARED_ARGUMENTS = {
    "weights": "None for 1, a scalar, or a tensor of the data's rank whose dimensions are each 1 or the data's own.",
    "metrics_collections": "names of the collections that get the value, or None.",
    "updates_collections": "names of the collections that get the update, or None.",
    "name": "the variable scope of the metric's variables, or None for the metric's own.",
}


def streaming_metric(function):
    """Returns `function` as a streaming metric: checked for missing data, and with state in TF2 mode too.

    The docstring gains the arguments that all metrics share.
    """
    signature = inspect.signature(function)
    data = [name for name in signature.parameters if name in _DATA]

    @functools.wraps(function)
    def metric(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        stream = None
        if not (_tf.in_graph_mode() or _tf2_streams.is_tracing()):
            stream = _stream_of_call(function.__name__, bound.arguments.get("name"))
        for name in data:
            if bound.arguments[name] is None:
                raise ValueError(error_text(name, "a tensor", None))
        if stream is None:
            return function(*args, **kwargs)
        return stream.update(function, bound.arguments, is_data=lambda name: name in _DATA or name == "weights")

    metric.__doc__ = _with_shared_arguments(function.__doc__, signature.parameters)
    return metric


def _stream_of_call(metric, name):
    """Returns the stream that a call in TF2 mode adds to."""
    stream = _tf2_streams.stream_of_call(metric, name)
    if stream is None:
        raise RuntimeError(
            f"{metric} keeps its sums in variables, and here, in TF2 mode, nothing tells in which. Call it inside a "
            "function that `metrics.StreamingMetrics`, a `Module` or `evaluation` runs; or pass name='...' to share "
            "the sums by that name; or build it inside `with tf.Graph().as_default():`; or use an object of "
            "`tf.keras.metrics`."
        )
    return stream


def _with_shared_arguments(docstring, parameters):
    if not docstring:  # python -OO
        return docstring
    lines = [
        f"  {name}: {text}"
        for name, text in _SHARED_ARGUMENTS.items()
        if name in parameters and f" {name}:" not in docstring
    ]
    if not lines:
        return docstring
    shared = "\n".join(["Shared arguments:", *lines])
    return f"{inspect.cleandoc(docstring)}\n\n{shared}\n"


def metric_variable(name, shape=(), dtype=tf.float32, static_shape=None):
    """Returns a local variable of zeros, in the collections LOCAL_VARIABLES and METRIC_VARIABLES.

    Args:
      name: its name inside the current name scope.
      shape: the shape it starts with.
      dtype: its type.
      static_shape: the shape it keeps while it grows; None for `shape`.
    """
    return v1.Variable(
        lambda: tf.zeros(shape, dtype),
        trainable=False,
        collections=[v1.GraphKeys.LOCAL_VARIABLES, v1.GraphKeys.METRIC_VARIABLES],
        # Ref variables race with their own updates, and cannot be assigned inside a tf.cond of TF2.
        use_resource=True,
        shape=static_shape,
        # Under tf.distribute each replica sums its own share, and reading adds the shares up.
        synchronization=tf.VariableSynchronization.ON_READ,
        aggregation=tf.VariableAggregation.SUM,
        name=name,
    )


def accumulate(variable, amount):
    """Returns the value of `variable` after `amount` was added to it."""
    return tf.identity(variable.assign_add(amount))


def running_total(name, amount, shape=()):
    """Returns (a variable, its value after this batch) that sums `amount` over the batches."""
    total = metric_variable(name, shape, amount.dtype)
    return total, accumulate(total, amount)


def streamed(formula, totals, metrics_collections=None, updates_collections=None):
    """Returns (value, update) of a metric that is a formula of running totals.

    Args:
      formula: called as `formula(*totals, name=name)` with the name `"value"` or `"update_op"`.
      totals: the (variable, value after this batch) pairs of `running_total`.
      metrics_collections: names of the collections that get the value, or None.
      updates_collections: names of the collections that get the update, or None.
    """
    value = streamed_value(formula, totals, metrics_collections)
    updated = [after for _, after in totals]
    with tf.control_dependencies(updated):  # Also of totals that this formula does not read.
        update = formula(*updated, name="update_op")
    return value, published(update, updates_collections)


def streamed_value(formula, totals, metrics_collections=None):
    """Returns the value alone of what `streamed` returns."""
    variables = tuple(variable for variable, _ in totals)
    return _across_replicas(lambda *read: formula(*read, name="value"), variables, metrics_collections)


def published(result, collections):
    """Returns `result` after adding it to `collections`: names, or None."""
    add_to_collections(collections, result)
    return result


def _across_replicas(formula, variables, collections):
    """Returns the formula of the variables, summed over the replicas of a `tf.distribute` strategy."""

    def merged(_, *variables):
        return published(formula(*map(tf.convert_to_tensor, variables)), collections)

    replica = tf.distribute.get_replica_context()
    if replica is None:  # Already between the replicas.
        return merged(None, *variables)
    return replica.merge_call(merged, args=variables)
