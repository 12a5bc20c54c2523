"""Filling variables from values and checkpoints, in graph and TF2 mode."""

import logging

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A TF1 checkpoint of A/weights [2, 3] and B/biases [4]."""
    path = str(tmp_path_factory.mktemp("checkpoint") / "model.ckpt")
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("A/weights", initializer=tf.reshape(tf.range(6.0), [2, 3]))
        v1.get_variable("B/biases", initializer=tf.range(4.0))
        session.run(v1.global_variables_initializer())
        return v1.train.Saver().save(session, path)


def test_values_are_assigned_by_name(graph):
    var = slim.variable("A/w", [2, 2])
    slim.variable("A/w2", [2, 2])
    init = slim.assign_from_values_fn({"A/w": np.arange(4.0)})
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        init(session)
        assert session.run(var).tolist() == [[0, 1], [2, 3]]


def test_values_for_an_unknown_name_get_the_nearest_names(graph):
    slim.variable("A/w", [2])
    with pytest.raises(ValueError, match=r"Variable B/w wasn't found.*A/w"):
        slim.assign_from_values({"B/w": np.zeros(2)})


def test_values_of_another_size_are_an_error_with_both_shapes(graph):
    slim.variable("w", [2, 3])
    with pytest.raises(ValueError, match=r"\(2, 3\).*\(5,\)"):
        slim.assign_from_values({"w": np.zeros(5)})


@pytest.mark.parametrize("as_dict", [False, True])
def test_a_checkpoint_fills_variables(graph, checkpoint, as_dict):
    var = slim.variable("mine" if as_dict else "A/weights", [2, 3])
    wanted = {"A/weights": var} if as_dict else [var]
    assign_op, feed = slim.assign_from_checkpoint(checkpoint, wanted)
    init = slim.assign_from_checkpoint_fn(checkpoint, wanted)
    for run in (lambda s: s.run(assign_op, feed), init):
        with v1.Session() as session:
            session.run(v1.global_variables_initializer())
            run(session)
            assert session.run(var).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_the_parts_of_a_partitioned_variable_take_their_slices(graph, checkpoint):
    parts = slim.variable("A/weights", [2, 3], partitioner=v1.fixed_size_partitioner(2))
    assign_op, feed = slim.assign_from_checkpoint(checkpoint, list(parts))
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(assign_op, feed)
        assert [session.run(part).tolist() for part in parts] == [[[0, 1, 2]], [[3, 4, 5]]]


def test_a_missing_key_names_the_nearest_keys(graph, checkpoint):
    var = slim.variable("Model/A/weights", [2, 3])
    with pytest.raises(
        ValueError, match=r"missing variable \[Model/A/weights\] \(nearest names there: \['A/weights'\]"
    ):
        slim.assign_from_checkpoint(checkpoint, [var])
    init = slim.assign_from_checkpoint_fn(checkpoint, [var])
    with v1.Session() as session, pytest.raises(tf.errors.NotFoundError, match="A/weights"):
        init(session)


def test_missing_keys_can_be_ignored_with_a_warning(graph, checkpoint, caplog):
    here, gone = slim.variable("A/weights", [2, 3]), slim.variable("gone", [1])
    with caplog.at_level(logging.WARNING):
        init = slim.assign_from_checkpoint_fn(checkpoint, [here, gone], ignore_missing_vars=True)
        assert slim.assign_from_checkpoint_fn(checkpoint, [gone], ignore_missing_vars=True) is None
    assert "gone" in caplog.text
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        init(session)
        assert session.run(here)[1, 2] == 5


def test_another_shape_is_an_error_with_both_shapes(graph, checkpoint):
    var = slim.variable("A/weights", [3, 2])
    with pytest.raises(ValueError, match=r"A/weights.*\(2, 3\).*\(3, 2\)"):
        slim.assign_from_checkpoint(checkpoint, [var])


def test_another_shape_of_equal_size_can_be_reshaped(graph, checkpoint):
    var = slim.variable("A/weights", [3, 2])
    init = slim.assign_from_checkpoint_fn(checkpoint, [var], reshape_variables=True)
    with v1.Session() as session:
        init(session)
        assert session.run(var).tolist() == [[0, 1], [2, 3], [4, 5]]


def test_an_empty_list_is_an_error_that_says_what_to_check(checkpoint):
    with pytest.raises(ValueError, match="var_list cannot be empty"):
        slim.assign_from_checkpoint_fn(checkpoint, [])


def test_a_path_without_a_checkpoint_is_a_clear_error(graph, tmp_path):
    var = slim.variable("a", [1])
    with pytest.raises(ValueError, match="model_path: no checkpoint found"):
        slim.assign_from_checkpoint(str(tmp_path), [var])
    with pytest.raises(ValueError, match="model_path: cannot open"):
        slim.assign_from_checkpoint(str(tmp_path / "nothing"), [var])


def test_a_directory_stands_for_its_latest_checkpoint(graph, checkpoint):
    import os

    var = slim.variable("A/weights", [2, 3])
    _, feed = slim.assign_from_checkpoint(os.path.dirname(checkpoint), [var])
    assert np.ravel(list(feed.values())[0]).tolist() == [0, 1, 2, 3, 4, 5]


def test_restoring_works_in_tf2_mode(checkpoint):
    var = tf.Variable(tf.zeros([2, 3]), name="A/weights")
    slim.assign_from_checkpoint_fn(checkpoint, [var])()
    assert var.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    var.assign(tf.zeros([2, 3]))
    slim.assign_from_checkpoint(checkpoint, {"A/weights": var})
    assert var.numpy()[1, 2] == 5


def _program(body, v2):
    """Runs a snippet in a process of its own, with v2 behaviour on or off; returns what it prints."""
    import subprocess
    import sys
    import textwrap

    switch = "" if v2 else "tf.compat.v1.disable_v2_behavior()"
    code = f"""
import tensorflow as tf
{switch}
import slimshim as slim
v1 = tf.compat.v1
with tf.Graph().as_default():
{textwrap.indent(textwrap.dedent(body), "    ")}
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("v2", [True, False])
def test_no_way_of_restoring_takes_a_value_of_another_shape(checkpoint, tmp_path, v2):
    """TensorFlow itself does, with resource variables, and goes on with the wrong weights."""
    logdir = tmp_path / "logdir"
    printed = _program(
        f"""
        with v1.Session() as session:  # A checkpoint of an earlier model, in a logdir.
            v1.get_variable("w", [3])
            v1.train.create_global_step()
            session.run(v1.global_variables_initializer())
            path = v1.train.Saver().save(session, {str(logdir / "model.ckpt")!r}, global_step=5)

        def refused(attempt):
            try:
                attempt()
            except tf.errors.InvalidArgumentError as error:
                print("refused:", error.message)

        with tf.Graph().as_default():
            var = slim.variable("w", [5])
            step = slim.get_or_create_global_step()
            init = slim.assign_from_checkpoint_fn(path, [var])
            with v1.Session() as session:
                refused(lambda: init(session))
            final = tf.identity(var)
            refused(lambda: slim.evaluation.evaluate_once("", path, {str(tmp_path / "eval")!r}, final_op=final))
            op = slim.learning.create_train_op(tf.reduce_sum(var), v1.train.GradientDescentOptimizer(0.1))
            refused(lambda: slim.learning.train(op, {str(logdir)!r}, number_of_steps=9))
        """,
        v2,
    )
    refusals = [line for line in printed.splitlines() if line.startswith("refused:")]
    assert len(refusals) == 3, printed
    for line in refusals:
        assert "w has shape (5,) in the model, and shape (3,)" in line
    assert tf.train.latest_checkpoint(logdir).endswith("-5")


def test_resuming_names_the_nearest_keys_where_the_checkpoint_lacks_one(graph, tmp_path):
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("net/weights", [3])
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    var = slim.variable("Model/net/weights", [3])
    train_op = slim.learning.create_train_op(tf.reduce_sum(var), v1.train.GradientDescentOptimizer(0.1))
    with pytest.raises(tf.errors.NotFoundError, match=r"nearest names there: \['net/weights'\]"):
        slim.learning.train(train_op, str(tmp_path), number_of_steps=1)


def test_tf2_mode_names_what_an_object_based_checkpoint_lacks(tmp_path):
    path = tf.train.Checkpoint(v=tf.Variable([1.0, 2.0])).save(str(tmp_path / "ckpt"))
    restore = slim.assign_from_checkpoint_fn(path, [tf.Variable([0.0, 0.0], name="weights")])
    with pytest.raises(tf.errors.NotFoundError, match=r"missing variable \[weights\]"):
        restore()
