"""Makes `learning_trajectories.json`: twenty training steps by `tensorflow.contrib.slim` of TF 1.15.

To make it again: `python3 tests/golden/regenerate.py learning_trajectories`.
The test runs `trajectory` again with today's library. It uses names that TF 1.15 and TF 2 share.
"""

import json
import tempfile

import numpy as np
import tensorflow as tf
from golden_files import write_text

v1 = tf.compat.v1

STEPS = 20
OPTIMIZERS = {
    "sgd": lambda: v1.train.GradientDescentOptimizer(0.5),
    "momentum": lambda: v1.train.MomentumOptimizer(0.1, momentum=0.9),
    "rmsprop": lambda: v1.train.RMSPropOptimizer(0.02, decay=0.9, momentum=0.5, epsilon=1.0),
    "adam": lambda: v1.train.AdamOptimizer(0.05),
}
TRANSFORMS = {
    "plain": {},
    "clipped_and_multiplied": {
        "clip_gradient_norm": 0.05,
        "gradient_multipliers": {"hidden/weights": 2.0, "embedding": 0.5},
    },
}
CASES = [f"{o}/{t}" for o in sorted(OPTIMIZERS) for t in sorted(TRANSFORMS)]


def build_loss():
    """A small classifier with an embedding (sparse gradients) and a moving average in UPDATE_OPS."""
    random = np.random.RandomState(7)
    inputs = tf.constant(random.randn(16, 6), tf.float32)
    words = tf.constant(random.randint(0, 5, size=16))
    labels = tf.constant(random.randint(0, 3, size=16))

    def variable(name, shape, trainable=True):
        initial = v1.constant_initializer(0.5 * random.randn(*shape))
        return v1.get_variable(name, shape, initializer=initial, trainable=trainable)

    embedding = variable("embedding", (5, 2))
    with v1.variable_scope("hidden"):
        features = tf.concat([inputs, tf.gather(embedding, words)], axis=1)
        hidden = tf.tanh(tf.matmul(features, variable("weights", (8, 4))) + variable("biases", (4,)))
    average = variable("average", (4,), trainable=False)
    update = v1.assign(average, 0.9 * average + 0.1 * tf.reduce_mean(hidden, axis=0))
    v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
    with v1.variable_scope("logits"):
        logits = tf.matmul(hidden, variable("weights", (4, 3)))
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def trajectory(learning, case):
    """Returns the losses of the steps, and the variables after them, by `learning`'s functions."""
    optimizer, transform = case.split("/")
    losses = []

    def recording_step(session, train_op, global_step, kwargs):
        loss, should_stop = learning.train_step(session, train_op, global_step, kwargs)
        losses.append(float(loss))
        return loss, should_stop

    with tf.Graph().as_default():
        train_op = learning.create_train_op(build_loss(), OPTIMIZERS[optimizer](), **TRANSFORMS[transform])
        logdir = tempfile.mkdtemp()
        learning.train(
            train_op, logdir, recording_step, number_of_steps=STEPS, save_interval_secs=0, save_summaries_secs=0
        )
        names = sorted(variable.op.name for variable in v1.global_variables())
        reader = v1.train.NewCheckpointReader(f"{logdir}/model.ckpt-{STEPS}")
        values = {name: reader.get_tensor(name).tolist() for name in names}
    return {"losses": losses, "variables": values}


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.9g}")


def main():
    from tensorflow.contrib.slim import learning

    golden = {case: rounded(trajectory(learning, case)) for case in CASES}
    write_text(
        "learning_trajectories.json", json.dumps({"tensorflow": tf.__version__, "cases": golden}, sort_keys=True) + "\n"
    )


if __name__ == "__main__":
    main()
