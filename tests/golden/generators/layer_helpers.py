"""Makes `layer_helpers.json`: initializers, regularizers, optimize_loss and summaries of TF 1.15.

To make it again: `python3 tests/golden/regenerate.py layer_helpers`.
The test runs `measure` again with today's library. It uses names that TF 1.15 and TF 2 share.
"""

import numpy as np
import tensorflow as tf
from golden_files import plain, write_cases

v1 = tf.compat.v1

SHAPES = [[], [7], [4, 6], [3, 2, 4, 6]]
WEIGHTS = np.round(np.random.RandomState(5).randn(3, 4), 3).astype("float32")
STEPS = 6


def _initializer(layers, **options):
    """Values of one seed for every shape: the formula and the random op are both the same."""
    tensors = [layers.variance_scaling_initializer(seed=9, **options)(shape) for shape in SHAPES]
    with v1.Session() as session:
        return [plain(value, 12) for value in session.run(tensors)]


def _regularizer(layers, make):
    """Value, gradient and op names of a penalty, by a call and through get_variable."""
    constant = tf.constant(WEIGHTS)
    penalty = make(layers)(constant)  # First: newer get_variable also calls a regularizer to try it.
    v1.get_variable("layer/weights", initializer=WEIGHTS, use_resource=True, regularizer=make(layers))
    collected = v1.get_collection("regularization_losses")
    if penalty is None:
        return {"penalty": None, "collected": len(collected)}
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        value, gradient = session.run([penalty, v1.gradients(penalty, constant)[0]])
        return {
            "penalty": penalty.name,
            "value": plain(value, 12),
            "gradient": plain(gradient, 12),
            "collected": [[item.name, plain(session.run(item), 12)] for item in collected],
        }


def _applied(layers):
    """apply_regularization: the sum, its name and where it is collected."""
    tensors = [tf.constant(WEIGHTS), tf.constant(2 * WEIGHTS)]
    total = layers.apply_regularization(layers.l1_regularizer(0.25), tensors)
    with v1.Session() as session:
        value = plain(session.run(total), 12)
    return {
        "name": total.name,
        "value": value,
        "collected": [t.name for t in v1.get_collection("regularization_losses")],
    }


def _trained(layers, optimizer, decay=False, adaptive=False, named=None, **options):
    """Six steps of optimize_loss on a model with sparse gradients and an update op."""
    step = v1.train.get_or_create_global_step()
    table = v1.get_variable("table", initializer=tf.constant(WEIGHTS))
    with v1.variable_scope("head"):
        head = v1.get_variable("w", initializer=tf.constant(WEIGHTS[:1].T))
    unused = v1.get_variable("unused", initializer=1.0)
    counter = v1.get_variable("counter", initializer=0.0, trainable=False)
    v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, v1.assign_add(counter, 1.0))
    rows = tf.math.floormod(tf.stack([step, step + 1]), 3)
    loss = tf.reduce_sum(tf.square(tf.matmul(tf.gather(table, rows), head) - 1.0))
    if decay:
        options["learning_rate_decay_fn"] = lambda rate, step: rate / (1.0 + tf.cast(step, tf.float32))
    if adaptive:
        options["clip_gradients"] = layers.adaptive_clipping_fn(
            std_factor=0.1, decay=0.5, global_step=step, report_summary=True, **adaptive
        )
    train = layers.optimize_loss(loss, step, optimizer=optimizer, name=named, **options)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        losses = [plain(session.run(train), 12) for _ in range(STEPS)]
        values = {v.op.name: plain(session.run(v), 12) for v in v1.global_variables()}
    del unused
    return {
        "losses": losses,
        "variables": values,
        "trainable": sorted(v.op.name for v in v1.trainable_variables()),
        "train_op": train.name,
        "summaries": sorted(item.op.name for item in v1.get_collection("summaries")),
    }


def _summaries(layers, slim_summaries):
    """The names of all summary ops."""
    inputs = tf.constant([[-1.0, 0.5, 7.0]], name="inputs")
    for op in (tf.nn.relu, tf.nn.relu6, tf.nn.softplus, tf.tanh):
        layers.summarize_activation(op(inputs, name=op.__name__))
    layers.summarize_tensor(tf.constant(1.0, name="scalar"))
    layers.summarize_tensor(tf.constant([True], name="bool"))
    layers.summarize_tensor(inputs, tag="tagged")
    v1.add_to_collection(v1.GraphKeys.ACTIVATIONS, tf.identity(inputs, name="block1/out"))
    v1.add_to_collection(v1.GraphKeys.ACTIVATIONS, tf.identity(inputs, name="block2/out"))
    layers.summarize_activations(name_filter="block2")
    slim_summaries.add_scalar_summary(tf.constant(3.0, name="c"), prefix="eval")
    slim_summaries.add_histogram_summary(inputs, name="named", prefix="eval")
    slim_summaries.add_zero_fraction_summary(inputs)
    slim_summaries.add_image_summary(tf.zeros([1, 2, 2, 3], name="image"), prefix="p")
    slim_summaries.add_zero_fraction_summaries([inputs], prefix="all")
    ops = [item.op for item in v1.get_collection("summaries")]
    return sorted([op.type, op.name] for op in ops)


REGULARIZERS = {
    "l1": lambda layers: layers.l1_regularizer(0.3),
    "l2": lambda layers: layers.l2_regularizer(0.3),
    "l2 scoped": lambda layers: layers.l2_regularizer(0.3, scope="mine"),
    "l1 of 0": lambda layers: layers.l1_regularizer(0.0),
    "l1_l2": lambda layers: layers.l1_l2_regularizer(0.3, 0.7),
    "l1_l2 without l1": lambda layers: layers.l1_l2_regularizer(0.0, 0.7),
    "l1_l2 without l2": lambda layers: layers.l1_l2_regularizer(0.3, 0.0, scope="mine"),
    "sum": lambda layers: layers.sum_regularizer(
        [layers.l1_regularizer(0.1), None, layers.l1_regularizer(0.0), layers.l2_regularizer(0.2)]
    ),
}

# name of the case: a function of (layers, summaries) that gives plain data
CASES = {
    "summaries": _summaries,
    "apply_regularization": lambda layers, _: _applied(layers),
}
for _mode in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
    for _uniform in (False, True):
        CASES["initializer {} {}".format(_mode, "uniform" if _uniform else "normal")] = (
            lambda layers, _, mode=_mode, uniform=_uniform: _initializer(layers, factor=1.7, mode=mode, uniform=uniform)
        )
for _name in REGULARIZERS:
    CASES["regularizer " + _name] = lambda layers, _, make=REGULARIZERS[_name]: _regularizer(layers, make)

_ALL_SUMMARIES = ["learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm"]
_TRAINING = {
    "sgd": dict(optimizer="SGD", learning_rate=0.05),
    "momentum decayed": dict(optimizer="Momentum", learning_rate=0.05, decay=True, summaries=_ALL_SUMMARIES),
    "adam clipped": dict(optimizer="Adam", learning_rate=0.05, clip_gradients=0.5),
    "adagrad multiplied": dict(
        optimizer="Adagrad", learning_rate=0.05, gradient_multipliers={"head/w:0": 0.5, "table:0": 3.0}
    ),
    "rmsprop named": dict(optimizer="RMSProp", learning_rate=0.01, named="tuning"),
    "ftrl without updates": dict(optimizer="Ftrl", learning_rate=0.05, update_ops=[], increment_global_step=False),
    "sgd adaptive": dict(optimizer="SGD", learning_rate=0.05, adaptive={"name": "clip"}),
    "sgd adaptive with a limit": dict(optimizer="SGD", learning_rate=0.05, adaptive={"static_max_norm": 0.3}),
    "a function without rate": dict(
        optimizer=lambda: v1.train.GradientDescentOptimizer(0.1), learning_rate=None, summaries=["gradients"]
    ),
}
for _name in _TRAINING:
    CASES["optimize_loss " + _name] = lambda layers, _, options=_TRAINING[_name]: _trained(layers, **options)


def measure(layers, slim_summaries, case):
    """Returns what the case makes in a new graph, as plain data."""
    with tf.Graph().as_default():
        v1.set_random_seed(3)
        return CASES[case](layers, slim_summaries)


if __name__ == "__main__":
    from tensorflow.contrib import layers
    from tensorflow.contrib.layers.python.layers import optimizers
    from tensorflow.contrib.slim import summaries

    layers.adaptive_clipping_fn = optimizers.adaptive_clipping_fn  # contrib.layers does not publish it.

    write_cases("layer_helpers.json", {case: measure(layers, summaries, case) for case in CASES})
