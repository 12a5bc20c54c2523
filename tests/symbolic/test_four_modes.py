"""Each layer in a graph, as a Module, in a tf.function and on Keras tensors: the same numbers from the same weights."""

import functools

import numpy as np
import pytest
import tensorflow as tf
from by_name import weight_values

import slimshim as slim
from slimshim import nets

v1 = tf.compat.v1

L2 = slim.l2_regularizer(0.1)
IMAGES = np.random.RandomState(0).uniform(-1, 1, [2, 6, 6, 4]).astype("float32")
ROWS = IMAGES[:, 0, 0]
VOLUMES = IMAGES.reshape(2, 6, 3, 2, 4)
NORMALIZED = {"normalizer_fn": slim.batch_norm, "normalizer_params": {"decay": 0.9, "scale": True}}


def reversible(x):
    def half(name):
        return lambda x: slim.fully_connected(x, 4, weights_regularizer=L2, scope=name)

    first, second = slim.layers.rev_block(x, x, half("f"), half("g"), num_layers=2)
    return first * second


def recomputed(x):
    # Automatic names would count on when the function runs again.
    x = slim.fully_connected(x, 3, weights_regularizer=L2, scope="first")
    return slim.fully_connected(x, 2, scope="second")


CASES = {
    "conv1d": (lambda x: slim.conv1d(x, 3, 3, rate=2), IMAGES[0]),
    "conv2d": (lambda x: slim.conv2d(x, 3, 3, 2, weights_regularizer=L2, biases_regularizer=L2), IMAGES),
    "conv2d with batch norm": (lambda x: slim.conv2d(x, 3, 3, weights_regularizer=L2, **NORMALIZED), IMAGES),
    "conv2d, then an activation": (lambda x: slim.conv2d(x, 3, 3, activation_fn=tf.nn.elu, **NORMALIZED), IMAGES),
    "conv3d": (lambda x: slim.conv3d(x, 3, 2), VOLUMES),
    "convolution": (lambda x: slim.convolution(x, 3, 3, rate=2, weights_regularizer=L2), IMAGES),
    "conv2d_in_plane": (lambda x: slim.conv2d_in_plane(x, 3), IMAGES),
    "separable_conv2d": (lambda x: slim.separable_conv2d(x, 3, 3, 2, weights_regularizer=L2), IMAGES),
    "depthwise": (lambda x: slim.separable_conv2d(x, None, 3, 1, rate=2, **NORMALIZED), IMAGES),
    "conv2d_transpose": (lambda x: slim.conv2d_transpose(x, 3, 3, 2, weights_regularizer=L2), IMAGES),
    "conv3d_transpose": (lambda x: slim.conv3d_transpose(x, 3, 2, 2), VOLUMES),
    "fully_connected": (lambda x: slim.fully_connected(x, 3, weights_regularizer=L2), ROWS),
    "legacy_fully_connected": (lambda x: slim.legacy_fully_connected(x, 3, weight_regularizer=L2), ROWS),
    "batch_norm": (lambda x: slim.batch_norm(x, decay=0.9, scale=True, activation_fn=tf.nn.relu), IMAGES),
    "batch_norm of rows": (lambda x: slim.batch_norm(x, decay=0.9, updates_collections=None), ROWS),
    "batch_norm, plain": (lambda x: slim.batch_norm(x, fused=False, param_regularizers={"beta": L2}), IMAGES),
    "batch_norm, renorm": (lambda x: slim.batch_norm(x, renorm=True, decay=0.9), IMAGES),
    "batch_norm, debiased": (lambda x: slim.batch_norm(x, zero_debias_moving_mean=True), IMAGES),
    "batch_norm, inference": (lambda x: slim.batch_norm(x, is_training=False), IMAGES),
    "layer_norm": (lambda x: slim.layer_norm(x), IMAGES),
    "group_norm": (lambda x: slim.group_norm(x, 2), IMAGES),
    "instance_norm": (lambda x: slim.instance_norm(x), IMAGES),
    "bias_add": (lambda x: slim.bias_add(x, regularizer=L2), IMAGES),
    "gdn": (lambda x: slim.gdn(x), IMAGES),
    "max_pool2d": (lambda x: slim.max_pool2d(x, 2), IMAGES),
    "avg_pool2d": (lambda x: slim.avg_pool2d(x, 3, 1, "SAME"), IMAGES),
    "max_pool3d": (lambda x: slim.max_pool3d(x, 2), VOLUMES),
    "avg_pool3d": (lambda x: slim.avg_pool3d(x, 2), VOLUMES),
    "pool": (lambda x: slim.pool(x, 2, "AVG"), IMAGES),
    "flatten": (lambda x: slim.flatten(x), IMAGES),
    "dropout, inference": (lambda x: slim.dropout(x, is_training=False), IMAGES),
    "maxout": (lambda x: slim.maxout(x, 2), IMAGES),
    "softmax": (lambda x: slim.softmax(x), IMAGES),
    "spatial_softmax": (lambda x: slim.spatial_softmax(x), IMAGES),
    "unit_norm": (lambda x: slim.unit_norm(x, 1), IMAGES),
    "images_to_sequence": (lambda x: slim.images_to_sequence(x), IMAGES),
    "sequence_to_images": (lambda x: slim.sequence_to_images(x, 3), IMAGES[0]),
    "repeat": (lambda x: slim.repeat(x, 2, slim.conv2d, 3, 3, weights_regularizer=L2), IMAGES),
    "stack": (lambda x: slim.stack(x, slim.fully_connected, [3, 2], scope="fc"), ROWS),
    "relu": (lambda x: slim.layers.relu(x, 3), ROWS),
    "relu6": (lambda x: slim.layers.relu6(x, 3, weights_regularizer=L2), ROWS),
    "elu": (lambda x: slim.layers.elu(x, 3), ROWS),
    "linear": (lambda x: slim.layers.linear(x, 3, **NORMALIZED), ROWS),
    "legacy_linear": (lambda x: slim.layers.legacy_linear(x, 3), ROWS),
    "legacy_relu": (lambda x: slim.layers.legacy_relu(x, 3, bias_regularizer=L2), ROWS),
    "one_hot_encoding": (lambda x: slim.one_hot_encoding(x, 5), np.array([[0, 3], [4, 1]])),
    "bucketize": (lambda x: slim.layers.bucketize(x, [-0.5, 0.0, 0.5]), ROWS),
    "poincare_normalize": (lambda x: slim.layers.poincare_normalize(slim.fully_connected(x, 3)), ROWS),
    "scale_gradient": (lambda x: slim.layers.scale_gradient(slim.fully_connected(x, 3), -0.5), ROWS),
    "rev_block": (lambda x: reversible(x), ROWS),
    "recompute_grad": (lambda x: slim.layers.recompute_grad(recomputed)(x), ROWS),
    "dropout, all kept": (lambda x: slim.dropout(slim.fully_connected(x, 3), 1.0), ROWS),
    "automatic names": (lambda x: slim.conv2d(slim.conv2d(x, 3, 3), 2, 1), IMAGES),
}


# Layers that are no case, and why.
NO_CASES = {"dense_to_sparse": "gives a sparse tensor, on Keras tensors none"}


def public_layers():
    """Returns the public name of each function that is a layer; one name for aliases."""
    names = [*slim.layers.layers.__all__, "bucketize", "group_norm", "instance_norm", "recompute_grad", "rev_block"]
    functions = {name: getattr(slim.layers, name) for name in names if not isinstance(getattr(slim.layers, name), type)}
    return {name: function for name, function in functions.items() if callable(function)}


def test_every_public_layer_has_a_case():
    covered = [getattr(slim.layers, case.split(",")[0].split(" ")[0], None) for case in CASES]
    missing = [
        name for name, layer in public_layers().items() if name not in NO_CASES and not any(layer is c for c in covered)
    ]
    assert not missing


def values_for(names_and_shapes):
    """Returns a value for each variable, the same wherever the variable comes from."""
    return {name: value_for(name, shape) for name, shape in names_and_shapes.items()}


def value_for(name, shape):
    if name.endswith(("stddev", "local_step", "gamma", "/reparam_gamma", "/reparam_beta")):  # All positive.
        return np.random.RandomState(len(name)).uniform(0.5, 1.0, shape).astype("float32")
    return weight_values(name, shape)


def shapes(variables):
    return {variable.name.split(":")[0]: tuple(variable.shape) for variable in variables}


def loss_of(outputs, losses):
    outputs = tf.cast(outputs, tf.float32)
    weights = np.linspace(-1, 1, int(np.prod(outputs.shape)), dtype="float32").reshape(outputs.shape)
    return tf.reduce_sum(outputs * weights) + tf.add_n([tf.constant(0.0), *losses])


def by_name(variables, values):
    return {variable.name.split(":")[0]: value for variable, value in zip(variables, values)}


def in_graph(net, inputs):
    with tf.Graph().as_default(), v1.Session() as session:
        outputs = net(tf.constant(inputs))
        losses = v1.losses.get_regularization_losses()
        trainable, everything = v1.trainable_variables(), v1.global_variables()
        gradients = tf.gradients(loss_of(outputs, losses), trainable)
        values = values_for(shapes(everything))
        session.run(v1.global_variables_initializer())
        for variable in everything:
            variable.load(values[variable.name.split(":")[0]], session)
        updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
        results, grads, losses, _ = session.run(
            [outputs, [tf.convert_to_tensor(g) for g in gradients], losses, updates]
        )
        return results, by_name(trainable, grads), losses, by_name(everything, session.run(everything))


def in_module(net, inputs, wrap=lambda function: function):
    module = slim.Module(net)
    module.build(tf.TensorSpec(inputs.shape, inputs.dtype))
    values = values_for(shapes(module.variables))
    for variable in module.variables:
        variable.assign(values[variable.name.split(":")[0]])
    return step(wrap, module, inputs, module.variables, module.trainable_variables, lambda: module.losses)


def on_keras_tensors(net, inputs):
    keras_input = tf.keras.Input(inputs.shape[1:], inputs.shape[0], dtype=inputs.dtype.name)
    model = tf.keras.Model(keras_input, net(keras_input))
    variables = list(slim.keras_models.variables_by_name(model).values())
    values = values_for(shapes(variables))
    for variable in variables:
        variable.assign(values[variable.name.split(":")[0]])
    trainable = [variable for variable in variables if variable.trainable]
    return step(tf.function, model, inputs, variables, trainable, lambda: model.losses)


def step(wrap, call, inputs, variables, trainable, losses_of):
    def one():
        with tf.GradientTape() as tape:
            outputs = call(tf.constant(inputs))
            losses = losses_of()
            loss = loss_of(outputs, losses)
        return outputs, tape.gradient(loss, trainable), losses

    outputs, gradients, losses = wrap(one)()
    return (
        outputs.numpy(),
        by_name(trainable, [tf.convert_to_tensor(g).numpy() for g in gradients]),
        [loss.numpy() for loss in losses],
        by_name(variables, [v.numpy() for v in variables]),
    )


def assert_same(expected, found, tolerance):
    outputs, gradients, losses, variables = expected
    scale = max(1.0, np.abs(outputs).max())
    np.testing.assert_allclose(found[0], outputs, rtol=tolerance, atol=tolerance * scale)
    assert sorted(found[1]) == sorted(gradients)
    assert sorted(found[3]) == sorted(variables)
    np.testing.assert_allclose(sorted(found[2]), sorted(losses), rtol=tolerance)
    for kind, values in ((1, gradients), (3, variables)):
        for name, value in values.items():
            scale = max(1.0, np.abs(value).max())
            np.testing.assert_allclose(found[kind][name], value, rtol=tolerance, atol=tolerance * scale, err_msg=name)


MODES = {
    "Module": in_module,
    "tf.function": functools.partial(in_module, wrap=tf.function),
    "Keras": on_keras_tensors,
}


@functools.cache
def graph_result(case):
    return in_graph(*CASES[case])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", CASES)
def test_layer_gives_the_numbers_of_graph_mode(case, mode):
    assert_same(graph_result(case), MODES[mode](*CASES[case]), 1e-5)


def net(module, name, arg_scope, **kwargs):
    """Returns the function of images that builds a net of the package, training unless it is told not to."""

    def build(images):
        with slim.arg_scope(getattr(module, arg_scope)()):
            outputs, end_points = getattr(module, name)(images, 5, **kwargs)
            # The weights of Inception V3's second head have a gradient through it alone.
            return outputs + end_points["AuxLogits"] if "AuxLogits" in end_points else outputs

    return build


def inception(version, **kwargs):
    module = getattr(nets, f"inception_v{version}")
    kwargs = {"dropout_keep_prob": 1.0, "prediction_fn": slim.softmax, **kwargs}
    return net(module, f"inception_v{version}", f"inception_v{version}_arg_scope", **kwargs)


def resnet(version, depth):
    module = getattr(nets, f"resnet_v{version}")
    return net(module, f"resnet_v{version}_{depth}", "resnet_arg_scope", is_training=depth == 50)


# name -> (function, size of the images). Batch norm over few pixels makes rounding grow through the depth: while
# Inception V3 trains, its outputs agree within 1e-4 and its averages within 1e-6, but a ReLU that flips moves a
# gradient by up to 4e-2. So the deepest ones run by their moving averages; the same layers train in the others.
NETS = {
    "alexnet_v2": (net(nets.alexnet, "alexnet_v2", "alexnet_v2_arg_scope", dropout_keep_prob=1.0), 195),
    "overfeat": (net(nets.overfeat, "overfeat", "overfeat_arg_scope", dropout_keep_prob=1.0), 231),
    **{
        name: (net(nets.vgg, name, "vgg_arg_scope", dropout_keep_prob=1.0), 224)
        for name in ("vgg_a", "vgg_16", "vgg_19")
    },
    "inception_v1": (inception(1, is_training=False), 193),
    "inception_v2": (inception(2, depth_multiplier=0.25, min_depth=4), 48),
    "inception_v3": (inception(3, depth_multiplier=0.25, min_depth=4, is_training=False), 107),
    **{f"resnet_v{v}_{depth}": (resnet(v, depth), 33) for v in (1, 2) for depth in (50, 101, 152, 200)},
}


def test_every_net_has_a_case():
    modules = (nets.alexnet, nets.overfeat, nets.vgg, nets.inception, nets.resnet_v1, nets.resnet_v2)
    public = {name: getattr(module, name) for module in modules for name in module.__all__}
    # resnet_v1 and resnet_v2 are what those of each depth are made of.
    known = {id(public[name]) for name in [*NETS, "resnet_v1", "resnet_v2"]}
    missing = [name for name, net in public.items() if hasattr(net, "default_image_size") and id(net) not in known]
    assert not missing


# Larger forms of the others: the same layers, more or wider ones, at a minute or more a mode.
DEEP = ["overfeat", "vgg_a", "vgg_16", "vgg_19", *(f"resnet_v{v}_{depth}" for v in (1, 2) for depth in (101, 152, 200))]


@functools.lru_cache(maxsize=1)  # The modes of a net come one after the other.
def net_in_graph(name):
    function, size = NETS[name]
    images = np.random.RandomState(2).uniform(-1, 1, [2, size, size, 3]).astype("float32")
    return images, in_graph(function, images)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.deep) if name in DEEP else name for name in NETS]
)
def test_net_gives_the_numbers_of_graph_mode(name, mode):
    images, expected = net_in_graph(name)
    assert_same(expected, MODES[mode](NETS[name][0], images), 1e-4)
