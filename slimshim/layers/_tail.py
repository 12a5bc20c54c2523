"""The functions that a layer's caller passes for its result: what is no function is said here."""

from __future__ import annotations

from .._checks import check


def activated(outputs, activation_fn):
    """Returns `activation_fn(outputs)`; the outputs as they are for None.

    Raises:
      TypeError: if `activation_fn` cannot be called.
    """
    if activation_fn is None:
        return outputs
    _check_function("activation_fn", activation_fn, "tf.nn.relu")
    return activation_fn(outputs)


def normalized(outputs, normalizer_fn, normalizer_params):
    """Returns `normalizer_fn(outputs, **normalizer_params)`; the outputs as they are for None.

    Raises:
      TypeError: if `normalizer_fn` cannot be called.
    """
    if normalizer_fn is None:
        return outputs
    _check_function("normalizer_fn", normalizer_fn, "batch_norm")
    return normalizer_fn(outputs, **(normalizer_params or {}))


def _check_function(argument, value, example):
    remedy = f"Pass the function itself, such as {example}, not its name."
    check(callable(value), argument, "a function of the layer's result, or None", value, remedy, error=TypeError)
