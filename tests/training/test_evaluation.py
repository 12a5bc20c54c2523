"""training.evaluation: hooks, waiting for checkpoints, evaluating them."""

import glob
import os
import threading
import time

import goldens
import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.training import evaluation

v1 = tf.compat.v1


def save_checkpoint(directory, value, step):
    """Writes a checkpoint in which `w` is `value`."""
    with tf.Graph().as_default():
        v1.get_variable("w", initializer=float(value))
        global_step = v1.train.get_or_create_global_step()
        saver = v1.train.Saver()
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            session.run(v1.assign(global_step, step))
            return saver.save(session, os.path.join(str(directory), "model.ckpt"), global_step=step)


def weight_and_count():
    """The variable `w`, and an op that counts how often it runs; the count is a local variable."""
    weight = v1.get_variable("w", initializer=0.0)
    v1.train.get_or_create_global_step()
    count = v1.Variable(0, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES], use_resource=True)
    return weight, count, v1.assign_add(count, 1)


def summary_values(directory):
    return [
        (event.step, value.tag, value.simple_value)
        for path in sorted(glob.glob(os.path.join(str(directory), "events*")))
        for event in v1.train.summary_iterator(path)
        for value in event.summary.value
    ]


def test_a_checkpoint_of_tf1_is_evaluated_and_its_summary_read_back(graph, tmp_path):
    generator, facts = goldens.generator("tiny_resnet"), goldens.content("tiny_resnet")
    logits = generator.net(tf.constant(generator.IMAGES), slim.__name__)
    v1.train.get_or_create_global_step()
    v1.summary.scalar("first", logits[0, 0])
    found = evaluation.evaluate_once(
        str(goldens.GOLDEN / "tiny_resnet.ckpt"),
        final_ops=logits,
        hooks=[evaluation.SummaryAtEndHook(str(tmp_path))],
    )
    np.testing.assert_allclose(found, facts["logits"], rtol=1e-5, atol=1e-5)
    [(step, tag, value)] = summary_values(tmp_path)
    assert (step, tag) == (generator.STEPS, "first")
    assert value == pytest.approx(facts["logits"][0][0], abs=1e-5)


# Waiting.


def test_the_iterator_ends_after_a_timeout_without_checkpoints(tmp_path):
    assert list(evaluation.checkpoints_iterator(str(tmp_path), timeout=0)) == []


def test_the_iterator_yields_each_checkpoint_once_and_goes_on_while_timeout_fn_is_false(tmp_path):
    calls = []

    def timed_out():
        calls.append(len(calls))
        if len(calls) <= 2:
            save_checkpoint(tmp_path, 0, len(calls))
        return len(calls) == 4

    found = [os.path.basename(p) for p in evaluation.checkpoints_iterator(str(tmp_path), 0, 0, timed_out)]
    assert found == ["model.ckpt-1", "model.ckpt-2"]
    assert len(calls) == 4


def test_the_iterator_keeps_its_distance(tmp_path):
    save_checkpoint(tmp_path, 0, 1)
    iterator = evaluation.checkpoints_iterator(str(tmp_path), min_interval_secs=0.5, timeout=0)
    next(iterator)
    started = time.monotonic()
    save_checkpoint(tmp_path, 0, 2)
    next(iterator)
    assert time.monotonic() - started >= 0.45


def test_waiting_returns_none_when_only_the_known_checkpoint_is_there(tmp_path):
    path = save_checkpoint(tmp_path, 0, 1)
    assert evaluation.wait_for_new_checkpoint(str(tmp_path), timeout=0) == path
    assert evaluation.wait_for_new_checkpoint(str(tmp_path), path, 0.01, timeout=0.05) is None


def test_waiting_ends_when_a_checkpoint_appears(tmp_path):
    writer = threading.Timer(0.3, save_checkpoint, (tmp_path, 0, 1))
    writer.start()
    path = evaluation.wait_for_new_checkpoint(str(tmp_path / "."), seconds_to_sleep=0.05, timeout=30)
    writer.join()
    assert os.path.basename(path) == "model.ckpt-1"


# The eval step.


def test_the_eval_step_is_one_local_variable(graph):
    step = evaluation.get_or_create_eval_step()
    assert evaluation.get_or_create_eval_step() is step
    assert step.op.name == "eval_step" and step.dtype.base_dtype == tf.int64
    assert [v.op.name for v in v1.local_variables()] == ["eval_step"]
    assert not v1.global_variables() and not v1.trainable_variables()


def test_two_eval_steps_are_an_error(graph):
    for _ in range(2):
        v1.add_to_collection(v1.GraphKeys.EVAL_STEP, tf.constant(0))
    with pytest.raises(ValueError, match="EVAL_STEP"):
        evaluation.get_or_create_eval_step()


# Evaluating.


@pytest.mark.parametrize("form", ["tensor", "list", "dict", "values"])
def test_eval_ops_of_any_form_run_n_times_and_final_ops_once(graph, tmp_path, form):
    path = save_checkpoint(tmp_path, 7, 1)
    weight, count, update = weight_and_count()
    eval_ops = {"tensor": update, "list": [update], "dict": {"u": update}, "values": {"u": update}.values()}[form]
    hooks = [evaluation.StopAfterNEvalsHook(5)]
    final = evaluation.evaluate_once(path, eval_ops=eval_ops, final_ops={"w": weight, "n": count}, hooks=hooks)
    assert final == {"w": 7.0, "n": 5}
    assert len(hooks) == 1
    if form == "dict":
        assert list(eval_ops) == ["u"]


def test_without_eval_ops_only_the_final_ops_run(graph, tmp_path):
    path = save_checkpoint(tmp_path, 7, 1)
    weight, count, _ = weight_and_count()
    assert evaluation.evaluate_once(path, final_ops=[weight, count]) == [7.0, 0]
    with tf.Graph().as_default():
        weight_and_count()
        assert evaluation.evaluate_once(path) is None


def test_evaluation_without_a_limit_ends_with_the_input(graph, tmp_path):
    path = save_checkpoint(tmp_path, 7, 1)
    weight_and_count()
    sum_of_input = v1.Variable(0, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES], dtype=tf.int64)
    data = v1.data.make_one_shot_iterator(tf.data.Dataset.range(4)).get_next()
    hooks = [evaluation.StopAfterNEvalsHook(None)]
    final = evaluation.evaluate_once(
        path, eval_ops=v1.assign_add(sum_of_input, data), final_ops=sum_of_input, hooks=hooks
    )
    assert final == 0 + 1 + 2 + 3


def test_feeds_reach_eval_and_final_ops(graph, tmp_path):
    path = save_checkpoint(tmp_path, 7, 1)
    weight, _, _ = weight_and_count()
    fed = v1.placeholder(tf.float32, [])
    total = v1.Variable(0.0, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES], use_resource=True)
    final = evaluation.evaluate_once(
        path,
        eval_ops=v1.assign_add(total, fed),
        feed_dict={fed: 2.0},
        final_ops=[total, weight + fed],
        final_ops_feed_dict={fed: 100.0},
        hooks=[evaluation.StopAfterNEvalsHook(3)],
    )
    assert final == [6.0, 107.0]


def test_the_graph_is_found_outside_of_its_context(tmp_path):
    path = save_checkpoint(tmp_path, 7, 1)
    with tf.Graph().as_default():
        weight, _, update = weight_and_count()
    assert v1.get_default_graph() is not weight.graph
    hooks = [evaluation.StopAfterNEvalsHook(1)]
    assert evaluation.evaluate_once(path, eval_ops=update, final_ops=weight, hooks=hooks) == 7.0


@pytest.mark.skipif(not tf.executing_eagerly(), reason="v2 behaviour is off: the default graph is meant")
def test_in_eager_mode_without_a_graph_the_error_says_what_to_do(tmp_path):
    with pytest.raises(ValueError, match=r"tf\.Graph\(\)\.as_default"):
        evaluation.evaluate_once(str(tmp_path / "model.ckpt"))


def test_evaluating_repeatedly_takes_each_new_checkpoint_and_returns_the_last_values(graph, tmp_path):
    save_checkpoint(tmp_path, 1, 1)
    weight, count, update = weight_and_count()
    seen = []

    class Look(v1.train.SessionRunHook):
        def end(self, session):
            seen.append(float(session.run(weight)))
            if len(seen) == 1:
                save_checkpoint(tmp_path, 2, 2)

    hooks = [Look(), evaluation.StopAfterNEvalsHook(2)]
    final = evaluation.evaluate_repeatedly(
        str(tmp_path), eval_ops=update, final_ops=[weight, count], hooks=hooks, eval_interval_secs=0, timeout=0
    )
    assert seen == [1.0, 2.0]
    assert final == [2.0, 2]  # Local variables begin anew for each checkpoint.


def test_the_number_of_evaluations_can_be_limited(graph, tmp_path):
    save_checkpoint(tmp_path, 1, 1)
    weight, _, _ = weight_and_count()
    final = evaluation.evaluate_repeatedly(
        str(tmp_path), final_ops=weight, max_number_of_evaluations=1, eval_interval_secs=60
    )
    assert final == 1.0


def test_evaluating_repeatedly_without_any_checkpoint_returns_none(graph, tmp_path):
    weight, _, _ = weight_and_count()
    assert evaluation.evaluate_repeatedly(str(tmp_path), final_ops=weight, timeout=0) is None


@pytest.mark.parametrize(
    "num_evals, logged",
    [(3, ["1/3", "2/3", "3/3"]), (25, [f"{n}/25" for n in (*range(2, 25, 2), 25)])],
)
def test_progress_is_logged_at_every_step_of_a_few_and_at_every_tenth_of_many(
    graph, tmp_path, caplog, num_evals, logged
):
    v1.logging.set_verbosity(v1.logging.INFO)
    path = save_checkpoint(tmp_path, 1, 1)
    _, _, update = weight_and_count()
    evaluation.evaluate_once(path, eval_ops=update, hooks=[evaluation.StopAfterNEvalsHook(num_evals)])
    lines = [r.getMessage() for r in caplog.records]
    assert [line[12:-1] for line in lines if line.startswith("Evaluation [")] == logged


# Summaries.


def test_summaries_are_written_once_with_the_checkpoints_step(graph, tmp_path):
    path = save_checkpoint(tmp_path, 7, 42)
    weight, _, update = weight_and_count()
    v1.summary.scalar("weight", weight)
    hooks = [evaluation.StopAfterNEvalsHook(3), evaluation.SummaryAtEndHook(str(tmp_path / "eval"))]
    evaluation.evaluate_once(path, eval_ops=update, hooks=hooks)
    assert summary_values(tmp_path / "eval") == [(42, "weight", 7.0)]


def test_a_summary_op_can_be_chosen_and_fed(graph, tmp_path):
    path = save_checkpoint(tmp_path, 7, 42)
    weight_and_count()
    fed = v1.placeholder(tf.float32, [])
    v1.summary.scalar("not_this", fed)
    chosen = v1.summary.scalar("this", fed)
    writer = v1.summary.FileWriter(str(tmp_path / "eval"))
    hook = evaluation.SummaryAtEndHook(summary_writer=writer, summary_op=chosen, feed_dict={fed: 5.0})
    evaluation.evaluate_once(path, hooks=[hook])
    writer.close()
    np.testing.assert_equal(summary_values(tmp_path / "eval"), [(42, "this", 5.0)])


def test_a_summary_hook_needs_a_place_to_write():
    with pytest.raises(ValueError, match="log_dir"):
        evaluation.SummaryAtEndHook()
