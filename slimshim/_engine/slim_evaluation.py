"""`evaluation`'s arguments put into the scaffolds and hooks of the evaluation engine."""

from __future__ import annotations

import tensorflow as tf

from . import evaluation, tape_evaluation
from .defaults import is_default

v1 = tf.compat.v1


def evaluate_once(
    master,
    checkpoint_path,
    logdir,
    num_evals,
    initial_op,
    initial_op_feed_dict,
    eval_op,
    eval_op_feed_dict,
    final_op,
    final_op_feed_dict,
    summary_op,
    summary_op_feed_dict,
    variables_to_restore,
    session_config,
    hooks,
    data=None,
):
    """See `evaluation.evaluate_once`."""
    if tape_evaluation.is_function(eval_op):
        _require_no_session(master, initial_op_feed_dict, eval_op_feed_dict, final_op_feed_dict, summary_op_feed_dict)
        tape_evaluation.require_left_out(session_config=session_config, hooks=hooks)
        return tape_evaluation.evaluate_once(
            checkpoint_path,
            eval_op,
            num_evals=num_evals,
            data=data,
            final_op=final_op,
            initial_op=initial_op,
            variables_to_restore=variables_to_restore,
            logdir=logdir,
            summary_op=summary_op,
        )
    tape_evaluation.require_no_data(data)
    with evaluation.graph_of_fetches(eval_op, final_op):
        return evaluation.evaluate_once(
            checkpoint_path,
            master=master,
            scaffold=_scaffold(initial_op, initial_op_feed_dict, None, variables_to_restore),
            eval_ops=eval_op,
            feed_dict=eval_op_feed_dict,
            final_ops=final_op,
            final_ops_feed_dict=final_op_feed_dict,
            hooks=_hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks),
            config=session_config,
        )


def evaluation_loop(
    master,
    checkpoint_dir,
    logdir,
    num_evals,
    initial_op,
    initial_op_feed_dict,
    init_fn,
    eval_op,
    eval_op_feed_dict,
    final_op,
    final_op_feed_dict,
    summary_op,
    summary_op_feed_dict,
    variables_to_restore,
    eval_interval_secs,
    max_number_of_evaluations,
    session_config,
    timeout,
    timeout_fn,
    hooks,
    data=None,
):
    """See `evaluation.evaluation_loop`."""
    if tape_evaluation.is_function(eval_op):
        _require_no_session(master, initial_op_feed_dict, eval_op_feed_dict, final_op_feed_dict, summary_op_feed_dict)
        tape_evaluation.require_left_out(session_config=session_config, hooks=hooks, init_fn=init_fn)
        return tape_evaluation.evaluate_repeatedly(
            checkpoint_dir,
            eval_op,
            eval_interval_secs=eval_interval_secs,
            max_number_of_evaluations=max_number_of_evaluations,
            timeout=timeout,
            timeout_fn=timeout_fn,
            num_evals=num_evals,
            data=data,
            final_op=final_op,
            initial_op=initial_op,
            variables_to_restore=variables_to_restore,
            logdir=logdir,
            summary_op=summary_op,
        )
    tape_evaluation.require_no_data(data)
    with evaluation.graph_of_fetches(eval_op, final_op):
        return evaluation.evaluate_repeatedly(
            checkpoint_dir,
            master=master,
            scaffold=_scaffold(initial_op, initial_op_feed_dict, init_fn, variables_to_restore),
            eval_ops=eval_op,
            feed_dict=eval_op_feed_dict,
            final_ops=final_op,
            final_ops_feed_dict=final_op_feed_dict,
            eval_interval_secs=eval_interval_secs,
            hooks=_hooks(num_evals, logdir, summary_op, summary_op_feed_dict, hooks),
            config=session_config,
            max_number_of_evaluations=max_number_of_evaluations,
            timeout=timeout,
            timeout_fn=timeout_fn,
        )


def _require_no_session(master, *feed_dicts):
    names = ("initial_op_feed_dict", "eval_op_feed_dict", "final_op_feed_dict", "summary_op_feed_dict")
    tape_evaluation.require_left_out(master=master, **dict(zip(names, feed_dicts)))


def _scaffold(initial_op, initial_op_feed_dict, init_fn, variables_to_restore):
    saver = None if variables_to_restore is None else v1.train.Saver(variables_to_restore)
    return v1.train.Scaffold(init_op=initial_op, init_feed_dict=initial_op_feed_dict, init_fn=init_fn, saver=saver)


def _hooks(num_evals, logdir, summary_op, summary_op_feed_dict, more):
    hooks = [evaluation.StopAfterNEvalsHook(num_evals)]
    if is_default(summary_op):
        summary_op = v1.summary.merge_all()
    if summary_op is not None:
        hooks.append(evaluation.SummaryAtEndHook(log_dir=logdir, summary_op=summary_op, feed_dict=summary_op_feed_dict))
    return hooks + list(more or [])
