"""One process of a training: `worker_training_program.py LOGDIR LAST_STEP [--die-at STEP] [--nan-at STEP]`.

TF_CONFIG says which of the workers it is; without it, it trains alone on one device. It prints the loss of each
step and what each evaluation gives. At --die-at it kills itself; at --nan-at the last row of the batch, which
the last worker gets, is nan.
"""

import argparse
import os
import signal

import numpy as np
import tensorflow as tf

# Before any op.
strategy = tf.distribute.MultiWorkerMirroredStrategy() if "TF_CONFIG" in os.environ else tf.distribute.get_strategy()

import slimshim as slim  # noqa: E402
from slimshim import callbacks, learning  # noqa: E402

v1 = tf.compat.v1

INPUTS = np.random.RandomState(0).randn(64, 3).astype("float32")
LABELS = (INPUTS @ np.array([[1.0], [-2.0], [0.5]])).astype("float32")


def net(x, is_training=True):
    hidden = slim.batch_norm(x, is_training=is_training, decay=0.5, synchronized=True, scale=True)
    return slim.fully_connected(hidden, 1, activation_fn=None, weights_initializer=tf.constant_initializer(0.3))


class Report(callbacks.Callback):
    def __init__(self, evaluation, die_at):
        self.die_at = die_at
        evaluation.after_each(lambda run, values: print(f"eval {run.global_step} {values['mse']:.7f}", flush=True))

    def on_step_end(self, run, loss):
        print(f"step {run.global_step} {float(loss):.7f}", flush=True)
        if run.global_step == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def batches(first, nan_at):
    """The same data at each step of any run: batch n for step n."""

    def batch(n):
        spoilt = tf.where(tf.equal(n + 1, nan_at), np.nan, 0.0) * tf.constant([[0.0]] * 15 + [[1.0]])
        return tf.roll(INPUTS, n, 0)[:16], tf.roll(LABELS, n, 0)[:16] + spoilt

    return tf.data.Dataset.range(first, 1000).map(batch)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("logdir")
    parser.add_argument("last", type=int)
    parser.add_argument("--die-at", type=int)
    parser.add_argument("--nan-at", type=int, default=-1)
    args = parser.parse_args()

    with strategy.scope():
        model = slim.Module(net)

        def total_loss(x, y):
            slim.losses.mean_squared_error(model(x), y)
            return slim.losses.get_total_loss()

        step = learning.create_train_op(total_loss, v1.train.MomentumOptimizer(0.05, 0.9))

    def measure(x, y):
        return {"mse": slim.metrics.streaming_mean_squared_error(model(x, is_training=False), y)}

    validation = tf.data.Dataset.from_tensor_slices((INPUTS, LABELS)).batch(32)
    evaluation = callbacks.Evaluate(measure, data=validation, every_steps=2)
    # The error falls, so the first evaluation stays the best by this measure, and the fourth stops the training.
    stopping = callbacks.EarlyStopping(evaluation, "mse", mode="max", patience=3)
    latest = tf.train.latest_checkpoint(args.logdir)
    first = int(latest.rpartition("-")[2]) if latest else 0
    learning.train(
        step,
        args.logdir,
        number_of_steps=args.last,
        data=batches(first, args.nan_at),
        callbacks=[Report(evaluation, args.die_at), evaluation, stopping],
        save_interval_secs=1e-6,
    )


if __name__ == "__main__":
    main()
