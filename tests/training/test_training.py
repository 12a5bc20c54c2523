"""training.training: train ops with a transform, and training in a monitored session."""

import glob

import numpy as np
import pytest
import tensorflow as tf

import slimshim.training.evaluation
from slimshim import training

v1 = tf.compat.v1


def halving_train_op(**kwargs):
    """w starts at 3 and is halved by each step; the loss is w²."""
    loss = tf.square(v1.get_variable("w", initializer=3.0))
    return training.create_train_op(loss, v1.train.GradientDescentOptimizer(0.25), **kwargs)


def is_reported(loss, expected):
    """Whether `loss` is that of the last step. Ref variables let it be read after the step too, as in TF1."""
    return loss == expected or (not tf.compat.v1.resource_variables_enabled() and loss == expected / 4)


def test_both_the_functions_and_the_modules_stand_in_the_package():
    assert training.create_train_op is training.training.create_train_op
    assert training.evaluation is slimshim.training.evaluation


def test_the_transform_gets_and_gives_the_gradients(graph):
    seen = []

    def negated(grads_and_vars):
        seen.extend(variable.op.name for _, variable in grads_and_vars)
        return [(-gradient, variable) for gradient, variable in grads_and_vars]

    train_op = halving_train_op(transform_grads_fn=negated)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(train_op)
        assert session.run(v1.trainable_variables()) == [4.5]
    assert seen == ["w"]


def test_clip_gradient_norms_fn_clips_to_its_norm(graph):
    [(clipped, _)] = training.clip_gradient_norms_fn(1.0)([(tf.constant([3.0, 4.0]), "v")])
    with v1.Session() as session:
        np.testing.assert_allclose(session.run(clipped), [0.6, 0.8], rtol=1e-6)


def test_gradient_summaries_have_an_underscore_here(graph):
    training.add_gradients_summaries([(tf.constant([3.0]), v1.get_variable("a", [1]))])
    names = [tensor.op.name for tensor in v1.get_collection(v1.GraphKeys.SUMMARIES)]
    assert names == ["a_gradient", "a_gradient_norm"]


def test_train_runs_to_the_hooks_last_step_and_resumes(tmp_path):
    for last_step in (2, 4):
        with tf.Graph().as_default():
            hooks = [v1.train.StopAtStepHook(last_step=last_step)]
            loss = training.train(halving_train_op(), str(tmp_path), hooks=hooks, save_summaries_steps=1)
    assert is_reported(loss, 9.0 / 4**3)
    reader = v1.train.NewCheckpointReader(str(tmp_path / "model.ckpt-4"))
    assert reader.get_tensor("w") == 3.0 / 2**4
    assert glob.glob(str(tmp_path / "events*"))


def test_train_finds_the_graph_of_its_train_op_outside_of_the_graphs_context():
    with tf.Graph().as_default():
        train_op = halving_train_op()
        hooks = [v1.train.StopAtStepHook(num_steps=1)]
    loss = training.train(train_op, None, hooks=hooks, save_checkpoint_secs=None, save_summaries_steps=None)
    assert is_reported(loss, 9.0)


def test_a_scaffold_initializes(graph):
    train_op = halving_train_op()
    weight = v1.trainable_variables()[0]
    assign = v1.assign(weight, 1.0)
    loss = training.train(
        train_op,
        None,
        scaffold=v1.train.Scaffold(init_fn=lambda _, session: session.run(assign)),
        hooks=[v1.train.StopAtStepHook(num_steps=1)],
        save_checkpoint_secs=None,
        save_summaries_steps=None,
    )
    assert is_reported(loss, 1.0)


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"save_checkpoint_secs": None}, "save_summaries_steps"),
        ({"save_summaries_steps": None}, "save_checkpoint_secs"),
    ],
)
def test_without_a_logdir_nothing_can_be_saved(graph, kwargs, message):
    with pytest.raises(ValueError, match=message):
        training.train(halving_train_op(), None, **kwargs)


def test_a_logdir_that_cannot_be_written_is_an_error_before_any_step(graph, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(tf.errors.OpError, match="logdir"):
        training.train(halving_train_op(), str(tmp_path / "file" / "logs"))
