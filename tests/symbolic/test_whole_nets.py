"""Whole nets on Keras tensors: end points, `summary`, `plot_model`, `fit`, `.keras` files."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.keras_models import load_model, variables_by_name
from slimshim.nets import inception_v2

keras = tf.keras

SIZE = 48
IMAGES = np.random.RandomState(0).uniform(-1, 1, [4, SIZE, SIZE, 3]).astype("float32")
LABELS = np.array([0, 1, 2, 0])
KERAS_FILES = hasattr(keras.layers.Layer, "build_from_config")


def thin_inception(images):
    with slim.arg_scope(inception_v2.inception_v2_arg_scope()):
        return inception_v2.inception_v2(images, 3, is_training=None, depth_multiplier=0.125, min_depth=4)


@pytest.fixture(scope="module")
def net():
    inputs = keras.Input([SIZE, SIZE, 3])
    logits, end_points = thin_inception(inputs)
    return keras.Model(inputs, logits), inputs, end_points


@pytest.fixture(scope="module")
def in_graph():
    """Returns (names of the variables, end points with their shapes) of the net in a graph."""
    with tf.Graph().as_default():
        images = tf.compat.v1.placeholder(tf.float32, [None, SIZE, SIZE, 3])
        with slim.arg_scope(inception_v2.inception_v2_arg_scope()):
            _, end_points = inception_v2.inception_v2(images, 3, depth_multiplier=0.125, min_depth=4)
        names = [v.op.name for v in tf.compat.v1.global_variables()]
        return names, {name: tuple(tensor.shape) for name, tensor in end_points.items()}


def test_weights_and_end_points_are_those_of_a_graph(net, in_graph):
    model, _, end_points = net
    names, shapes = in_graph
    assert sorted(variables_by_name(model)) == sorted(names)
    assert {name: tuple(tensor.shape) for name, tensor in end_points.items()} == shapes


def test_any_end_point_is_the_output_of_a_model_on_the_same_weights(net):
    model, inputs, end_points = net
    part = keras.Model(inputs, [end_points["Mixed_3b"], end_points["Predictions"]])
    features, predictions = part.predict(IMAGES, verbose=0)
    assert features.shape == tuple([4, *end_points["Mixed_3b"].shape[1:]])
    logits = model.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(predictions, tf.nn.softmax(logits), rtol=1e-5, atol=1e-6)


def test_the_summary_names_the_scopes(net):
    lines = []
    net[0].summary(print_fn=lambda text, **_: lines.append(text), line_length=200)
    text = "\n".join(lines)
    assert "InceptionV2.Conv2d_1a_7x7" in text and "InceptionV2.Logits.Conv2d_1c_1x1" in text


def test_the_model_can_be_drawn(net):
    drawn = keras.utils.model_to_dot(net[0])
    assert len(drawn.get_nodes()) >= len(net[0].layers)


@pytest.mark.slow
def test_the_model_is_trained_saved_and_loaded(net, tmp_path):
    model = net[0]
    before = {name: variable.numpy() for name, variable in variables_by_name(model).items()}
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(IMAGES, LABELS, batch_size=4, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    moved = [name for name, variable in variables_by_name(model).items() if (variable.numpy() != before[name]).any()]
    assert {name for name in before if "moving_mean" in name} <= set(moved)
    if KERAS_FILES:
        model.save(tmp_path / "net.keras")
        again = load_model(tmp_path / "net.keras")
        np.testing.assert_array_equal(again.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))
        assert list(variables_by_name(again)) == list(variables_by_name(model))
