"""Training: `create_train_op` makes an op that takes a step, `train` runs it.

    with tf.Graph().as_default():
        predictions = my_model(images)
        slim.losses.softmax_cross_entropy(predictions, labels)
        total_loss = slim.losses.get_total_loss()
        optimizer = tf.compat.v1.train.MomentumOptimizer(0.01, momentum=0.9)
        train_op = slim.learning.create_train_op(total_loss, optimizer, clip_gradient_norm=4.0)
        slim.learning.train(train_op, "logs", number_of_steps=1000)

A second `train` on the same directory goes on from its latest checkpoint. It works with TensorFlow 2
behaviour switched on and off.

In TF2 mode give `create_train_op` a function that computes the loss: the step then runs under a
`tf.GradientTape`, and `train` needs no session.
"""

from __future__ import annotations

from ._engine import engines as _engines
from ._engine import gradients as _gradients
from ._engine import step as _step
from ._engine import train_op as _train_op
from ._engine.defaults import GATE_OP as _GATE_OP
from ._engine.defaults import USE_DEFAULT as _USE_DEFAULT
from ._engine.defaults import USE_GLOBAL_STEP as _USE_GLOBAL_STEP
from ._engine.gradients import clip_gradient_norms, multiply_gradients
from ._engine.plan import TrainArguments as _TrainArguments

__all__ = [
    "add_gradients_summaries",
    "clip_gradient_norms",
    "create_train_op",
    "multiply_gradients",
    "train",
    "train_step",
]


def add_gradients_summaries(grads_and_vars):
    """Returns new summaries: for each variable `NAME/gradient` and `NAME/gradient_norm`.

    Args:
      grads_and_vars: a list of (gradient, variable). A gradient that is None is logged and left out.

    Source: `tf.contrib.slim.learning.add_gradients_summaries`.
    """
    return _gradients.add_gradients_summaries(grads_and_vars)


def create_train_op(
    total_loss,
    optimizer,
    global_step=_USE_GLOBAL_STEP,
    update_ops=None,
    variables_to_train=None,
    clip_gradient_norm=0,
    summarize_gradients=False,
    gate_gradients=_GATE_OP,
    aggregation_method=None,
    colocate_gradients_with_ops=False,
    gradient_multipliers=None,
    check_numerics=True,
    *,
    jit_compile=False,
    accumulate_steps=1,
):
    """Returns a tensor whose evaluation takes one training step and gives the loss.

    The order of a step: update ops, loss, gradients, multipliers, clipping, optimizer. The tensor
    is also added to the collection `tf.compat.v1.GraphKeys.TRAIN_OP`.

    In TF2 mode, for a function that computes the loss, it returns a `TrainStep`: call it to take a
    step under a `tf.GradientTape` and get the loss. The function's value is what is minimized;
    `slim.losses.get_total_loss()` within it sums what the call collected, regularization losses
    too.

    Args:
      total_loss: a scalar floating-point tensor of a `tf.Graph`, or a function that returns one.
      optimizer: a `tf.compat.v1.train.Optimizer`; for a function also a Keras optimizer.
      global_step: the integer variable that counts steps. Left out: the graph's global step, made
        if need be; for a function a new one. None: no step is counted.
      update_ops: a list of ops to run before the loss is computed. None: the collection
        `UPDATE_OPS`, where `batch_norm` puts its moving averages. A list that lacks some of these
        gives a warning. For a function: None alone, since updates run with the call.
      variables_to_train: a list of variables. None: all trainable ones; for a function those that
        it uses.
      clip_gradient_norm: the largest norm of each gradient; 0 does not clip.
      summarize_gradients: whether to add `NAME_gradient` and `NAME_gradient_norm` summaries.
      gate_gradients: how much computing may overlap, see `tf.compat.v1.train.Optimizer`.
      aggregation_method: how gradient terms are summed, see `tf.AggregationMethod`.
      colocate_gradients_with_ops: whether gradients run on the devices of their ops.
      gradient_multipliers: a dict from variables (or their `.ref()`) or their op names to factors.
      check_numerics: whether a loss that is inf or nan raises `tf.errors.InvalidArgumentError`.
      jit_compile: for a function: whether XLA compiles the step. The function must then take its
        data as arguments, since XLA can not read an iterator.
      accumulate_steps: for a function: how many times a step calls it. The means of the losses and
        of the gradients count, so that small batches train as one large one. Arguments of the step
        are split along their first dimension. Batch norm sees, and moves at, each call.

    `gate_gradients`, `aggregation_method` and `colocate_gradients_with_ops` mean nothing for a
    function.

    Raises:
      ValueError: for an eager loss, a loss that is no scalar, a function within a graph, no
        variables to train, one that is no variable or not trainable, or bad multipliers.
      TypeError: for an optimizer that does not work in a graph (Keras's), or that scales the loss.

    Source: `tf.contrib.slim.learning.create_train_op`.
    """
    return _train_op.create_train_op(
        total_loss,
        optimizer,
        global_step=global_step,
        update_ops=update_ops,
        variables_to_train=variables_to_train,
        transform_grads_fn=_gradients.multiply_then_clip(gradient_multipliers, clip_gradient_norm),
        summarize_gradients=summarize_gradients,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
        check_numerics=check_numerics,
        jit_compile=jit_compile,
        accumulate_steps=accumulate_steps,
    )


def train_step(sess, train_op, global_step, train_step_kwargs):
    """Returns (loss, whether to stop) after one training step.

    Args:
      sess: the session.
      train_op: what `create_train_op` returns.
      global_step: the integer variable that counts steps.
      train_step_kwargs: a dict, of which these keys are used: `should_stop`, `should_log` and
        `should_trace` are boolean scalar tensors, evaluated in `sess`; `logdir` is where a trace
        is written as `tf_trace-STEP.json` (Chrome's format); `summary_writer` gets the trace too.

    Raises:
      ValueError: if there is `should_trace` without `logdir`.

    Source: `tf.contrib.slim.learning.train_step`.
    """
    return _step.train_step(sess, train_op, global_step, train_step_kwargs)


def train(
    train_op,
    logdir,
    train_step_fn=train_step,
    train_step_kwargs=_USE_DEFAULT,
    log_every_n_steps=1,
    graph=None,
    master="",
    is_chief=True,
    global_step=None,
    number_of_steps=None,
    init_op=_USE_DEFAULT,
    init_feed_dict=None,
    local_init_op=_USE_DEFAULT,
    init_fn=None,
    ready_op=_USE_DEFAULT,
    summary_op=_USE_DEFAULT,
    save_summaries_secs=600,
    summary_writer=_USE_DEFAULT,
    startup_delay_steps=0,
    saver=None,
    save_interval_secs=600,
    sync_optimizer=None,
    session_config=None,
    session_wrapper=None,
    trace_every_n_steps=None,
    ignore_live_threads=False,
    *,
    engine=None,
    callbacks=(),
    data=None,
):
    """Runs training steps until told to stop; returns the last loss, or None if there was no step.

    It starts from the latest checkpoint in `logdir` if there is one, else from `init_op` and
    `init_fn`. It ends when a step says so, when `number_of_steps` is reached, or when the input is
    exhausted, and then saves `model.ckpt-STEP`. If the checkpoint in `logdir` is that far already,
    one step is made for its loss and nothing is written.
    Ctrl-C and SIGTERM let the current step end and save, then do what they did before: raise
    KeyboardInterrupt, or leave with exit status 143 (128 + SIGTERM).

    A loss that is inf or nan stops with `tf.errors.InvalidArgumentError` (unless the train op was
    made with `check_numerics=False`), and neither that state nor one with such weights is saved.

    The graph is finalized: no ops can be added after this call.

    A `TrainStep` is driven by the TF2 loop. It differs in this: beside `model.ckpt-STEP`, which has
    TF1 names, it keeps object-based checkpoints in the folder `tf2`; `init_fn` and `train_step_fn`
    get None for the session; the default `train_step_kwargs` are empty; `summary_writer` is a
    `tf.summary` writer, which is left open; a step that does not end is not cancelled. Arguments
    about graphs, sessions and servers are errors.

    Args:
      train_op: what `create_train_op` returns.
      logdir: the directory of checkpoints and events. None: no checkpoints, and events only to the
        program's own `summary_writer`.
      train_step_fn: a function (session, train_op, global_step, train_step_kwargs) that returns
        (loss, whether to stop).
      train_step_kwargs: its dict. Left out: `should_stop`, `should_log` and, with
        `trace_every_n_steps`, `should_trace` and `logdir`, see `train_step`. `summary_writer` is
        always added, unless the argument `summary_writer` is None.
      log_every_n_steps: how often loss and step are logged; 0 never.
      graph: the graph to train. None: the default graph, or in eager mode the train op's.
      master: the address of the TensorFlow master; empty for this process.
      is_chief: whether this process initializes and saves. Others wait for it.
      global_step: the integer variable that counts steps. None: the graph's, made if need be.
      number_of_steps: the global step at which to stop. None: no end.
      init_op: run if there is no checkpoint. Left out: initializes all global variables.
      init_feed_dict: what to feed to `init_op`.
      local_init_op: run after that or after restoring. Left out: initializes local variables and
        tables.
      init_fn: called with the session after `init_op`, if there is no checkpoint.
      ready_op: a string tensor with the names of what is not initialized. Left out: all variables.
      summary_op: the summaries. Left out: all of the graph. None: none.
      save_summaries_secs: seconds between summaries; 0 writes none.
      summary_writer: a `tf.compat.v1.summary.FileWriter`; it is closed at the end. Left out: one
        for `logdir`. None: no summaries.
      startup_delay_steps: a process that is not chief waits for this global step.
      saver: a `tf.compat.v1.train.Saver`. None: one of all variables.
      save_interval_secs: seconds between checkpoints, from the start on; 0 saves at the end alone.
      sync_optimizer: a `tf.compat.v1.train.SyncReplicasOptimizer`, or a list of them, for
        synchronous replicas.
      session_config: a `tf.compat.v1.ConfigProto`.
      session_wrapper: a function from the session to the one that takes the steps (a debugger).
      trace_every_n_steps: how often a step is traced; None never.
      ignore_live_threads: whether threads that do not end within two minutes are ignored. Else
        they raise RuntimeError.
      engine: what takes the steps: "session" for a graph's train op, "tape" for a `TrainStep`.
        "tape" for a graph's train op lifts the graph: the model's losses are differentiated by a
        `tf.GradientTape`, and the TF2 loop takes the steps, with the losses, weights and checkpoints
        of the session. None: the one that fits; `run --engine tape` makes it the tape for graphs.
      callbacks: for a tape: a list of `callbacks.Callback`, or of objects with some of its methods.
      data: for a tape: where the step's function takes arguments, a `tf.data.Dataset` (or anything
        that iterates) of them. A tuple is several arguments. Training ends with it.

    Raises:
      ValueError: if `train_op` is None, of another graph, or neither a tensor of a graph nor a
        `TrainStep`, `number_of_steps` or `trace_every_n_steps` is not a positive whole number,
        `startup_delay_steps` goes with `sync_optimizer`, or `saver`, `trace_every_n_steps` or
        (without a writer) `summary_op` goes with `logdir=None`; for a `TrainStep`, if an argument
        is about sessions, or the checkpoint is of another model.
      tf.errors.OpError: if `logdir` can not be written, before any step.
      RuntimeError: if the variables are not initialized, or threads do not end.

    Source: `tf.contrib.slim.learning.train`, without its Supervisor.
    """
    return _engines.train(_TrainArguments(**locals()), default_train_step_fn=train_step)
