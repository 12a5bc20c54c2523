"""Makes `training.json`: train ops, gradients, training and evaluation of TF 1.15.

To make it again: `python3 tests/golden/regenerate.py training`. Whole trajectories: learning_trajectories.py.
"""

import glob
import os
import tempfile

import numpy as np
import tensorflow as tf
from golden_cases import Cases, names, outcome, run

v1 = tf.compat.v1
cases = CASES = Cases()


# --- gradients


def _gradients():
    """Returns pairs with a long dense gradient, a short one, a sparse one, and none."""
    variables = [v1.get_variable(f"v{i}", [3, 2], initializer=v1.ones_initializer()) for i in range(4)]
    sparse = tf.IndexedSlices(tf.constant([[3.0, 4.0], [0.0, 1.0]]), tf.constant([2, 0]), tf.constant([3, 2]))
    gradients = [tf.constant([[3.0, 4.0]] * 3), tf.constant([[0.1, 0.2]] * 3), sparse, None]
    return list(zip(gradients, variables))


def _numbers(pairs):
    dense = [g.values if isinstance(g, tf.IndexedSlices) else g for g, _ in pairs if g is not None]
    return run(dense), [isinstance(g, tf.IndexedSlices) for g, _ in pairs], [v.op.name for _, v in pairs]


@cases.of("learning.clip_gradient_norms")
def clipped_gradients(lib):
    return _numbers(lib("learning").clip_gradient_norms(_gradients(), 2.0))


@cases.of("training.training.clip_gradient_norms", "training.training.clip_gradient_norms_fn")
def clipped_gradients_of_training(lib):
    training, pairs = lib("training.training"), _gradients()
    return _numbers(training.clip_gradient_norms(pairs, 1.5)), _numbers(training.clip_gradient_norms_fn(0.5)(pairs))


def _multiplied(multiply):
    pairs = _gradients()
    found = multiply(pairs, {"v0": 2.0, "v2": tf.constant(-0.5)})
    wrong = [
        outcome(multiply, pairs, {"v3": 1.0}),
        outcome(multiply, tuple(pairs), {"v0": 1.0}),
        outcome(multiply, pairs, {}),
        outcome(multiply, pairs, 3),
    ]
    return _numbers(found), wrong


@cases.of("learning.multiply_gradients")
def multiplied_gradients(lib):
    return _multiplied(lib("learning").multiply_gradients)


@cases.of("training.training.multiply_gradients")
def multiplied_gradients_of_training(lib):
    return _multiplied(lib("training.training").multiply_gradients)


def _summarized(add):
    made = add(_gradients())
    return names(made), sorted(names(v1.get_collection("summaries"))), [item.op.type for item in made]


@cases.of("learning.add_gradients_summaries")
def summaries_of_gradients(lib):
    return _summarized(lib("learning").add_gradients_summaries)


@cases.of("training.training.add_gradients_summaries")
def summaries_of_gradients_of_training(lib):
    return _summarized(lib("training.training").add_gradients_summaries)


# --- train ops


def _model():
    """Returns the loss of a small regression with an update op."""
    inputs = tf.constant(np.random.RandomState(1).uniform(-1, 1, (8, 3)).astype(np.float32))
    weights = v1.get_variable("weights", [3, 1], initializer=v1.constant_initializer(0.5))
    bias = v1.get_variable("bias", [1], initializer=v1.zeros_initializer())
    average = v1.get_variable("average", [], initializer=v1.zeros_initializer(), trainable=False)
    outputs = tf.matmul(inputs, weights) + bias
    v1.add_to_collection("update_ops", v1.assign(average, 0.5 * average + tf.reduce_mean(outputs)))
    return tf.reduce_mean(tf.square(outputs - tf.reduce_sum(inputs, axis=1, keepdims=True) - 0.3))


def _five_steps(train_op):
    """Returns the losses of five steps, all variables after them, and what the graph holds."""
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        losses = [session.run(train_op) for _ in range(5)]
        values = session.run({v.op.name: v for v in v1.global_variables()})
    return {
        "losses": losses,
        "variables": values,
        "train_op": [train_op.op.name, train_op.dtype, train_op.shape],
        "collected": names(v1.get_collection("train_op")),
        "summaries": names(v1.get_collection("summaries")),
    }


@cases.of("learning.create_train_op")
def train_op(lib):
    return _five_steps(lib("learning").create_train_op(_model(), v1.train.MomentumOptimizer(0.1, 0.9)))


@cases.of("learning.create_train_op")
def train_op_of_some_variables_without_updates(lib):
    loss = _model()
    step = v1.get_variable("my_step", initializer=3, trainable=False)
    return _five_steps(
        lib("learning").create_train_op(
            loss,
            v1.train.GradientDescentOptimizer(0.3),
            global_step=step,
            update_ops=[],
            variables_to_train=v1.trainable_variables()[:1],
            clip_gradient_norm=0.1,
            gradient_multipliers={"weights": 2.0},
            summarize_gradients=True,
            check_numerics=False,
        )
    )


@cases.of("learning.create_train_op")
def train_op_without_step(lib):
    return _five_steps(lib("learning").create_train_op(_model(), v1.train.AdamOptimizer(0.1), global_step=None))


@cases.of("training.training.create_train_op")
def train_op_of_training(lib):
    training = lib("training.training")
    return _five_steps(
        training.create_train_op(
            _model(),
            v1.train.GradientDescentOptimizer(0.3),
            transform_grads_fn=training.clip_gradient_norms_fn(0.1),
            summarize_gradients=True,
        )
    )


# --- loops


def _saved(folder, step):
    reader = v1.train.NewCheckpointReader(os.path.join(folder, f"model.ckpt-{step}"))
    return {name: reader.get_tensor(name) for name in sorted(reader.get_variable_to_shape_map())}


def _tags(folder):
    """Returns [step, tag] of all summaries in a folder but those of how fast it went."""
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "events*"))):
        for event in v1.train.summary_iterator(path):
            found += [[event.step, value.tag] for value in event.summary.value if "/sec" not in value.tag]
    return sorted(found)


@cases.of("learning.train", "learning.train_step")
def training_by_learning(lib):
    learning, folder = lib("learning"), tempfile.mkdtemp()
    train_op = learning.create_train_op(_model(), v1.train.GradientDescentOptimizer(0.2))
    loss = learning.train(train_op, folder, number_of_steps=4, save_summaries_secs=0, log_every_n_steps=0)
    return loss, _saved(folder, 4)


@cases.of("learning.train")
def training_that_goes_on(lib):
    learning, folder, losses = lib("learning"), tempfile.mkdtemp(), []
    for steps in (2, 5):
        with tf.Graph().as_default():
            train_op = learning.create_train_op(_model(), v1.train.AdamOptimizer(0.1))
            losses.append(learning.train(train_op, folder, number_of_steps=steps, save_summaries_secs=0))
    return losses, _saved(folder, 5)


@cases.of("training.training.train")
def training_by_training(lib):
    training, folder = lib("training.training"), tempfile.mkdtemp()
    train_op = training.create_train_op(_model(), v1.train.GradientDescentOptimizer(0.2))
    loss = training.train(train_op, folder, hooks=[v1.train.StopAtStepHook(4)], save_summaries_steps=None)
    return loss, _saved(folder, 4)


def _checkpoints(steps):
    """Saves a variable at several steps; returns the folder."""
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default(), v1.Session() as session:
        step = v1.train.get_or_create_global_step()
        value = v1.get_variable("value", initializer=0.0)
        saver = v1.train.Saver(max_to_keep=None)
        for number in steps:
            session.run([step.assign(number), value.assign(10.0 * number)])
            saver.save(session, os.path.join(folder, "model.ckpt"), number)
    return folder


def _evaluated_model():
    """Returns (eval op, value op): counts evaluations and adds up the restored value."""
    v1.train.get_or_create_global_step()
    value = v1.get_variable("value", initializer=0.0)
    total = v1.get_variable("total", initializer=0.0, trainable=False, collections=["local_variables"])
    v1.summary.scalar("the value", value)
    return v1.assign_add(total, value + 1.0), total


@cases.of("evaluation.evaluate_once")
def one_evaluation(lib):
    folder, logdir = _checkpoints([3]), tempfile.mkdtemp()
    update, total = _evaluated_model()
    result = lib("evaluation").evaluate_once(
        "", v1.train.latest_checkpoint(folder), logdir, num_evals=4, eval_op=update, final_op=total
    )
    return result, _tags(logdir)


@cases.of("evaluation.evaluate_once")
def one_evaluation_with_all_ops(lib):
    folder, logdir = _checkpoints([3]), tempfile.mkdtemp()
    update, total = _evaluated_model()
    fed, offset = v1.placeholder(tf.int64, []), v1.placeholder(tf.float32, [])
    step = v1.train.get_global_step()
    result = lib("evaluation").evaluate_once(
        "",
        v1.train.latest_checkpoint(folder),
        logdir,
        num_evals=2,
        initial_op=v1.assign(step, fed),
        initial_op_feed_dict={fed: 100},
        eval_op=update,
        final_op={"total": total + offset, "step": step},
        final_op_feed_dict={offset: 0.5},
        summary_op=None,
        variables_to_restore=v1.global_variables(),
    )
    return result, _tags(logdir)


@cases.of("evaluation.evaluation_loop")
def evaluation_in_a_loop(lib):
    folder, logdir = _checkpoints([2, 5]), tempfile.mkdtemp()
    update, total = _evaluated_model()
    result = lib("evaluation").evaluation_loop(
        "",
        folder,
        logdir,
        num_evals=3,
        eval_op=update,
        final_op=total,
        eval_interval_secs=0,
        max_number_of_evaluations=1,
        timeout=1,
    )
    return result, _tags(logdir)


@cases.of(
    "training.evaluation.evaluate_once",
    "training.evaluation.StopAfterNEvalsHook",
    "training.evaluation.SummaryAtEndHook",
)
def one_evaluation_of_training(lib):
    evaluation, folder, logdir = lib("training.evaluation"), _checkpoints([3]), tempfile.mkdtemp()
    update, total = _evaluated_model()
    result = evaluation.evaluate_once(
        v1.train.latest_checkpoint(folder),
        eval_ops=update,
        final_ops={"total": total},
        hooks=[evaluation.StopAfterNEvalsHook(3), evaluation.SummaryAtEndHook(logdir)],
    )
    return result, _tags(logdir)


@cases.of("training.evaluation.evaluate_repeatedly")
def evaluations_of_training(lib):
    evaluation, folder = lib("training.evaluation"), _checkpoints([2, 5])
    update, total = _evaluated_model()
    return evaluation.evaluate_repeatedly(
        folder,
        eval_ops=update,
        final_ops=[total],
        hooks=[evaluation.StopAfterNEvalsHook(2)],
        eval_interval_secs=0,
        max_number_of_evaluations=1,
        timeout=1,
    )


@cases.of("training.evaluation.get_or_create_eval_step")
def the_step_of_an_evaluation(lib):
    function = lib("training.evaluation").get_or_create_eval_step
    step = function()
    found = [key for key in v1.get_default_graph().get_all_collection_keys() if step in v1.get_collection_ref(key)]
    return step.op.name, step.dtype.base_dtype, sorted(key for key in found), function() is step


@cases.of("training.evaluation.checkpoints_iterator", "training.evaluation.wait_for_new_checkpoint")
def waiting_for_checkpoints(lib):
    evaluation, folder = lib("training.evaluation"), _checkpoints([2, 5])
    last = v1.train.latest_checkpoint(folder)
    found = list(evaluation.checkpoints_iterator(folder, timeout=0.1))
    calls = []
    again = list(
        evaluation.checkpoints_iterator(folder, timeout=0.1, timeout_fn=lambda: calls.append(1) or len(calls) > 1)
    )
    return (
        [os.path.basename(path) for path in found + again],
        len(calls),
        os.path.basename(evaluation.wait_for_new_checkpoint(folder)),
        evaluation.wait_for_new_checkpoint(folder, last, seconds_to_sleep=0, timeout=0.1),
    )


if __name__ == "__main__":
    cases.write("training.json")
