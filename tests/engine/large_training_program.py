"""Trains in TF2 mode until it is killed, and saves after each step: `large_training_program.py LOGDIR`.

The variable of 8 MiB makes a save take long enough to be hit by a kill. A step adds 1 to every element, so
each whole checkpoint holds its own step number in all of them.
"""

import sys

import tensorflow as tf

from slimshim import learning

v1 = tf.compat.v1


def make_step():
    w = tf.Variable(tf.zeros([2**21]), name="w")
    return learning.create_train_op(lambda: -tf.reduce_sum(w), v1.train.GradientDescentOptimizer(1.0))


if __name__ == "__main__":
    print("ready", flush=True)
    learning.train(make_step(), sys.argv[1], log_every_n_steps=0, save_summaries_secs=0, save_interval_secs=1e-6)
