"""Writes tests/golden/legacy_contrib.json: pieces of tensorflow.contrib under TF 1.15.

To make it again: `python3 tests/golden/regenerate.py legacy_contrib`.
The tests run the same functions on today's library: they use names that both share.
"""

import os
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf
from golden_files import write_json

IMAGE = np.random.RandomState(0).uniform(0, 1, (2, 5, 6, 2)).astype(np.float32)
ANGLES = [0.3, -1.1]
SHIFTS = [[1.5, -1.0], [0.0, 2.0]]
TRANSFORM = [1.1, 0.2, -0.5, -0.1, 0.9, 0.7, 0.01, -0.02]


def moving_averages(wrapper, sequential_update=True, num_updates=None):
    """Returns the keys and values that a swapping saver writes after three steps, and the graph's names."""
    with tf.Graph().as_default():
        first = tf.get_variable("layer/weights", initializer=[1.0, -2.0])
        second = tf.get_variable("layer/biases", initializer=[0.5])
        tf.get_variable("frozen", initializer=[7.0], trainable=False)
        step = tf.train.get_or_create_global_step()
        loss = tf.reduce_sum(tf.square(first)) + tf.reduce_sum(3.0 * second)
        optimizer = wrapper(
            tf.train.MomentumOptimizer(0.1, 0.9),
            average_decay=0.8,
            num_updates=step if num_updates else None,
            sequential_update=sequential_update,
        )
        train = optimizer.minimize(loss, global_step=step)
        names = sorted(variable.op.name for variable in tf.global_variables())
        saver = optimizer.swapping_saver()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for _ in range(3):
                session.run(train)
            path = saver.save(session, os.path.join(tempfile.mkdtemp(), "model"))
        reader = tf.train.NewCheckpointReader(path)
        saved = {key: reader.get_tensor(key).tolist() for key in reader.get_variable_to_shape_map()}
        return {"names": names, "train_op": train.name, "saved": saved}


def transformed_images(image):
    """Returns every image function's result. `image` is the contrib.image module."""
    with tf.Graph().as_default():
        results = {}
        for mode in ("NEAREST", "BILINEAR"):
            results["rotate " + mode] = image.rotate(IMAGE, ANGLES, interpolation=mode)
            results["rotate one " + mode] = image.rotate(IMAGE[0], 0.7, interpolation=mode)
            results["rotate flat " + mode] = image.rotate(IMAGE[0, :, :, 0], 0.7, interpolation=mode)
            results["translate " + mode] = image.translate(IMAGE, SHIFTS, interpolation=mode)
            results["transform " + mode] = image.transform(IMAGE, TRANSFORM, interpolation=mode)
            results["sized " + mode] = image.transform(IMAGE, TRANSFORM, mode, output_shape=[3, 8])
        results["angles"] = image.angles_to_projective_transforms(ANGLES, 5, 6)
        results["shifts"] = image.translations_to_projective_transforms(SHIFTS)
        turned = image.angles_to_projective_transforms(ANGLES, 5, 6)
        moved = image.translations_to_projective_transforms(SHIFTS)
        results["composed"] = image.compose_transforms(turned, moved)
        results["matrices"] = image.flat_transforms_to_matrices(turned)
        with tf.Session() as session:
            return {name: value.tolist() for name, value in session.run(results).items()}


MATCHES = [
    ([[0.5, 0.8, 0.1, 0.9], [0.4, 0.3, 0.2, 0.7], [0.6, 0.05, 0.9, 0.35]], -1, -1),
    ([[0.5, 0.8, 0.1, 0.9], [0.4, 0.3, 0.2, 0.7], [0.6, 0.05, 0.9, 0.35]], 2, -1),
    ([[0.5, 0.8, 0.1, 0.9], [0.4, 0.3, 0.2, 0.7], [0.6, 0.05, 0.9, 0.35]], -1, 2),
    ([[0.5], [0.4], [0.6]], -1, -1),
    ([[0.5, 0.4]], 0, -1),
]


def matches(image):
    """Returns both vectors of every case of `bipartite_match`."""
    with tf.Graph().as_default(), tf.Session() as session:
        return [
            [vector.tolist() for vector in session.run(image.bipartite_match(distances, rows, top_k))]
            for distances, rows, top_k in MATCHES
        ]


def profile(analyzer):
    """Returns the totals of parameters and float operations of a small graph."""
    with tf.Graph().as_default() as graph:
        inputs = tf.placeholder(tf.float32, [2, 8, 8, 3])
        # Zeros: what random initializers cost differs from version to version.
        tf.get_variable_scope().set_initializer(tf.zeros_initializer())
        weights = tf.get_variable("weights", [3, 3, 3, 4])
        hidden = tf.nn.relu(tf.nn.conv2d(inputs, weights, [1, 2, 2, 1], "SAME"))
        tf.matmul(tf.reshape(hidden, [2, 64]), tf.get_variable("dense", [64, 5]))
        parameters = analyzer.print_model_analysis(
            graph, tfprof_options=dict(analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS, output="none")
        )
        operations = analyzer.print_model_analysis(
            graph, tfprof_options=dict(analyzer.FLOAT_OPS_OPTIONS, output="none")
        )
        return {
            "parameters": parameters.total_parameters,
            "float_ops": operations.total_float_ops,
            "vars_options": analyzer.TRAINABLE_VARS_PARAMS_STAT_OPTIONS,
            "float_options": analyzer.FLOAT_OPS_OPTIONS,
        }


def functional_layers(layers):
    """Returns names, shapes and values of a small net of `tf.layers`, all weights 0.1."""
    with tf.Graph().as_default():
        tf.get_variable_scope().set_initializer(tf.constant_initializer(0.1))
        inputs = tf.constant(IMAGE)
        net = layers.conv2d(inputs, 4, 3, padding="same", activation=tf.nn.relu)
        net = layers.conv2d(net, 3, [2, 3], strides=(1, 2), name="named")
        net = layers.batch_normalization(net, training=True)
        net = layers.conv2d_transpose(net, 2, 3, strides=2)
        net = layers.separable_conv2d(net, 5, 3, depth_multiplier=2)
        net = layers.max_pooling2d(net, 2, 2)
        net = layers.average_pooling2d(net, [2, 1], 1, padding="same")
        net = layers.dropout(layers.flatten(net), training=False)
        net = layers.dense(net, 6, kernel_regularizer=lambda w: tf.reduce_sum(w))
        with tf.variable_scope("twice"):
            first = layers.dense(net, 2)
        with tf.variable_scope("twice", reuse=True):
            second = layers.dense(net, 2)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            values = session.run({"net": net, "same": first - second})
            losses = session.run(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
            session.run(updates)
            moving = session.run([v for v in tf.global_variables() if "moving" in v.op.name])
        return {
            "variables": {v.op.name: v.shape.as_list() for v in tf.global_variables()},
            "trainable": sorted(v.op.name for v in tf.trainable_variables()),
            "values": {name: value.tolist() for name, value in values.items()},
            "losses": [float(loss) for loss in losses],
            "moving": [value.tolist() for value in moving],
        }


HPARAM_TEXTS = [
    "rate=0.5",
    "rate=2,steps=7",
    "steps=1.5",
    "flag=false",
    "flag=1",
    "flag=maybe",
    "units=[3, 4,5]",
    "units=[1.5]",
    "units=3",
    "units[1]=3",
    "name=relu ,rate=1",
    "name=[a]",
    "names=[a b,c]",
    "rate=1,rate=2",
    "unknown=1",
    "rate",
    "rate=",
    "a.b=4",
    "",
]


def hyperparameters(hparams_class):
    """Returns what each text makes of the same parameters, or the error's type."""
    results = {}
    for text in HPARAM_TEXTS:
        params = hparams_class(rate=0.1, steps=3, flag=True, units=[1, 2], name="x", names=["y"])
        params.add_hparam("a.b", 1)
        try:
            results[text] = params.parse(text).values()
        except (ValueError, KeyError) as error:
            results[text] = type(error).__name__
    params = hparams_class(b=1, a="two", c=[0.5])
    results["str"], results["repr"] = sorted(str(params).split(",")), repr(params)
    results["json"] = params.to_json(sort_keys=True)
    return results


def main():
    import tensorflow as tf1

    contrib = tf1.contrib
    averages = contrib.opt.MovingAverageOptimizer
    golden = {
        "averages": moving_averages(averages),
        "averages_at_once_names": moving_averages(averages, sequential_update=False)["names"],
        "averages_counted": moving_averages(averages, num_updates=True),
        "images": transformed_images(contrib.image),
        "matches": matches(contrib.image),
        "profile": profile(contrib.tfprof.model_analyzer),
        "layers": functional_layers(tf.layers),
        "hyperparameters": hyperparameters(contrib.training.HParams),
    }
    write_json("legacy_contrib.json", golden, sort_keys=True)


if __name__ == "__main__":
    main()
