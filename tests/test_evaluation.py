"""evaluation: TF-Slim's evaluate_once and evaluation_loop over trained checkpoints."""

import glob
import os

import numpy as np
import pytest
import tensorflow as tf

from slimshim import evaluation, learning

v1 = tf.compat.v1


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A logdir with the checkpoint of three steps: `w` is 3/8, and the global step 3."""
    logdir = str(tmp_path_factory.mktemp("trained"))
    with tf.Graph().as_default():
        loss = tf.square(v1.get_variable("w", initializer=3.0))
        train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(0.25))
        learning.train(train_op, logdir, number_of_steps=3)
    return logdir


def accuracy():
    """A streaming accuracy (value, update) over batches; 2 in 3 predictions are right."""
    labels = tf.constant([0, 1, 1])
    return v1.metrics.accuracy(labels, tf.constant([0, 1, 0]))


def tags(directory):
    return {
        value.tag
        for path in glob.glob(os.path.join(str(directory), "events*"))
        for event in v1.train.summary_iterator(path)
        for value in event.summary.value
    }


def test_evaluate_once_restores_updates_and_returns_the_final_op(graph, tmp_path, trained):
    weight = v1.get_variable("w", initializer=0.0)
    step = v1.train.get_or_create_global_step()
    value, update = accuracy()
    v1.summary.scalar("accuracy", value)
    final = evaluation.evaluate_once(
        "", tf.train.latest_checkpoint(trained), str(tmp_path), 4, eval_op=update, final_op=[value, weight, step]
    )
    np.testing.assert_allclose(final, [2 / 3, 3 / 8, 3])
    assert tags(tmp_path) == {"accuracy_1"}  # The metric has the name `accuracy` already.


def test_no_summaries_are_written_with_summary_op_none(graph, tmp_path, trained):
    v1.get_variable("w", initializer=0.0)
    v1.summary.scalar("x", tf.constant(1.0))
    evaluation.evaluate_once("", tf.train.latest_checkpoint(trained), str(tmp_path), summary_op=None)
    assert not list(tmp_path.iterdir())


def test_variables_to_restore_may_be_named_otherwise_in_the_checkpoint(graph, tmp_path, trained):
    renamed = v1.get_variable("renamed", initializer=0.0)
    step = v1.train.get_or_create_global_step()
    final = evaluation.evaluate_once(
        "",
        tf.train.latest_checkpoint(trained),
        str(tmp_path),
        final_op=renamed,
        variables_to_restore={"w": renamed, "global_step": step},
    )
    assert final == 3 / 8


def test_a_variable_that_is_not_restored_is_named(graph, tmp_path, trained):
    restored = v1.get_variable("w", initializer=0.0)
    v1.get_variable("forgotten", initializer=5.0)
    with pytest.raises(RuntimeError, match="forgotten"):
        evaluation.evaluate_once(
            "", tf.train.latest_checkpoint(trained), str(tmp_path), variables_to_restore=[restored]
        )


def test_initial_op_runs_where_there_is_no_checkpoint(graph, tmp_path):
    weight = v1.get_variable("w", initializer=0.0)
    v1.train.get_or_create_global_step()
    fed = v1.placeholder(tf.float32, [])
    with tf.control_dependencies([v1.global_variables_initializer()]):
        initial_op = v1.assign(weight, fed)
    final = evaluation.evaluate_once(
        "", None, str(tmp_path), initial_op=initial_op, initial_op_feed_dict={fed: 9.0}, final_op=weight
    )
    assert final == 9.0


def test_evaluation_loop_evaluates_new_checkpoints_until_the_timeout(graph, tmp_path, trained):
    weight = v1.get_variable("w", initializer=0.0)
    value, update = accuracy()
    final = evaluation.evaluation_loop(
        "",
        trained,
        str(tmp_path),
        num_evals=2,
        eval_op=[update],
        final_op={"accuracy": value, "w": weight},
        eval_interval_secs=0,
        timeout=0,
    )
    np.testing.assert_allclose([final["accuracy"], final["w"]], [2 / 3, 3 / 8])


def test_evaluation_loop_asks_timeout_fn_whether_to_end(graph, tmp_path):
    v1.get_variable("w", initializer=0.0)
    answers = [False, False, True]
    final = evaluation.evaluation_loop(
        "", str(tmp_path / "nothing"), str(tmp_path), timeout=0, timeout_fn=lambda: answers.pop(0)
    )
    assert final is None and answers == []


def test_evaluation_loop_stops_after_the_given_number_and_runs_hooks(graph, tmp_path, trained):
    v1.get_variable("w", initializer=0.0)
    called = []

    class Hook(v1.train.SessionRunHook):
        def after_run(self, run_context, run_values):
            called.append("run")

    evaluation.evaluation_loop(
        "",
        trained,
        str(tmp_path),
        num_evals=3,
        eval_op=tf.no_op(),
        max_number_of_evaluations=1,
        hooks=[Hook()],
    )
    assert called == ["run"] * 3


def test_a_missing_checkpoint_is_an_error(graph, tmp_path):
    v1.get_variable("w", initializer=0.0)
    with pytest.raises((ValueError, tf.errors.OpError)):
        evaluation.evaluate_once("", str(tmp_path / "model.ckpt-7"), str(tmp_path))
