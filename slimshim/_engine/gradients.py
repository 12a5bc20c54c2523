"""What may be done to gradients between computing and applying them."""

from __future__ import annotations

import tensorflow as tf

from .._checks import check

v1 = tf.compat.v1


def clip_gradient_norms(gradients_to_variables, max_norm):
    """Returns (gradient, variable) pairs, each gradient clipped to a norm of at most `max_norm`.

    Args:
      gradients_to_variables: a list of (gradient, variable); a gradient may be None or a
        `tf.IndexedSlices`, of which the values are clipped.
      max_norm: a number, or a scalar tensor.
    """
    return [
        (_on_values(lambda values: tf.clip_by_norm(values, max_norm), gradient), variable)
        for gradient, variable in gradients_to_variables
    ]


def clip_gradient_norms_fn(max_norm):
    """Returns a function of (gradient, variable) pairs that clips each to `max_norm`."""

    def clip_norms(gradients_to_variables):
        return clip_gradient_norms(gradients_to_variables, max_norm)

    return clip_norms


def multiply_gradients(grads_and_vars, gradient_multipliers):
    """Returns (gradient, variable) pairs, the gradients scaled as `gradient_multipliers` says.

    Args:
      grads_and_vars: a list of (gradient, variable).
      gradient_multipliers: a dict from a variable, its `.ref()` or its op name to a number or a
        scalar tensor. Variables it does not mention keep their gradient.

    Raises:
      ValueError: if `grads_and_vars` is no list, `gradient_multipliers` is empty or no dict, or
        it mentions a variable whose gradient is None.
    """
    check(isinstance(grads_and_vars, list), "grads_and_vars", "a list of (gradient, variable)", grads_and_vars)
    check(bool(gradient_multipliers), "gradient_multipliers", "a dict that is not empty", gradient_multipliers)
    check(isinstance(gradient_multipliers, dict), "gradient_multipliers", "a dict", gradient_multipliers)
    by_variable, by_name = _multiplier_tables(gradient_multipliers)
    scaled = []
    for gradient, variable in grads_and_vars:
        key = id(variable)
        multiplier = by_variable[key] if key in by_variable else by_name.get(variable_name(variable))
        if multiplier is not None:
            gradient = _scaled(gradient, multiplier, variable)
        scaled.append((gradient, variable))
    return scaled


def add_gradients_summaries(grads_and_vars, separator="/"):
    """Adds a histogram and the norm of each gradient to the summaries; returns the new summaries.

    Args:
      grads_and_vars: a list of (gradient, variable); a gradient that is None is logged and left out.
      separator: what stands between the variable's name and `gradient` in a tag.
    """
    summaries = []
    for gradient, variable in grads_and_vars:
        if gradient is None:
            v1.logging.info("Var %s has no gradient", variable_name(variable))
            continue
        values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
        tag = f"{variable_name(variable)}{separator}gradient"
        summaries.append(v1.summary.histogram(tag, values))
        summaries.append(v1.summary.scalar(f"{tag}_norm", tf.linalg.global_norm([values])))
    return summaries


def multiply_then_clip(gradient_multipliers, clip_gradient_norm):
    """Returns a function of (gradient, variable) pairs that multiplies, then clips; None if there is nothing to do."""
    if not gradient_multipliers and not clip_gradient_norm > 0:
        return None

    def transform(grads_and_vars):
        if gradient_multipliers:
            with v1.name_scope("multiply_grads"):
                grads_and_vars = multiply_gradients(grads_and_vars, gradient_multipliers)
        if clip_gradient_norm > 0:
            with v1.name_scope("clip_grads"):
                grads_and_vars = clip_gradient_norms(grads_and_vars, clip_gradient_norm)
        return grads_and_vars

    return transform


def then_summarize(transform):
    """Returns a function of (gradient, variable) pairs that does `transform`, then adds summaries."""

    def transform_and_summarize(grads_and_vars):
        grads_and_vars = transform(grads_and_vars) if transform else grads_and_vars
        add_gradients_summaries(grads_and_vars, separator="_")
        return grads_and_vars

    return transform_and_summarize


def variable_name(variable):
    """Returns the TF1 name of a variable; one of TF2 mode has no op to ask."""
    return variable.name.split(":")[0]


def _on_values(function, gradient):
    if gradient is None:
        return None
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(function(gradient.values), gradient.indices, gradient.dense_shape)
    return function(gradient)


def _multiplier_tables(gradient_multipliers):
    """Splits the dict by kind of key: variables by identity, and op names.

    Variables are not hashed again here: under v2 behaviour they have no hash.
    """
    by_variable, by_name = {}, {}
    for key, multiplier in gradient_multipliers.items():
        if isinstance(key, str):
            by_name[key] = multiplier
        else:
            variable = key.deref() if hasattr(key, "deref") else key
            by_variable[id(variable)] = multiplier
    return by_variable, by_name


def _scaled(gradient, multiplier, variable):
    if gradient is None:
        raise ValueError(
            f"gradient_multipliers: variable {variable_name(variable)} has a multiplier, but its gradient is None: "
            "the loss does not depend on it. Remove it from gradient_multipliers."
        )
    factor = tf.convert_to_tensor(multiplier, dtype=gradient.dtype)
    return _on_values(lambda values: values * factor, gradient)
