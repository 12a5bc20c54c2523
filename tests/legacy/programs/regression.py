"""The TF-Slim walkthrough's first example, as a program of 2017: a regression with fit and evaluation."""

import sys

import numpy as np
import tensorflow as tf
from tensorflow.contrib import slim


def regression_model(inputs, is_training=True, scope="deep_regression"):
    with tf.variable_scope(scope, "deep_regression", [inputs]):
        end_points = {}
        with slim.arg_scope(
            [slim.fully_connected], activation_fn=tf.nn.relu, weights_regularizer=slim.l2_regularizer(0.0001)
        ):
            net = slim.fully_connected(inputs, 32, scope="fc1")
            end_points["fc1"] = net
            net = slim.dropout(net, 0.8, is_training=is_training)
            net = slim.fully_connected(net, 16, scope="fc2")
            end_points["fc2"] = net
            predictions = slim.fully_connected(net, 1, activation_fn=None, scope="prediction")
            end_points["out"] = predictions
            return predictions, end_points


def produce_batch(batch_size, noise=0.1):
    xs = np.random.random(size=[batch_size, 1]) * 10
    ys = np.sin(xs) + 5 + np.random.normal(size=[batch_size, 1], scale=noise)
    return [xs.astype(np.float32), ys.astype(np.float32)]


def main(_):
    folder, steps = sys.argv[1], int(sys.argv[2])
    np.random.seed(0)
    x_train, y_train = produce_batch(200)
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        inputs, targets = tf.constant(x_train), tf.constant(y_train)
        predictions, _ = regression_model(inputs, is_training=True)
        tf.losses.mean_squared_error(labels=targets, predictions=predictions)
        total_loss = slim.losses.get_total_loss()
        train_op = slim.learning.create_train_op(total_loss, tf.train.AdamOptimizer(learning_rate=0.005))
        loss = slim.learning.train(
            train_op, logdir=folder, number_of_steps=steps, save_summaries_secs=5, log_every_n_steps=500
        )
    x_test, y_test = produce_batch(200)
    with tf.Graph().as_default():
        inputs, targets = tf.constant(x_test), tf.constant(y_test)
        predictions, end_points = regression_model(inputs, is_training=False)
        names_to_values, names_to_updates = slim.metrics.aggregate_metric_map(
            {
                "Mean Squared Error": slim.metrics.streaming_mean_squared_error(predictions, targets),
                "Mean Absolute Error": slim.metrics.streaming_mean_absolute_error(predictions, targets),
            }
        )
        values = slim.evaluation.evaluate_once(
            master="",
            checkpoint_path=tf.train.latest_checkpoint(folder),
            logdir=folder,
            num_evals=1,
            eval_op=list(names_to_updates.values()),
            final_op=list(names_to_values.values()),
        )
        found = {name: float(value) for name, value in zip(names_to_values, values)}
    shapes = {name: end.shape.as_list() for name, end in end_points.items()}
    print(dict(loss=float(loss), metrics=found, end_points=shapes))


if __name__ == "__main__":
    tf.app.run()
