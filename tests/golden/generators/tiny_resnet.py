"""Makes `tiny_resnet.ckpt.*` and `tiny_resnet.json`: a checkpoint that TF 1.15 wrote, and what its net gives.

To make it again: `python3 tests/golden/regenerate.py tiny_resnet`.
The net has two units of a ResNet, an Inception branch and a classifier; it was trained for some steps
with momentum, so the checkpoint also holds a global step and the optimizer's variables.
"""

import importlib

import numpy as np
import tensorflow as tf
from by_name import weight_values
from golden_files import plain, target, write_json

v1 = tf.compat.v1
STEPS = 3
IMAGES = np.random.RandomState(5).uniform(-1, 1, (4, 9, 9, 3)).astype("float32")
LABELS = np.array([0, 2, 1, 2])


def net(images, package, is_training=False):
    """Returns the logits, [batch, 3]; `package` is the path of the slim package."""
    slim = importlib.import_module(package)
    resnet_v2 = importlib.import_module(package + ".nets.resnet_v2")
    inception_v1 = importlib.import_module(package + ".nets.inception_v1")
    with slim.arg_scope([slim.batch_norm], is_training=is_training):
        with slim.arg_scope(resnet_v2.resnet_arg_scope()):
            blocks = [resnet_v2.resnet_v2_block("block1", base_depth=1, num_units=2, stride=2)]
            features, _ = resnet_v2.resnet_v2(
                images, blocks, is_training=is_training, global_pool=False, include_root_block=False, scope="tiny"
            )
        with slim.arg_scope(inception_v1.inception_v1_arg_scope()), v1.variable_scope("Mixed"):
            features = slim.conv2d(features, 4, [3, 3])
            features = slim.conv2d(features, 4, [1, 1])
        return slim.fully_connected(slim.flatten(features), 3, activation_fn=None, scope="logits")


def main():
    package = "tensorflow.contrib.slim"
    import sys

    sys.modules[package + ".nets"] = importlib.import_module(package + ".python.slim.nets")
    slim = importlib.import_module(package)
    with tf.Graph().as_default(), v1.Session() as session:
        images = tf.constant(IMAGES)
        slim.losses.sparse_softmax_cross_entropy(net(images, package, is_training=True), LABELS)
        train_op = slim.learning.create_train_op(slim.losses.get_total_loss(), v1.train.MomentumOptimizer(0.05, 0.9))
        with v1.variable_scope("", reuse=True):
            logits = net(images, package)
        session.run(v1.global_variables_initializer())
        for variable in slim.get_model_variables():
            variable.load(weight_values(variable.op.name, variable.shape.as_list()), session)
        for _ in range(STEPS):
            session.run(train_op)
        v1.train.Saver().save(session, str(target("tiny_resnet.ckpt")), write_meta_graph=False, write_state=False)
        facts = {
            "model": [v.op.name for v in slim.get_model_variables()],
            "others": [v.op.name for v in v1.global_variables() if v not in slim.get_model_variables()],
            "logits": plain(session.run(logits)),
        }
    write_json("tiny_resnet.json", facts)
    print({key: len(value) for key, value in facts.items()})


if __name__ == "__main__":
    main()
