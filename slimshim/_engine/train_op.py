"""Building a graph's train op: gradients, updates, and the loss as the value."""

from __future__ import annotations

import inspect

import tensorflow as tf

from .._checks import check, error_text
from ..ops.collections import add_to_collection, get_collection
from . import contexts, gradient_records, gradients
from .defaults import is_default
from .train_step import create_train_step, require_variables

v1 = tf.compat.v1

_OPTIMIZERS = (
    "In a graph these work: tf.compat.v1.train.GradientDescentOptimizer, MomentumOptimizer, "
    "RMSPropOptimizer, AdamOptimizer, and every other subclass of tf.compat.v1.train.Optimizer. "
    "Keras optimizers belong to TensorFlow 2 style training."
)


def create_train_op(
    total_loss,
    optimizer,
    *,
    global_step,
    update_ops,
    variables_to_train,
    transform_grads_fn,
    summarize_gradients,
    gate_gradients,
    aggregation_method,
    colocate_gradients_with_ops,
    check_numerics,
    jit_compile=False,
    accumulate_steps=1,
):
    """Returns a tensor whose evaluation makes one training step and gives the loss; a `TrainStep` for a function.

    See `learning.create_train_op` for the arguments.
    """
    if contexts.is_step_function("total_loss", total_loss):
        if summarize_gradients:
            transform_grads_fn = gradients.then_summarize(transform_grads_fn)
        return create_train_step(
            total_loss,
            optimizer,
            global_step=global_step,
            update_ops=update_ops,
            variables_to_train=variables_to_train,
            transform_grads_fn=transform_grads_fn,
            check_numerics=check_numerics,
            jit_compile=jit_compile,
            accumulate_steps=accumulate_steps,
        )
    _require_default("jit_compile", jit_compile, False)
    _require_default("accumulate_steps", accumulate_steps, 1)
    contexts.require_graph_train_value("total_loss", total_loss)
    _require_scalar(total_loss)
    _require_graph_optimizer(optimizer)
    with contexts.graph_of_call(total_loss):
        if is_default(global_step):
            global_step = v1.train.get_or_create_global_step()
        total_loss = _after_updates(total_loss, update_ops)
        grads = optimizer.compute_gradients(
            total_loss,
            _trainable(variables_to_train),
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if _takes_plain_gradients(optimizer):
            gradient_records.remember(total_loss, [v for _, v in grads], None, [g for g, _ in grads])
        if transform_grads_fn:
            grads = transform_grads_fn(grads)
        if summarize_gradients:
            with v1.name_scope("summarize_grads"):
                gradients.add_gradients_summaries(grads, separator="_")
        apply_gradients = optimizer.apply_gradients(grads, global_step=global_step)
        return _registered(_loss_after(apply_gradients, total_loss, check_numerics))


def _require_default(name, value, default):
    remedy = "It belongs to steps under a tape: give create_train_op a function that computes the loss."
    check(value == default, name, "nothing, because total_loss is a tensor", value, remedy)


def _require_scalar(total_loss):
    rank = tf.TensorShape(getattr(total_loss, "shape", None)).rank
    remedy = "Sum or average it, with tf.reduce_mean say."
    check(rank in (0, None), "total_loss", "a scalar", total_loss, remedy)


def _require_graph_optimizer(optimizer):
    if not _works_in_a_graph(optimizer):
        raise TypeError(error_text("optimizer", "an optimizer for graphs", optimizer, _OPTIMIZERS))


def _works_in_a_graph(optimizer):
    """Returns True for TensorFlow 1's optimizers and for what wraps them with the same methods."""
    if isinstance(optimizer, v1.train.Optimizer):
        return True
    compute = getattr(optimizer, "compute_gradients", None)
    if compute is None or not hasattr(optimizer, "apply_gradients"):
        return False
    # Some of Keras 2's optimizers have a `compute_gradients` too, with fewer arguments.
    parameters = inspect.signature(compute).parameters.values()
    return any(p.name == "gate_gradients" or p.kind is p.VAR_KEYWORD for p in parameters)


def _takes_plain_gradients(optimizer):
    """Returns True if the optimizer's gradients are those of the loss, as a tape would give them."""
    return getattr(type(optimizer), "compute_gradients", None) is v1.train.Optimizer.compute_gradients


def _after_updates(total_loss, update_ops):
    """Returns the loss, computed after the update ops (batch norm's moving averages, say)."""
    collected = get_collection(v1.GraphKeys.UPDATE_OPS)
    chosen = list(collected if update_ops is None else update_ops)
    # Tensors have no hash under v2 behaviour, so they are told apart by identity.
    if not {id(op) for op in collected} <= {id(op) for op in chosen}:
        v1.logging.warning("update_ops in create_train_op does not contain all the update_ops in GraphKeys.UPDATE_OPS")
    if not chosen:
        return total_loss
    with tf.control_dependencies(chosen):
        barrier = tf.no_op(name="update_barrier")
    return _with_dependency(barrier, total_loss)


def _trainable(variables_to_train):
    """Returns the variables to differentiate by, all of them trainable and at least one."""
    trainable = v1.trainable_variables()
    chosen = trainable if variables_to_train is None else require_variables(variables_to_train)
    known = {id(variable) for variable in trainable}
    fixed = [v.op.name for v in chosen if not (v.trainable or id(v) in known)]
    if fixed:
        raise ValueError(error_text("variables_to_train", "trainable variables alone", fixed))
    if not chosen:
        remedy = "Build the model before the train op, or pass the variables to train."
        raise ValueError(error_text("variables_to_train", "at least one variable", variables_to_train, remedy))
    return chosen


def _loss_after(apply_gradients, total_loss, check_numerics):
    with v1.name_scope("train_op"):
        if check_numerics:
            total_loss = tf.debugging.check_numerics(total_loss, "LossTensor is inf or nan", name="CheckNumerics")
        return _with_dependency(apply_gradients, total_loss)


def _with_dependency(operation, tensor):
    with tf.control_dependencies([operation]):
        return tf.identity(tensor, name="control_dependency")


def _registered(train_op):
    add_to_collection(v1.GraphKeys.TRAIN_OP, train_op)
    return train_op
