"""A lifted graph is exported, and held against its function, like any other model."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim import export, testing

v1 = tf.compat.v1
IMAGES = np.random.RandomState(0).rand(4, 8, 8, 3).astype("float32")


def net(images, is_training=True):
    with slim.arg_scope([slim.batch_norm], is_training=is_training, decay=0.5):
        features = slim.conv2d(images, 4, 3, normalizer_fn=slim.batch_norm, scope="conv")
    return slim.fully_connected(slim.flatten(features), 5, activation_fn=None, scope="logits")


class _Inference:
    """The net's graph for inference, with the values that a session gave it, and its answer to `IMAGES`."""

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default(), v1.Session() as session:
            self.images = v1.placeholder(tf.float32, [None, 8, 8, 3], name="images")
            self.logits = net(self.images, is_training=False)
            session.run(v1.global_variables_initializer())
            self.expected = session.run(self.logits, {self.images: IMAGES})
            self.lifted = slim.lift(self.graph, {"images": self.images}, {"logits": self.logits}, session=session)


@pytest.fixture(scope="module")
def inference():
    return _Inference()


SPEC = {"images": tf.TensorSpec([None, 8, 8, 3], name="images")}


def test_a_lifted_graph_becomes_a_saved_model_with_tf1_names(inference, tmp_path):
    export.saved_model(inference.lifted, tmp_path / "saved", SPEC)
    served = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    np.testing.assert_allclose(served(images=IMAGES)["logits"], inference.expected, rtol=1e-5, atol=1e-6)
    assert "conv/BatchNorm/moving_mean" in slim.checkpoints.read(tmp_path / "saved")


def test_a_lifted_graph_becomes_a_frozen_graph(inference, tmp_path):
    frozen = export.frozen_graph(inference.lifted, tmp_path / "net.pb", SPEC)
    graph_def = v1.GraphDef.FromString((tmp_path / "net.pb").read_bytes())
    with tf.Graph().as_default(), v1.Session() as session:
        tf.import_graph_def(graph_def, name="")
        found = session.run(frozen.outputs["logits"], {frozen.inputs["images"]: IMAGES})
    np.testing.assert_allclose(found, inference.expected, rtol=1e-5, atol=1e-6)


def test_a_lifted_graph_becomes_a_tflite_file(inference, tmp_path):
    export.tflite(inference.lifted, tmp_path / "net.tflite", {"images": tf.TensorSpec([4, 8, 8, 3], name="images")})
    runner = tf.lite.Interpreter(str(tmp_path / "net.tflite")).get_signature_runner()
    np.testing.assert_allclose(runner(images=IMAGES)["logits"], inference.expected, rtol=1e-4, atol=1e-5)


def test_a_lifted_training_graph_is_equivalent_to_a_module_of_its_function():
    with tf.Graph().as_default() as graph:
        images = v1.placeholder(tf.float32, [None, 8, 8, 3], name="images")
        logits = net(images, is_training=True)
    # The graph's mode is fixed, so the function's is, too.
    module = slim.Module(lambda x: net(x, is_training=True))
    testing.assert_equivalent(slim.lift(graph, images, logits), module, IMAGES, steps=3)


def test_a_lifted_graph_that_is_another_net_is_told_apart():
    with tf.Graph().as_default() as graph:
        images = v1.placeholder(tf.float32, [None, 8, 8, 3], name="images")
        logits = net(images, is_training=True) * 1.01
    module = slim.Module(lambda x: net(x, is_training=True))
    with pytest.raises(AssertionError, match="output"):
        testing.assert_equivalent(slim.lift(graph, images, logits), module, IMAGES)
