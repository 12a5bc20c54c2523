"""`evaluation` in TF2 mode: functions that measure a batch, checkpoints, metrics, summaries."""

import glob
import os
import threading
import time

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import evaluation, learning
from slimshim.training import evaluation as train_eval

v1 = tf.compat.v1

RANDOM = np.random.RandomState(0)
INPUTS = RANDOM.randn(24, 3).astype("float32")
LABELS = INPUTS[:, 0] > 0
DATA = tf.data.Dataset.from_tensor_slices((INPUTS, LABELS)).batch(10)


def net(x):
    return tf.squeeze(slim.fully_connected(x, 1, activation_fn=None), -1)


def loss():
    slim.losses.sigmoid_cross_entropy(net(INPUTS), LABELS)
    return slim.losses.get_total_loss()


def measure(x, labels):
    return {"accuracy": slim.metrics.streaming_accuracy(net(x) > 0, labels), "count": slim.metrics.count(labels)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A directory with checkpoints of steps 0, 2 and 40."""
    logdir = str(tmp_path_factory.mktemp("trained"))
    tf.random.set_seed(1)
    for end in (2, 40):
        step = learning.create_train_op(loss, v1.train.AdamOptimizer(0.1))
        learning.train(step, logdir, number_of_steps=end, save_summaries_secs=0)
    return logdir


def accuracy_by_hand(path):
    reader = tf.train.load_checkpoint(path)
    logits = INPUTS @ reader.get_tensor("fully_connected/weights") + reader.get_tensor("fully_connected/biases")
    return np.mean((logits[:, 0] > 0) == LABELS)


def events(directory):
    found = []
    for path in sorted(glob.glob(os.path.join(str(directory), "events*"))):
        for record in tf.data.TFRecordDataset(path):
            event = v1.Event.FromString(record.numpy())
            for v in event.summary.value:
                number = float(tf.make_ndarray(v.tensor)) if v.HasField("tensor") else v.simple_value
                found.append((event.step, v.tag, number))
    return found


@pytest.mark.parametrize("at", [0, 40])
def test_one_checkpoint_is_restored_measured_and_written(trained, tmp_path, at):
    path = os.path.join(trained, f"model.ckpt-{at}")
    found = evaluation.evaluate_once("", path, str(tmp_path), num_evals=None, eval_op=measure, data=DATA)
    assert found["count"] == 24
    np.testing.assert_allclose(found["accuracy"], accuracy_by_hand(path), rtol=1e-6)
    written = {tag: (step, value) for step, tag, value in events(tmp_path)}
    assert written["count"] == (at, 24.0)
    np.testing.assert_allclose(written["accuracy"][1], found["accuracy"], rtol=1e-6)


def test_a_number_of_batches_and_no_summaries(trained, tmp_path):
    path = tf.train.latest_checkpoint(trained)
    found = evaluation.evaluate_once("", path, str(tmp_path), num_evals=2, eval_op=measure, data=DATA, summary_op=None)
    assert found["count"] == 20 and os.listdir(tmp_path) == []


def test_a_function_that_reads_its_own_input_and_a_module_to_restore(trained, tmp_path):
    model = slim.Module(net)
    batches = iter(DATA.repeat())

    def measure_next():
        x, labels = next(batches)
        slim.summaries.add_scalar_summary(tf.constant(7.0), "of_the_function")
        return slim.metrics.aggregate_metric_map({"accuracy": slim.metrics.streaming_accuracy(model(x) > 0, labels)})

    found = evaluation.evaluate_once(
        "",
        tf.train.latest_checkpoint(trained),
        str(tmp_path),
        num_evals=3,
        eval_op=measure_next,
        final_op=lambda: {"weights": model.variables[0] + 0.0},
        variables_to_restore=model,
    )
    reader = tf.train.load_checkpoint(trained)
    np.testing.assert_array_equal(found["weights"], reader.get_tensor("fully_connected/weights"))
    assert (40, "of_the_function", 7.0) in events(tmp_path)


def test_a_keras_model_is_restored_and_measured(trained, tmp_path):
    inputs = tf.keras.Input([3])
    model = tf.keras.Model(inputs, slim.fully_connected(inputs, 1, activation_fn=None))

    def measure_keras(x, labels):
        return slim.metrics.streaming_accuracy(model(x)[:, 0] > 0, labels)

    path = tf.train.latest_checkpoint(trained)
    found = evaluation.evaluate_once("", path, None, num_evals=None, eval_op=measure_keras, data=DATA)
    np.testing.assert_allclose(found, accuracy_by_hand(path), rtol=1e-6)


def test_each_new_checkpoint_starts_its_sums_and_its_data_anew(trained, tmp_path):
    copied = tmp_path / "copied"
    copied.mkdir()
    paths = [os.path.join(trained, f"model.ckpt-{at}") for at in (0, 2, 40)]

    def write_one_after_the_other():
        for path in paths:
            for file in glob.glob(path + ".*"):
                tf.io.gfile.copy(file, str(copied / os.path.basename(file)))
            v1.train.update_checkpoint_state(str(copied), str(copied / os.path.basename(path)))
            while not any(step == int(path.rpartition("-")[2]) for step, _, _ in events(tmp_path / "eval")):
                time.sleep(0.05)

    thread = threading.Thread(target=write_one_after_the_other)
    thread.start()
    found = evaluation.evaluation_loop(
        "",
        str(copied),
        str(tmp_path / "eval"),
        num_evals=None,
        eval_op=measure,
        data=DATA,
        eval_interval_secs=0,
        max_number_of_evaluations=3,
    )
    thread.join()
    assert found["count"] == 24
    counts = [(step, value) for step, tag, value in events(tmp_path / "eval") if tag == "count"]
    assert counts == [(0, 24.0), (2, 24.0), (40, 24.0)]


def test_a_timeout_ends_the_loop(tmp_path):
    found = evaluation.evaluation_loop("", str(tmp_path), None, eval_op=measure, data=DATA, timeout=0)
    assert found is None


def test_training_evaluation_takes_functions_too(trained, tmp_path):
    path = tf.train.latest_checkpoint(trained)
    hooks = [train_eval.StopAfterNEvalsHook(2), train_eval.SummaryAtEndHook(str(tmp_path))]
    found = train_eval.evaluate_once(path, eval_ops=measure, hooks=hooks, data=DATA)
    assert found["count"] == 20 and (40, "count", 20.0) in events(tmp_path)
    found = train_eval.evaluate_repeatedly(trained, eval_ops=measure, data=DATA, max_number_of_evaluations=1)
    assert found["count"] == 24
    with pytest.raises(ValueError, match="hooks: expected StopAfterNEvalsHook"):
        train_eval.evaluate_once(path, eval_ops=measure, hooks=[v1.train.StopAtStepHook(1)], data=DATA)
    with pytest.raises(ValueError, match="scaffold: expected nothing"):
        train_eval.evaluate_once(path, eval_ops=measure, scaffold="scaffold", data=DATA)


def test_without_a_checkpoint_the_initial_function_is_called():
    w = tf.Variable(1.0, name="w")
    found = evaluation.evaluate_once("", None, None, eval_op=lambda: w + 0.0, initial_op=lambda: w.assign(5.0))
    assert found == 5.0


@pytest.mark.parametrize(
    "arguments, error",
    [
        ({"data": None}, "eval_op: expected a function without arguments, because data=None"),
        ({"master": "grpc://there"}, "master: expected nothing"),
        ({"final_op": 3}, "final_op: expected None or a function"),
        ({"data": DATA.take(0)}, "eval_op: expected at least one batch"),
        ({"num_evals": 0}, "num_evals: expected None or a positive number"),
        ({"eval_op": lambda x, y: slim.fully_connected(x, 1, scope="other")}, "other/weights"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_errors_are_clear(trained, arguments, error):
    arguments = {
        "master": "",
        "checkpoint_path": tf.train.latest_checkpoint(trained),
        "logdir": None,
        "eval_op": measure,
        "data": DATA,
        **arguments,
    }
    with pytest.raises(ValueError, match=error):
        evaluation.evaluate_once(**arguments)


def test_a_function_within_a_graph_is_a_clear_error(graph):
    with pytest.raises(ValueError, match="eval_op:.*a tf.Graph is entered"):
        evaluation.evaluate_once("", None, None, eval_op=measure, data=DATA)


def test_a_graph_takes_no_data(graph):
    with pytest.raises(ValueError, match="data: expected None"):
        evaluation.evaluate_once("", None, None, eval_op=tf.constant(1.0), data=DATA)
