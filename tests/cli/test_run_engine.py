"""`run --engine tape`: a program that builds its train op by hand is trained under a tape."""

import pathlib
import subprocess
import sys
import textwrap

PROGRAM = """
    import sys
    import numpy as np
    import tensorflow as tf
    from tensorflow.contrib import slim

    tf.logging.set_verbosity(tf.logging.INFO)
    tf.set_random_seed(1)
    random = np.random.RandomState(0)
    inputs = random.randn(32, 4).astype(np.float32)
    x = tf.train.batch([tf.train.input_producer(inputs, shuffle=False).dequeue()], 8)
    net = slim.fully_connected(x, 6, normalizer_fn=slim.batch_norm)
    net = tf.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, tf.tanh(h)), [0, net])[1]
    loss = tf.reduce_mean(tf.square(slim.fully_connected(net, 1, activation_fn=None) - x[:, :1]))
    optimizer = tf.train.AdamOptimizer(0.1)
    variables = tf.trainable_variables()
    gradients = tf.clip_by_global_norm(tf.gradients(loss, variables), 0.5)[0]
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    updates.append(optimizer.apply_gradients(zip(gradients, variables), tf.train.get_or_create_global_step()))
    with tf.control_dependencies(updates):
        train_op = tf.identity(tf.check_numerics(loss, "LossTensor is inf or nan"))
    slim.learning.train(train_op, sys.argv[1], number_of_steps=6, save_summaries_secs=0)
    reader = tf.train.NewCheckpointReader(tf.train.latest_checkpoint(sys.argv[1]))
    for name in sorted(reader.get_variable_to_shape_map()):
        if not name.startswith("_"):
            print("VARIABLE", name, repr(float(np.sum(reader.get_tensor(name)))))
"""


def _run(tmp_path, engine):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    command = [sys.executable, "-m", "slimshim", "run", "--engine", engine, program, tmp_path / engine]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, cwd=pathlib.Path(__file__).parents[2], check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = dict.fromkeys(
        line.split("] ")[-1].split(" (")[0] for line in done.stderr.splitlines() if "global step" in line
    )
    losses = [line.partition("loss = ")[2] for line in lines]
    values = dict(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("VARIABLE"))
    return losses, {name: float(value) for name, value in values.items()}, tmp_path / engine


def test_the_tape_takes_the_steps_of_the_session(tmp_path):
    losses, variables, logdir = _run(tmp_path, "tape")
    expected_losses, expected, _ = _run(tmp_path, "session")
    assert losses == expected_losses and len(losses) == 6
    assert set(variables) == set(expected)
    for name, value in expected.items():
        assert abs(variables[name] - value) <= 1e-4 + 1e-4 * abs(value), name
    assert (logdir / "tf2" / "ckpt-6.index").exists()  # It was the TF2 loop.
