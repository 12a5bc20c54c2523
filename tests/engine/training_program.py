"""A program that trains with v2 behaviour off until it is killed: `training_program.py LOGDIR`.

It prints a line per step; a step takes 0.05 seconds, and it saves every 0.3 seconds.
"""

import sys
import time

import tensorflow as tf

from slimshim import learning

v1 = tf.compat.v1


def train_step(session, train_op, global_step, kwargs):
    print("step", flush=True)
    time.sleep(0.05)
    return learning.train_step(session, train_op, global_step, kwargs)


if __name__ == "__main__":
    v1.disable_v2_behavior()
    loss = tf.square(v1.get_variable("w", initializer=3.0))
    train_op = learning.create_train_op(loss, v1.train.GradientDescentOptimizer(1e-3))
    learning.train(train_op, sys.argv[1], train_step, save_summaries_secs=0, save_interval_secs=0.3)
