"""Small nets in the three forms whose checkpoints are converted."""

import types

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1
IMAGES = np.random.RandomState(0).rand(2, 8, 8, 3).astype("float32")


def net(images, is_training=False):
    with slim.arg_scope([slim.batch_norm], is_training=is_training, scale=True):
        images = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm, scope="conv")
    return slim.fully_connected(slim.flatten(images), 5, activation_fn=None, scope="logits")


@pytest.fixture(scope="session")
def nets(tmp_path_factory):
    """A trained TF1 checkpoint of `net` (Momentum, moving averages), its values, and what it gives."""
    prefix = str(tmp_path_factory.mktemp("tf1") / "model.ckpt")
    with tf.Graph().as_default(), v1.Session() as session:
        v1.set_random_seed(1)
        inputs = v1.placeholder(tf.float32, [None, 8, 8, 3])
        logits = net(inputs, is_training=False)
        step = v1.train.get_or_create_global_step()
        averages = v1.train.ExponentialMovingAverage(0.5)
        train = v1.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(logits**2), step)
        with tf.control_dependencies([train]):
            train = averages.apply(v1.trainable_variables())
        session.run(v1.global_variables_initializer())
        for _ in range(3):
            session.run(train, {inputs: IMAGES * 0.1})
        v1.train.Saver().save(session, prefix)
        names = [v.op.name for v in v1.global_variables()]
        values = dict(zip(names, session.run(v1.global_variables())))
        model = [v.op.name for v in slim.get_model_variables()]
        return types.SimpleNamespace(
            net=net,
            tf1=prefix,
            values=values,
            model_names=model,
            images=IMAGES,
            logits=session.run(logits, {inputs: IMAGES}),
        )


@pytest.fixture
def module():
    """A Module of `net` with variables that still have to be loaded."""
    return slim.Module(net).build(tf.TensorSpec([None, 8, 8, 3]))


def keras_net():
    """The same net as Keras's own layers, under names that are not slim's."""
    keras = tf.keras
    inputs = keras.Input([8, 8, 3])
    x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv")(inputs)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(epsilon=0.001, name="norm")(x))
    return keras.Model(inputs, keras.layers.Dense(5, name="logits")(keras.layers.Flatten()(x)))


TO_KERAS = ["conv/weights=conv/kernel", "^conv/BatchNorm/=norm/", "logits/weights=logits/kernel", "biases=bias"]


@pytest.fixture
def keras_model():
    tf.keras.backend.clear_session()
    return keras_net()
