"""How long it takes to build a graph of convolutions with batch norm: slim against raw tf.nn.

    python benchmarks/graph_building.py [--layers 69] [--rounds 7]

Prints the medians and their ratio. The raw graph does the same by hand: get_variable, convolution,
fused batch norm, both moving averages, relu. The rounds alternate, so that a busy machine slows
both alike.
"""

import argparse
import gc
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1


def slim_layer(net, channels, index):
    return slim.conv2d(net, channels, [3, 3], normalizer_fn=slim.batch_norm, scope=f"conv_{index}")


def raw_layer(net, channels, index):
    with v1.variable_scope(f"conv_{index}"):
        weights = v1.get_variable(
            "weights",
            [3, 3, net.shape[-1], channels],
            initializer=v1.glorot_uniform_initializer(),
            collections=[v1.GraphKeys.GLOBAL_VARIABLES, v1.GraphKeys.MODEL_VARIABLES],
        )
        net = tf.nn.conv2d(net, weights, 1, "SAME")
        with v1.variable_scope("BatchNorm"):
            offset = v1.get_variable("beta", [channels], initializer=v1.zeros_initializer())
            mean = v1.get_variable("moving_mean", [channels], initializer=v1.zeros_initializer(), trainable=False)
            variance = v1.get_variable(
                "moving_variance", [channels], initializer=v1.ones_initializer(), trainable=False
            )
            net, batch_mean, batch_variance = v1.nn.fused_batch_norm(net, tf.ones([channels]), offset, epsilon=0.001)
            for moving, now in ((mean, batch_mean), (variance, batch_variance)):
                with v1.name_scope("AssignMovingAvg"):
                    update = moving.assign_sub((moving - now) * (1 - 0.999))
                v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
        return tf.nn.relu(net)


def build(layer, layers):
    """Returns the seconds that it takes to build a graph of so many layers."""
    gc.collect()
    with tf.Graph().as_default():
        net = v1.placeholder(tf.float32, [8, 32, 32, 32])
        start = time.process_time()
        for index in range(layers):
            net = layer(net, 32, index)
        return time.process_time() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=69)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    build(slim_layer, 2), build(raw_layer, 2)  # What the first call alone costs: loading Keras.
    seconds = {"slim": [], "raw": []}
    for _ in range(options.rounds):
        seconds["slim"].append(build(slim_layer, options.layers))
        seconds["raw"].append(build(raw_layer, options.layers))
    slim_time, raw_time = (statistics.median(seconds[name]) for name in ("slim", "raw"))
    print(f"{options.layers} layers of conv2d and batch_norm, median of {options.rounds}")
    print(f"slim {slim_time:.3f} s, raw {raw_time:.3f} s, ratio {slim_time / raw_time:.2f}")


if __name__ == "__main__":
    main()
