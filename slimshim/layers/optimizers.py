"""One call from a loss to a train op: `optimize_loss`, and adaptive gradient clipping.

Same public names as ``tf_slim.layers.optimizers``. The optimizers are those of
`tf.compat.v1.train`, in a graph.
"""

from __future__ import annotations

import tensorflow as tf

from .._checks import check, error_text, one_of
from ..ops.collections import get_collection
from ..ops.summary_ops import histogram_summary, scalar_summary
from ..ops.variables import variable

v1 = tf.compat.v1

__all__ = ["OPTIMIZER_CLS_NAMES", "OPTIMIZER_SUMMARIES", "adaptive_clipping_fn", "optimize_loss"]

OPTIMIZER_CLS_NAMES = {
    "Adagrad": v1.train.AdagradOptimizer,
    "Adam": v1.train.AdamOptimizer,
    "Ftrl": v1.train.FtrlOptimizer,
    "Momentum": lambda learning_rate: v1.train.MomentumOptimizer(learning_rate, momentum=0.9),
    "RMSProp": v1.train.RMSPropOptimizer,
    "SGD": v1.train.GradientDescentOptimizer,
}

OPTIMIZER_SUMMARIES = ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"]

_DEFAULT_SUMMARIES = ("loss", "learning_rate", "global_gradient_norm")


def optimize_loss(
    loss,
    global_step,
    learning_rate,
    optimizer,
    gradient_noise_scale=None,
    gradient_multipliers=None,
    clip_gradients=None,
    learning_rate_decay_fn=None,
    update_ops=None,
    variables=None,
    name=None,
    summaries=None,
    colocate_gradients_with_ops=False,
    increment_global_step=True,
):
    """Returns a train op: running it makes one step of training and gives the loss.

    Args:
      loss: a scalar tensor of a graph.
      global_step: the step counter, an int variable; None takes the graph's global step if it has
        one.
      learning_rate: a float, which becomes the variable `learning_rate`, or a scalar tensor or
        variable; None leaves it to `optimizer`.
      optimizer: one of
        a name out of `OPTIMIZER_CLS_NAMES`, or a subclass of `tf.compat.v1.train.Optimizer`: both
        are called with the learning rate, which must be given;
        a function from the learning rate to an optimizer, without arguments if
        `learning_rate` is None;
        an optimizer.
      gradient_noise_scale: None, or the factor of truncated normal noise to add to the gradients.
      gradient_multipliers: None, or a dict from variables or their names (`scope/w:0`) to factors
        of their gradients.
      clip_gradients: None; a float, the greatest global norm of all gradients; or a function from
        a list of (gradient, variable) to another one, `adaptive_clipping_fn()` for one.
      learning_rate_decay_fn: None, or a function from the learning rate and the global step to the
        learning rate to use. Not called if `learning_rate` is None.
      update_ops: a list of ops to run before the loss is computed. Default: the UPDATE_OPS
        collection.
      variables: the list of variables to train. Default: all trainable ones.
      name: the variable scope of all that is made here; `OptimizeLoss` by default.
      summaries: which of `OPTIMIZER_SUMMARIES` to add. Default: loss, learning_rate and
        global_gradient_norm. The learning rate is summarized only if it decays.
      colocate_gradients_with_ops: whether gradients go onto the device of their op.
      increment_global_step: whether a step adds 1 to the global step.

    Returns:
      The train op, a scalar tensor.

    Raises:
      ValueError: if the loss, the learning rate, the optimizer, a summary or `clip_gradients` is
        none of the above, if `learning_rate_decay_fn` finds no global step, or if there are no
        gradients.
      RuntimeError: if it is called eagerly.

    Source: `tf.contrib.layers.optimize_loss` of TF 1.15.
    """
    _require_graph(loss)
    loss = _scalar_loss(loss)
    if global_step is None:
        global_step = v1.train.get_global_step()
    else:
        v1.train.assert_global_step(global_step)
    with v1.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        loss = _after_updates(loss, update_ops)
        rate = _learning_rate(learning_rate)
        summaries = _checked_summaries(summaries)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            rate = _decayed(rate, global_step, learning_rate_decay_fn, summaries)
        opt = _make_optimizer(optimizer, rate)
        gradients = opt.compute_gradients(
            loss,
            v1.trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        gradients = _with_noise(gradients, gradient_noise_scale)
        gradients = _multiplied(gradients, gradient_multipliers)
        check(
            bool(gradients),
            "variables",
            "at least one variable to train",
            variables,
            "Make the variables before the train op.",
        )
        gradients = _clipped_and_summarized(gradients, clip_gradients, loss, summaries)
        step_done = opt.apply_gradients(
            gradients, global_step=global_step if increment_global_step else None, name="train"
        )
        return _after([step_done], loss)


def adaptive_clipping_fn(
    std_factor=2.0,
    decay=0.95,
    static_max_norm=None,
    global_step=None,
    report_summary=False,
    epsilon=1e-8,
    name=None,
):
    """Returns a function that clips gradients when their norm is unusual.

    It keeps moving averages, mean and std, of log(norm + epsilon). Where the global norm exceeds
    exp(mean + std_factor * std), all gradients are scaled down to a norm of exp(mean).

    Args:
      std_factor: how many deviations above the mean are still usual.
      decay: the decay of the moving averages.
      static_max_norm: None, or a norm never to exceed.
      global_step: None, or the step counter n: then the decay is at most n / (n + 1), so that the
        averages settle sooner.
      report_summary: whether to add a summary of the greatest usual norm.
      epsilon: a small number, which keeps the logarithm and the variance from zero.
      name: the variable scope of the averages; `AdaptiveMaxNorm` by default.

    Returns:
      A function from a list of (gradient, variable) to the list with clipped gradients, fit for
      `clip_gradients` of `optimize_loss`.

    Source: `tf.contrib.layers.adaptive_clipping_fn` of TF 1.15; Sutskever et al., section 3.2.1 of
    arXiv:1412.1602.
    """

    def gradient_clipping(grads_and_vars):
        """Returns the pairs with clipped gradients."""
        norm = tf.linalg.global_norm([gradient for gradient, _ in grads_and_vars])
        max_norm, log_mean = _adaptive_max_norm(norm, std_factor, decay, global_step, epsilon, name)
        if report_summary:
            scalar_summary("global_norm/adaptive_max_gradient_norm", max_norm)
        factor = tf.where(norm < max_norm, tf.ones_like(norm), tf.exp(log_mean) / norm)
        if static_max_norm is not None:
            factor = tf.minimum(static_max_norm / norm, factor)
        return [(_scaled(gradient, factor), variable) for gradient, variable in grads_and_vars]

    return gradient_clipping


# --- the loss and what runs around it -----------------------------------------------------------


def _require_graph(loss):
    if tf.executing_eagerly() and not callable(loss):
        raise RuntimeError(
            error_text(
                "loss",
                "a tensor of a graph, since optimize_loss makes a graph's train op",
                loss,
                "Call it within `with tf.Graph().as_default():`, or train with `create_train_op(loss_fn, "
                "optimizer)`, where loss_fn is a function that returns the loss.",
            )
        )


def _scalar_loss(loss):
    check(loss is not None, "loss", "a scalar tensor", loss)
    loss = tf.convert_to_tensor(loss)
    check(loss.shape.rank == 0, "loss", "a scalar tensor", loss)
    return loss


def _after(ops, tensor):
    """Returns `tensor` so that it is read only after `ops` have run."""
    with tf.control_dependencies(ops):
        return tf.identity(tensor, name="control_dependency")


def _after_updates(loss, update_ops):
    if update_ops is None:
        # By identity: tensors have no hash under v2 behaviour.
        update_ops = {id(op): op for op in get_collection(v1.GraphKeys.UPDATE_OPS)}.values()
    update_ops = list(update_ops)
    return _after(update_ops, loss) if update_ops else loss


def _checked_summaries(summaries):
    if summaries is None:
        return _DEFAULT_SUMMARIES
    for summary in summaries:
        one_of("summaries", summary, OPTIMIZER_SUMMARIES)
    return summaries


# --- learning rate and optimizer ----------------------------------------------------------------


def _learning_rate(learning_rate):
    """Returns the learning rate as a scalar tensor or variable, or None."""
    if learning_rate is None:
        return None
    if isinstance(learning_rate, (tf.Tensor, tf.Variable)) and learning_rate.shape.rank == 0:
        return learning_rate
    expected = "a float of at least 0.0 or a scalar tensor"
    check(isinstance(learning_rate, float), "learning_rate", expected, learning_rate)
    check(learning_rate >= 0.0, "learning_rate", expected, learning_rate)
    initializer = v1.constant_initializer(learning_rate)
    return variable("learning_rate", [], initializer=initializer, trainable=False)


def _decayed(rate, global_step, learning_rate_decay_fn, summaries):
    if global_step is None:
        raise ValueError(
            "global_step is required for learning_rate_decay_fn. Pass it, or make one with create_global_step()."
        )
    rate = learning_rate_decay_fn(rate, global_step)
    if "learning_rate" in summaries:
        scalar_summary("learning_rate", rate)
    return rate


def _make_optimizer(optimizer, rate):
    """Returns the optimizer that was given, or makes the one that was named."""
    if isinstance(optimizer, v1.train.Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        one_of("optimizer", optimizer, sorted(OPTIMIZER_CLS_NAMES))
        return OPTIMIZER_CLS_NAMES[optimizer](learning_rate=_needed(rate, optimizer))
    if isinstance(optimizer, type) and issubclass(optimizer, v1.train.Optimizer):
        return optimizer(learning_rate=_needed(rate, optimizer))
    check(
        callable(optimizer),
        "optimizer",
        "a name, a subclass of tf.compat.v1.train.Optimizer, an instance of one, or a function that returns one",
        optimizer,
    )
    made = optimizer() if rate is None else optimizer(rate)
    check(
        isinstance(made, v1.train.Optimizer),
        "optimizer",
        "a function that returns a tf.compat.v1.train.Optimizer",
        made,
    )
    return made


def _needed(rate, optimizer):
    check(rate is not None, "learning_rate", f"a learning rate to make the optimizer {optimizer!r} with", rate)
    return rate


# --- gradients ----------------------------------------------------------------------------------


def _scaled(gradient, factor):
    """Returns gradient * factor; of IndexedSlices the values alone, None of None."""
    if gradient is None:
        return None
    factor = tf.cast(factor, gradient.dtype)
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
    return gradient * factor


def _with_noise(grads_and_vars, scale):
    if scale is None:
        return grads_and_vars
    return [(_noisy(gradient, scale), variable) for gradient, variable in grads_and_vars]


def _noisy(gradient, scale):
    if gradient is None:
        return None
    # Every row gets noise, so slices become a dense gradient.
    dense = tf.convert_to_tensor(gradient)
    shape = dense.shape if dense.shape.is_fully_defined() else tf.shape(dense)
    return dense + tf.random.truncated_normal(shape, dtype=dense.dtype) * scale


def _multiplied(grads_and_vars, multipliers):
    if multipliers is None:
        return grads_and_vars
    # Variables have no hash under v2 behaviour, but their references have.
    table = {key.ref() if isinstance(key, tf.Variable) else key: factor for key, factor in multipliers.items()}

    def multiplied(gradient, variable):
        # What was learned may be a tensor: compare with None alone.
        factor = table.get(variable.ref(), table.get(variable.name))
        return gradient if factor is None else _scaled(gradient, factor)

    return [(multiplied(gradient, variable), variable) for gradient, variable in grads_and_vars]


def _clipped_and_summarized(grads_and_vars, clip_gradients, loss, summaries):
    """Returns the clipped gradients, after adding the summaries that were asked for."""
    with_norms = "global_gradient_norm" in summaries or "gradient_norm" in summaries
    if with_norms:
        _summarize_global_norm("global_norm/gradient_norm", grads_and_vars)
    clipped = _clipped(grads_and_vars, clip_gradients)
    if "loss" in summaries:
        scalar_summary("loss", loss)
    for gradient, trained in clipped:
        _summarize_gradient(gradient, trained, summaries)
    if with_norms and clip_gradients is not None:
        _summarize_global_norm("global_norm/clipped_gradient_norm", clipped)
    return clipped


def _clipped(grads_and_vars, clip_gradients):
    if clip_gradients is None:
        return grads_and_vars
    if callable(clip_gradients):
        return clip_gradients(grads_and_vars)
    check(
        isinstance(clip_gradients, float),
        "clip_gradients",
        "None, a float or a function of (gradient, variable) pairs",
        clip_gradients,
    )
    gradients, variables = zip(*grads_and_vars)
    clipped, _ = tf.clip_by_global_norm(gradients, clip_gradients)
    return list(zip(clipped, variables))


def _summarize_global_norm(tag, grads_and_vars):
    scalar_summary(tag, tf.linalg.global_norm([gradient for gradient, _ in grads_and_vars]))


def _summarize_gradient(gradient, variable, summaries):
    if gradient is None:
        return
    values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
    variable_name = variable.name.replace(":", "_")
    if "gradients" in summaries:
        histogram_summary(f"gradients/{variable_name}", values)
    if "gradient_norm" in summaries:
        scalar_summary(f"gradient_norm/{variable_name}", tf.linalg.global_norm([values]))


def _adaptive_max_norm(norm, std_factor, decay, global_step, epsilon, name):
    """Returns the greatest usual norm and the mean of its logarithm, both moving averages."""
    with v1.variable_scope(name, "AdaptiveMaxNorm", [norm]):
        log_norm = tf.math.log(norm + epsilon)
        if global_step is not None:
            step = tf.cast(global_step, tf.float32)
            decay = tf.minimum(decay, step / (step + 1.0))
        mean = _moving_average("mean", log_norm, decay)
        mean_of_squares = _moving_average("sq_mean", tf.square(log_norm), decay)
        std = tf.sqrt(tf.maximum(epsilon, mean_of_squares - tf.square(mean)))
        return tf.exp(mean + std_factor * std), mean


def _moving_average(name, value, decay):
    """Returns the moving average of `value` after this step's update."""
    average = variable(name, value.shape, dtype=value.dtype, initializer=v1.zeros_initializer(), trainable=False)
    return tf.convert_to_tensor(average.assign_sub((average - value) * (1.0 - decay)))
