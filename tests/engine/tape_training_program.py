"""A program that trains in TF2 mode until it is killed: `tape_training_program.py LOGDIR`.

It prints a line per step; a step takes 0.02 seconds, and it saves after each.
"""

import sys
import time

import tensorflow as tf

from slimshim import learning

v1 = tf.compat.v1


def train_step(session, step, global_step, kwargs):
    loss = step()
    print("step", flush=True)
    time.sleep(0.02)
    return loss, False


if __name__ == "__main__":
    w = tf.Variable(3.0, name="w")
    train_op = learning.create_train_op(lambda: tf.square(w), v1.train.GradientDescentOptimizer(1e-3))
    learning.train(train_op, sys.argv[1], train_step, save_summaries_secs=0, save_interval_secs=1e-6)
