"""`Module.as_keras_layer()`: variables, losses, updates and files of a Module in Keras."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim
from slimshim.keras_models import load_model, variables_by_name
from slimshim.nets import inception_v2

keras = tf.keras

IMAGES = np.random.RandomState(0).uniform(-1, 1, [4, 8, 8, 3]).astype("float32")
KERAS_FILES = hasattr(keras.layers.Layer, "build_from_config")


@keras.utils.register_keras_serializable(package="tests")
def net(images, width=4, is_training=True):
    params = {"is_training": is_training, "decay": 0.5}
    features = slim.conv2d(
        images,
        width,
        3,
        normalizer_fn=slim.batch_norm,
        normalizer_params=params,
        weights_regularizer=slim.l2_regularizer(0.1),
    )
    return slim.fully_connected(tf.reduce_mean(features, [1, 2]), 5, activation_fn=None)


def model_of(layer):
    inputs = keras.Input([8, 8, 3])
    return keras.Model(inputs, layer(inputs))


def test_the_layer_owns_the_modules_variables():
    module = slim.Module(net)
    model = model_of(module.as_keras_layer())
    owned = variables_by_name(model)
    assert sorted(owned) == sorted(v.name.split(":")[0] for v in module.variables)
    assert {id(v) for v in owned.values()} == {id(v) for v in module.variables}
    assert len(model.trainable_weights) == len(module.trainable_variables)


def test_a_module_that_has_variables_keeps_them():
    module = slim.Module(net)
    expected = module(IMAGES, is_training=False)
    np.testing.assert_allclose(model_of(module.as_keras_layer())(IMAGES).numpy(), expected.numpy(), rtol=1e-6)


def test_fit_trains_the_module_and_moves_its_averages():
    module = slim.Module(net)
    model = model_of(module.as_keras_layer())
    before = [v.numpy() for v in module.variables]
    model.compile("sgd", "mse")
    model.fit(IMAGES, np.ones([4, 5]), verbose=0)
    assert all((v.numpy() != old).any() for v, old in zip(module.variables, before))
    np.testing.assert_allclose(
        model.predict(IMAGES, verbose=0), module(IMAGES, is_training=False).numpy(), rtol=1e-5, atol=1e-6
    )


def test_is_training_that_the_module_was_made_with_stays():
    module = slim.Module(net, is_training=False)
    model = model_of(module.as_keras_layer())
    np.testing.assert_array_equal(model(IMAGES, training=True).numpy(), model(IMAGES, training=False).numpy())


def test_regularization_losses_are_the_layers():
    module = slim.Module(net)
    layer = module.as_keras_layer("mine")
    layer(IMAGES)
    assert layer.name == "mine"
    np.testing.assert_allclose([float(loss) for loss in layer.losses], [float(loss) for loss in module.losses])


@pytest.mark.skipif(not KERAS_FILES, reason="this Keras has no .keras files")
def test_a_saved_model_comes_back_whole(tmp_path):
    model = model_of(slim.Module(net, width=3).as_keras_layer())
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0))
    assert list(variables_by_name(again)) == list(variables_by_name(model))


def test_a_net_of_the_package_needs_no_registration():
    layer = slim.Module(inception_v2.inception_v2_base, final_endpoint="Conv2d_2b_1x1").as_keras_layer()
    again = type(layer).from_config(layer.get_config())
    assert [tuple(t.shape) for t in again(IMAGES)[1].values()] == [tuple(t.shape) for t in layer(IMAGES)[1].values()]


def test_what_cannot_be_saved_is_named():
    layer = slim.Module(lambda x: slim.conv2d(x, 2, 1)).as_keras_layer()
    with pytest.raises(ValueError, match="fn: .*register_keras_serializable"):
        layer.get_config()
    with slim.arg_scope([slim.conv2d], activation_fn=None):
        layer = slim.Module(net).as_keras_layer()
    with pytest.raises(ValueError, match="module: .*arg_scope"):
        layer.get_config()


def test_weights_are_saved_and_loaded_alone(tmp_path):
    first, second = (model_of(slim.Module(net).as_keras_layer("net")) for _ in range(2))
    first.save_weights(str(tmp_path / "model.weights.h5"))
    second.load_weights(str(tmp_path / "model.weights.h5"))
    np.testing.assert_array_equal(first.predict(IMAGES, verbose=0), second.predict(IMAGES, verbose=0))
