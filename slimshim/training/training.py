"""Training with hooks and scaffolds, in TensorFlow's monitored session.

A training from a loss:

    train_op = slim.training.create_train_op(
        total_loss, optimizer, transform_grads_fn=slim.training.clip_gradient_norms_fn(4.0))
    hooks = [tf.compat.v1.train.StopAtStepHook(last_step=1000)]
    slim.training.train(train_op, "logs", hooks=hooks)
"""

from __future__ import annotations

from .._engine import gradients as _gradients
from .._engine import monitored as _monitored
from .._engine import train_op as _train_op
from .._engine.defaults import GATE_OP as _GATE_OP
from .._engine.defaults import USE_GLOBAL_STEP as _USE_GLOBAL_STEP
from .._engine.gradients import clip_gradient_norms, clip_gradient_norms_fn, multiply_gradients

__all__ = [
    "add_gradients_summaries",
    "clip_gradient_norms",
    "clip_gradient_norms_fn",
    "create_train_op",
    "multiply_gradients",
    "train",
]


def add_gradients_summaries(grads_and_vars):
    """Returns new summaries: for each variable `NAME_gradient` and `NAME_gradient_norm`.

    Args:
      grads_and_vars: a list of (gradient, variable). A gradient that is None is logged and left out.

    Source: `tf.contrib.training.add_gradients_summaries`.
    """
    return _gradients.add_gradients_summaries(grads_and_vars, separator="_")


def create_train_op(
    total_loss,
    optimizer,
    global_step=_USE_GLOBAL_STEP,
    update_ops=None,
    variables_to_train=None,
    transform_grads_fn=None,
    summarize_gradients=False,
    gate_gradients=_GATE_OP,
    aggregation_method=None,
    colocate_gradients_with_ops=False,
    check_numerics=True,
    *,
    jit_compile=False,
    accumulate_steps=1,
):
    """Returns a tensor whose evaluation takes one training step and gives the loss.

    Args:
      total_loss: a scalar floating-point tensor of a `tf.Graph`; or in TF2 mode a function that
        returns one, which gives a `TrainStep` (see `learning.create_train_op`).
      optimizer: a `tf.compat.v1.train.Optimizer`; for a function also a Keras optimizer.
      global_step: the integer variable that counts steps. Left out: the graph's global step, made
        if need be. None: no step is counted.
      update_ops: a list of ops to run before the loss is computed. None: the collection
        `UPDATE_OPS`. A list that lacks some of these gives a warning.
      variables_to_train: a list of variables. None: all trainable ones.
      transform_grads_fn: a function from (gradient, variable) pairs to such pairs, or None.
      summarize_gradients: whether to add `NAME_gradient` and `NAME_gradient_norm` summaries.
      gate_gradients: how much computing may overlap, see `tf.compat.v1.train.Optimizer`.
      aggregation_method: how gradient terms are summed, see `tf.AggregationMethod`.
      colocate_gradients_with_ops: whether gradients run on the devices of their ops.
      check_numerics: whether a loss that is inf or nan raises `tf.errors.InvalidArgumentError`.
      jit_compile: for a function: whether XLA compiles the step.
      accumulate_steps: for a function: how many times a step calls it, for the mean gradient.

    Raises:
      ValueError, TypeError: as `learning.create_train_op`.

    Source: `tf.contrib.training.create_train_op`.
    """
    return _train_op.create_train_op(**locals())


def train(
    train_op,
    logdir,
    master="",
    is_chief=True,
    scaffold=None,
    hooks=None,
    chief_only_hooks=None,
    save_checkpoint_secs=600,
    save_summaries_steps=100,
    config=None,
    max_wait_secs=7200,
    run_metadata=None,
):
    """Runs training steps until a hook or the input ends them; returns the last loss.

    Args:
      train_op: what `create_train_op` returns.
      logdir: the directory of checkpoints and events, or None to write nothing.
      master: the address of the TensorFlow master; empty for this process.
      is_chief: whether this process initializes and saves. Others wait for it.
      scaffold: a `tf.compat.v1.train.Scaffold`: init ops, `init_fn`, saver, summary op.
      hooks: a list of `tf.compat.v1.train.SessionRunHook`.
      chief_only_hooks: more hooks, for the chief alone.
      save_checkpoint_secs: seconds between checkpoints; None saves none.
      save_summaries_steps: steps between summaries; None writes none.
      config: a `tf.compat.v1.ConfigProto`.
      max_wait_secs: how long a process that is not chief waits for the session.
      run_metadata: a `tf.compat.v1.RunMetadata` to fill at each step.

    Raises:
      ValueError: if `logdir` is None on the chief and something is to be saved there.
      tf.errors.OpError: if `logdir` can not be written, before any step.

    Source: `tf.contrib.training.train`.
    """
    return _monitored.train(**locals())
