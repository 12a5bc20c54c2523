"""TF 1.15 takes up a training of the TF2 loop: opt-in, by SLIMSHIM_TF115_PYTHON, a Python that has it."""

import os
import subprocess

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import learning

v1 = tf.compat.v1

INPUTS = np.random.RandomState(0).randn(8, 3).astype("float32")

PROGRAM = """
import numpy as np, tensorflow as tf
from tensorflow.contrib import slim
assert tf.__version__.startswith("1.15")
inputs = np.load("inputs.npy")
params = {"is_training": True, "decay": 0.9}
hidden = slim.fully_connected(inputs, 4, normalizer_fn=slim.batch_norm, normalizer_params=params)
slim.losses.mean_squared_error(slim.fully_connected(hidden, 1, activation_fn=None), tf.ones([8, 1]))
loss = slim.losses.get_total_loss()
train_op = slim.learning.create_train_op(loss, tf.train.AdamOptimizer(0.05))
with tf.Session() as session:
    # All variables, Adam's too: a name that is missing would be an error.
    tf.train.Saver(tf.global_variables()).restore(session, tf.train.latest_checkpoint("logs"))
    assert session.run(tf.train.get_global_step()) == 5
    np.save("losses.npy", [session.run(train_op) for _ in range(4)])
"""


def total_loss():
    params = {"is_training": True, "decay": 0.9}
    hidden = slim.fully_connected(INPUTS, 4, normalizer_fn=slim.batch_norm, normalizer_params=params)
    slim.losses.mean_squared_error(slim.fully_connected(hidden, 1, activation_fn=None), tf.ones([8, 1]))
    return slim.losses.get_total_loss()


@pytest.mark.skipif("SLIMSHIM_TF115_PYTHON" not in os.environ, reason="SLIMSHIM_TF115_PYTHON names no Python")
def test_tf_1_15_goes_on_where_the_tape_stopped(tmp_path):
    step = learning.create_train_op(total_loss, v1.train.AdamOptimizer(0.05))
    learning.train(step, str(tmp_path / "logs"), number_of_steps=5)
    here = [float(step()) for _ in range(4)]
    np.save(tmp_path / "inputs.npy", INPUTS)
    (tmp_path / "program.py").write_text(PROGRAM)
    # TensorFlow 2 sets TF2_BEHAVIOR, which TensorFlow 1.15 would follow.
    left_out = ("PYTHONPATH", "TF2_BEHAVIOR")
    environment = {key: value for key, value in os.environ.items() if key not in left_out}
    python = os.environ["SLIMSHIM_TF115_PYTHON"]
    done = subprocess.run([python, "program.py"], cwd=tmp_path, env=environment, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:].decode(errors="replace")
    np.testing.assert_allclose(np.load(tmp_path / "losses.npy"), here, rtol=0, atol=1e-5)
