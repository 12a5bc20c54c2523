"""Dropout."""

from __future__ import annotations

import numbers

import tensorflow as tf

from .._checks import check
from ..ops.arg_scope import add_arg_scope
from ..ops.scopes import layer_scope
from . import utils
from ._names import count_scope_twice
from ._symbolic import symbolic
from ._training import training_flag

v1 = tf.compat.v1

__all__ = ["dropout"]


@add_arg_scope
@symbolic
def dropout(
    inputs,
    keep_prob=0.5,
    noise_shape=None,
    is_training=True,
    outputs_collections=None,
    scope=None,
    seed=None,
):
    """Returns `inputs` with random elements set to zero, and the others divided by `keep_prob`, while training.

    In inference the values pass unchanged. With `keep_prob` 1 the input itself comes back.

    Source: TF 1.15 `tf.contrib.layers.dropout`; Srivastava et al., "Dropout", JMLR 2014. Equal op
    and graph seeds drop the same elements as TF1.

    Args:
      inputs: a floating tensor.
      keep_prob: the probability with which an element is kept, greater than 0 and at most 1; a
        float or a scalar tensor.
      noise_shape: the shape of the random choices, to be broadcast to that of `inputs`; None in it
        stands for the size there. Default: one choice for each element.
      is_training: a bool, a scalar tensor or variable, or None, which means False.
      outputs_collections: collections for the result.
      scope: the variable scope. Default: "Dropout", made unique.
      seed: the op's seed, an int or None.

    Returns:
      A tensor of the shape and dtype of `inputs`.

    Raises:
      ValueError: if `keep_prob` is out of range, or `inputs` is not floating.
    """
    with layer_scope(scope, "Dropout", [inputs]) as opened:
        inputs = tf.convert_to_tensor(inputs)
        outputs = utils.smart_cond(
            training_flag(is_training),
            lambda: _dropped(inputs, keep_prob, noise_shape, seed, opened),
            lambda: tf.identity(inputs),
        )
        return utils.collect_named_outputs(outputs_collections, opened.name, outputs)


def _dropped(inputs, keep_prob, noise_shape, seed, scope):
    check(inputs.dtype.is_floating, "inputs", "a floating tensor, since kept values are scaled", inputs)
    rate = _drop_rate(keep_prob, inputs.dtype)
    if rate is None:
        return inputs
    count_scope_twice(scope)
    with v1.name_scope("dropout"):
        noise = tf.random.uniform(_full_noise_shape(inputs, noise_shape), seed=seed, dtype=inputs.dtype)
        kept = tf.cast(noise >= rate, inputs.dtype)
        outputs = inputs * (1 / (1 - rate)) * kept
    outputs.set_shape(inputs.shape)
    return outputs


def _drop_rate(keep_prob, dtype):
    """Returns 1 - `keep_prob` as a tensor of that dtype, or None if nothing is to be dropped."""
    known = utils.constant_value(keep_prob)
    if isinstance(known, numbers.Real):
        check(0 < known <= 1, "keep_prob", "a scalar tensor or a float in the range (0, 1]", keep_prob)
    if known is not None and known == 1:
        return None
    return tf.cast(1 - tf.convert_to_tensor(keep_prob) if known is None else 1 - known, dtype)


def _full_noise_shape(inputs, noise_shape):
    """Returns the noise's shape with each None filled in from `inputs`."""
    if noise_shape is None:
        return tf.shape(inputs)
    if isinstance(noise_shape, tf.Tensor):
        return noise_shape
    sizes = tf.TensorShape(noise_shape).as_list()
    if None not in sizes:
        return sizes
    check(
        inputs.shape.rank in (None, len(sizes)),
        "noise_shape",
        f"a size for each of the {inputs.shape.rank} dimensions of inputs",
        noise_shape,
    )
    actual = tf.shape(inputs)
    return tf.stack([actual[i] if size is None else size for i, size in enumerate(sizes)])
