"""How long it takes to build InceptionV2 on Keras tensors, against the same net in a graph.

    python benchmarks/symbolic_building.py [--rounds 5]

A Keras model costs more to build: each of its 232 layers is made, runs once to make its weights, and once
more for Keras to learn its output's shape.
"""

import argparse
import gc
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import slimshim as slim
from slimshim.nets import inception_v2


def net(images):
    with slim.arg_scope(inception_v2.inception_v2_arg_scope()):
        return inception_v2.inception_v2(images, 10, is_training=None)[0]


def on_keras_tensors():
    inputs = tf.keras.Input([224, 224, 3])
    return tf.keras.Model(inputs, net(inputs))


def in_graph():
    with tf.Graph().as_default():
        return net(tf.compat.v1.placeholder(tf.float32, [None, 224, 224, 3]))


def seconds(build):
    gc.collect()
    start = time.process_time()
    build()
    return time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    slim.conv2d(tf.keras.Input([8, 8, 3]), 2, 3, normalizer_fn=slim.batch_norm)  # Loads Keras.
    pairs = [(seconds(on_keras_tensors), seconds(in_graph)) for _ in range(options.rounds)]
    symbolic, graph = (statistics.median(times) for times in zip(*pairs))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"on Keras tensors {symbolic:.2f} s, in a graph {graph:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
