"""One worker of a training on two: `worker_training_program.py LOGDIR LAST_STEP [DIE_AT_STEP]`; TF_CONFIG says which.

It prints the loss of each step. At DIE_AT_STEP it kills itself.
"""

import os
import signal
import sys

import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()  # Before any op.

import slimshim as slim  # noqa: E402
from slimshim import callbacks, learning  # noqa: E402

v1 = tf.compat.v1

INPUTS = np.random.RandomState(0).randn(64, 3).astype("float32")
LABELS = (INPUTS @ np.array([[1.0], [-2.0], [0.5]])).astype("float32")


def total_loss(x, y):
    hidden = slim.batch_norm(x, is_training=True, decay=0.5, synchronized=True, scale=True)
    output = slim.fully_connected(hidden, 1, activation_fn=None, weights_initializer=tf.constant_initializer(0.3))
    slim.losses.mean_squared_error(output, y)
    return slim.losses.get_total_loss()


class Report(callbacks.Callback):
    def on_step_end(self, run, loss):
        print(f"step {run.global_step} {float(loss):.7f}", flush=True)
        if run.global_step == die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def batches(first):
    """The same data at each step of any run: batch n for step n."""
    numbers = tf.data.Dataset.range(first, 1000)
    rows = lambda n: (tf.roll(INPUTS, n, 0)[:16], tf.roll(LABELS, n, 0)[:16])  # noqa: E731
    return numbers.map(rows)


if __name__ == "__main__":
    logdir, last = sys.argv[1], int(sys.argv[2])
    die_at = int(sys.argv[3]) if len(sys.argv) > 3 else None
    with strategy.scope():
        step = learning.create_train_op(total_loss, v1.train.MomentumOptimizer(0.05, 0.9))
    latest = tf.train.latest_checkpoint(logdir)
    first = int(latest.rpartition("-")[2]) if latest else 0
    learning.train(
        step, logdir, number_of_steps=last, data=batches(first), callbacks=[Report()], save_interval_secs=1e-6
    )
