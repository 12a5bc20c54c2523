"""A training step in TF2 mode, and an eager call, of slim against the same network by hand in Keras.

    python benchmarks/tf2_step.py [--layers 16] [--rounds 9] [--jit]

Prints medians and their ratios. The rounds alternate, so that a busy machine slows both alike;
seconds are those of this process (`time.process_time`), all its threads together.
"""

import argparse
import gc
import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

import slimshim as slim

keras = tf.keras

SHAPE = [16, 32, 32, 16]
CHANNELS = 32


def slim_net(images, layers):
    with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm, weights_regularizer=slim.l2_regularizer(1e-4)):
        net = slim.repeat(images, layers, slim.conv2d, CHANNELS, [3, 3], scope="conv")
    return slim.fully_connected(tf.reduce_mean(net, [1, 2]), 10, activation_fn=None)


def keras_net(layers):
    inputs = net = keras.Input(SHAPE[1:], SHAPE[0])
    for _ in range(layers):
        # Keras's l2 has no half.
        conv = keras.layers.Conv2D(
            CHANNELS, 3, padding="same", use_bias=False, kernel_regularizer=keras.regularizers.L2(0.5e-4)
        )
        net = keras.layers.BatchNormalization(momentum=0.999, scale=False)(conv(net))
        net = keras.layers.ReLU()(net)
    net = keras.layers.GlobalAveragePooling2D()(net)
    return keras.Model(inputs, keras.layers.Dense(10)(net))


def training_step(call, losses, variables, jit):
    """Returns a function (images, labels) that takes one step of momentum; the same for both networks."""
    velocities = [tf.Variable(tf.zeros(v.shape)) for v in variables]

    @tf.function(autograph=False, jit_compile=jit or None)
    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = call(images)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
            loss += tf.add_n(losses())
        for variable, velocity, gradient in zip(variables, velocities, tape.gradient(loss, variables)):
            velocity.assign(0.9 * velocity + gradient)
            variable.assign_sub(0.01 * velocity)
        return loss

    return step


def steps_to_compare(layers, jit):
    """Returns {"slim": step, "Keras": step} that take no arguments."""
    images = tf.random.uniform(SHAPE)
    labels = tf.random.uniform([SHAPE[0]], maxval=10, dtype=tf.int32)
    module = slim.Module(slim_net, layers=layers).build(tf.TensorSpec(SHAPE))
    model = keras_net(layers)
    weights = [getattr(weight, "value", weight) for weight in model.trainable_weights]
    of_keras = [weight() if callable(weight) else weight for weight in weights]
    steps = {
        "slim": training_step(module, lambda: module.losses, module.trainable_variables, jit),
        "Keras": training_step(lambda x: model(x, training=True), lambda: model.losses, of_keras, jit),
    }
    return {name: lambda step=step: step(images, labels) for name, step in steps.items()}


def eager_calls_to_compare():
    """Returns pairs of eager calls by name: {"fully_connected": {"slim": call, "Keras": call}, ...}."""
    rows, images = tf.random.uniform([8, 16]), tf.random.uniform([2, 8, 8, 4])
    dense, conv = keras.layers.Dense(16, "relu"), keras.layers.Conv2D(4, 3, padding="same", activation="relu")
    norm = keras.layers.BatchNormalization(momentum=0.999)
    fully_connected = slim.Module(slim.fully_connected, num_outputs=16)
    conv2d = slim.Module(slim.conv2d, num_outputs=4, kernel_size=3)
    batch_norm = slim.Module(slim.batch_norm, scale=True)
    return {
        "fully_connected": {"slim": lambda: fully_connected(rows), "Keras": lambda: dense(rows)},
        "conv2d": {"slim": lambda: conv2d(images), "Keras": lambda: conv(images)},
        "batch_norm": {"slim": lambda: batch_norm(images), "Keras": lambda: norm(images, training=True)},
    }


def compared(calls, repetitions, rounds):
    """Returns a line: the median seconds of each call, and the median of the rounds' ratios."""
    seconds = {name: [] for name in calls}
    for call in calls.values():
        call(), call()  # The first ones trace.
    for _ in range(rounds):
        for name, call in calls.items():
            gc.collect()
            start = time.process_time()
            for _ in range(repetitions):
                result = call()
            result.numpy()
            seconds[name].append((time.process_time() - start) / repetitions)
    ratio = statistics.median(a / b for a, b in zip(seconds["slim"], seconds["Keras"]))
    medians = ", ".join(f"{name} {1e3 * statistics.median(values):.3f} ms" for name, values in seconds.items())
    return f"{medians}, ratio {ratio:.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--jit", action="store_true", help="compile the steps with XLA")
    options = parser.parse_args()
    print("step:", compared(steps_to_compare(options.layers, options.jit), 5, options.rounds))
    for name, calls in eager_calls_to_compare().items():
        print(f"eager {name}:", compared(calls, 100, options.rounds))


if __name__ == "__main__":
    main()
