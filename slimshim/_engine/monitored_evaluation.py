"""`training.evaluation`'s functions: a monitored session for a graph, a traced function in TF2 mode."""

from __future__ import annotations

from . import evaluation, tape_evaluation


def evaluate_once(checkpoint_path, *, eval_ops, data, **session_options):
    """See `training.evaluation.evaluate_once`."""
    if tape_evaluation.is_function(eval_ops):
        return tape_evaluation.evaluate_once(checkpoint_path, eval_ops, data=data, **_tape_options(**session_options))
    tape_evaluation.require_no_data(data)
    return evaluation.evaluate_once(checkpoint_path, eval_ops=eval_ops, **session_options)


def evaluate_repeatedly(
    checkpoint_dir,
    *,
    eval_ops,
    data,
    eval_interval_secs,
    max_number_of_evaluations,
    timeout,
    timeout_fn,
    **session_options,
):
    """See `training.evaluation.evaluate_repeatedly`."""
    loop_options = {
        "eval_interval_secs": eval_interval_secs,
        "max_number_of_evaluations": max_number_of_evaluations,
        "timeout": timeout,
        "timeout_fn": timeout_fn,
    }
    if tape_evaluation.is_function(eval_ops):
        options = {**loop_options, **_tape_options(**session_options)}
        return tape_evaluation.evaluate_repeatedly(checkpoint_dir, eval_ops, data=data, **options)
    tape_evaluation.require_no_data(data)
    return evaluation.evaluate_repeatedly(checkpoint_dir, eval_ops=eval_ops, **loop_options, **session_options)


def _tape_options(final_ops, hooks, **of_sessions):
    tape_evaluation.require_left_out(**of_sessions)
    return {"final_op": final_ops, **tape_evaluation.options_of_hooks(hooks)}
