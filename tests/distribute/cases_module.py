"""Variables, updates, losses and gradients of a Module in the replicas of a MirroredStrategy."""

import functools

import numpy as np
import pytest
import tensorflow as tf
import two_devices

import slimshim as slim

v1 = tf.compat.v1

IMAGES = np.random.RandomState(0).uniform(-1, 1, (8, 4, 4, 2)).astype("float32")
NAMES = ["Conv/weights", "Conv/BatchNorm/beta", "Conv/BatchNorm/moving_mean", "Conv/BatchNorm/moving_variance", "scale"]


@pytest.fixture(scope="module")
def strategy():
    return two_devices.mirrored()


def net(images, is_training=True):
    params = {"is_training": is_training, "decay": 0.5}
    outputs = slim.conv2d(
        images,
        3,
        3,
        normalizer_fn=slim.batch_norm,
        normalizer_params=params,
        weights_regularizer=slim.l2_regularizer(0.1),
    )
    return outputs * v1.get_variable("scale", [3], initializer=v1.ones_initializer())


def halves(strategy):
    def of_replica(context):
        return tf.constant(np.split(IMAGES, 2)[context.replica_id_in_sync_group])

    return strategy.experimental_distribute_values_from_function(of_replica)


def in_function(call):
    return tf.function(call, autograph=False)


def in_eager(call):
    return call


def names(module):
    return [v.name.removesuffix(":0") for v in module.variables]


def first_call_in_replicas(strategy, run):
    module = slim.Module(net)
    run(lambda images: strategy.run(module, (images,)))(halves(strategy))
    return module


def made_in_scope(strategy, run):
    with strategy.scope():
        module = slim.Module(net)
    run(lambda images: strategy.run(module, (images,)))(halves(strategy))
    return module


def built_outside_the_scope_it_was_made_in(strategy, run):
    with strategy.scope():
        module = slim.Module(net)
    module.build(tf.TensorSpec([None, 4, 4, 2]))
    run(lambda images: strategy.run(module, (images,)))(halves(strategy))
    return module


def called_in_scope(strategy, run):
    with strategy.scope():
        module = slim.Module(net)
        run(module)(tf.constant(IMAGES), is_training=False)
    run(lambda images: strategy.run(module, (images,)))(halves(strategy))
    return module


@pytest.mark.parametrize("run", [in_function, in_eager])
@pytest.mark.parametrize(
    "first", [first_call_in_replicas, made_in_scope, built_outside_the_scope_it_was_made_in, called_in_scope]
)
def test_variables_are_mirrored_and_averages_are_the_mean_of_each_replicas_own(strategy, run, first):
    module = first(strategy, run)
    assert names(module) == NAMES
    assert all(strategy.extended.variable_created_in_scope(v) for v in module.variables)
    by_name = dict(zip(NAMES, module.variables))
    assert by_name["Conv/weights"].synchronization != tf.VariableSynchronization.ON_READ
    mean = by_name["Conv/BatchNorm/moving_mean"]
    assert mean.synchronization == tf.VariableSynchronization.ON_READ
    assert mean.aggregation == tf.VariableAggregation.MEAN and not mean.trainable
    convolved = tf.nn.conv2d(IMAGES, by_name["Conv/weights"].read_value(), 1, "SAME").numpy()
    of_replicas = [0.5 * half.mean((0, 1, 2)) for half in np.split(convolved, 2)]
    for own, expected in zip(strategy.experimental_local_results(mean), of_replicas):
        np.testing.assert_allclose(own, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(mean.read_value(), np.mean(of_replicas, 0), rtol=1e-4, atol=1e-6)


def test_averages_move_once_a_step_in_functions_that_are_traced_again(strategy):
    with strategy.scope():
        module = slim.Module(lambda x: slim.batch_norm(x, decay=0.5))
    step = tf.function(lambda x: strategy.run(module, (x,)))
    for steps, rows in enumerate((4, 2, 4, 6), 1):
        x = np.full([rows, 3], 2.0, "float32")
        step(strategy.experimental_distribute_values_from_function(lambda context, x=x: tf.constant(x)))
        (mean,) = [v for v in module.variables if v.name == "BatchNorm/moving_mean:0"]
        np.testing.assert_allclose(mean.read_value(), 2 * (1 - 0.5**steps), rtol=1e-6)


def test_losses_are_those_of_the_replicas_own_call_even_when_replicas_take_turns(strategy):
    with strategy.scope():
        module = slim.Module(net).build(tf.TensorSpec([None, 4, 4, 2]))

    def step(images):
        with tf.GradientTape() as tape:
            module(images)
            # Here one replica waits while the other one calls the Module.
            tf.distribute.get_replica_context().all_reduce("sum", tf.constant(1.0))
            loss = tf.add_n(module.losses)
        return loss, tape.gradient(loss, module.trainable_variables[0])

    for run in (in_function, in_eager):
        losses, gradients = run(lambda images: strategy.run(step, (images,)))(halves(strategy))
        weights = module.variables[0].read_value()
        for loss, gradient in zip(*map(strategy.experimental_local_results, (losses, gradients))):
            np.testing.assert_allclose(loss, 0.1 * tf.nn.l2_loss(weights), rtol=1e-5)
            np.testing.assert_allclose(gradient, 0.1 * weights, rtol=1e-5)
        # And after the step, for code in no replica.
        np.testing.assert_allclose([float(loss) for loss in module.losses], [0.1 * tf.nn.l2_loss(weights)], rtol=1e-5)


def test_replicas_see_the_arg_scope_that_the_module_was_made_in(strategy):
    with strategy.scope(), slim.arg_scope([slim.fully_connected], activation_fn=None, biases_initializer=None):
        module = slim.Module(slim.fully_connected, num_outputs=2)
    x = strategy.experimental_distribute_values_from_function(lambda context: -tf.ones([1, 3]))
    for run in (in_function, in_eager):
        outputs = run(lambda x: strategy.run(module, (x,)))(x)
        assert names(module) == ["weights"] or names(module) == ["fully_connected/weights"]
        for output in strategy.experimental_local_results(outputs):
            np.testing.assert_allclose(output, -np.sum(module.variables[0].read_value(), 0, keepdims=True), rtol=1e-5)


def test_functions_of_slim_find_variables_and_losses_within_a_replica(strategy):
    found = []

    def model(images):
        net(images)
        found.append(([v.name for v in slim.get_model_variables()], len(slim.losses.get_regularization_losses())))
        return images

    module = slim.Module(model)
    tf.function(lambda images: strategy.run(module, (images,)))(halves(strategy))
    expected = [name + ":0" for name in NAMES if name != "scale"]
    assert len(found) >= 2 and all(each == (expected, 1) for each in found)


def train(step, images):
    return [float(step(images)) for _ in range(3)]


def sgd_step(module, images, replicas):
    with tf.GradientTape() as tape:
        outputs = module(images)
        loss = (tf.reduce_mean(outputs**2) + tf.add_n(module.losses)) / replicas
    variables = module.trainable_variables
    return loss, tape.gradient(loss, variables), variables


def test_training_in_replicas_with_synchronized_batch_norm_is_training_on_one_device(strategy):
    with slim.arg_scope([slim.batch_norm], synchronized=True):
        alone = slim.Module(net).build(tf.TensorSpec([None, 4, 4, 2]))
        with strategy.scope():
            spread = slim.Module(net).build(tf.TensorSpec([None, 4, 4, 2]))
    for ours, theirs in zip(spread.variables, alone.variables):
        ours.assign(theirs)

    @tf.function
    def one_device(images):
        loss, gradients, variables = sgd_step(alone, images, 1)
        for gradient, variable in zip(gradients, variables):
            variable.assign_sub(0.1 * gradient)
        return loss

    def in_replica(images):
        loss, gradients, variables = sgd_step(spread, images, 2)
        context = tf.distribute.get_replica_context()
        for gradient, variable in zip(context.all_reduce("sum", gradients), variables):
            variable.assign_sub(0.1 * gradient)
        return loss

    @tf.function
    def two_devices_step(images):
        return strategy.reduce("sum", strategy.run(in_replica, (images,)), axis=None)

    expected = train(one_device, tf.constant(IMAGES))
    np.testing.assert_allclose(train(two_devices_step, halves(strategy)), expected, rtol=1e-5)
    for ours, theirs in zip(spread.variables, alone.variables):
        np.testing.assert_allclose(ours.read_value(), theirs, rtol=1e-5, atol=1e-6, err_msg=theirs.name)


def test_a_module_of_replicas_is_saved_and_restored_by_tf1_names(strategy, tmp_path):
    module = first_call_in_replicas(strategy, in_function)
    values = {name: v.read_value().numpy() for name, v in zip(NAMES, module.variables)}
    saver = v1.train.Saver({name: tf.Variable(value) for name, value in values.items()})
    path = saver.save(None, str(tmp_path / "model.ckpt"))
    with strategy.scope():
        again = slim.Module(functools.partial(net, is_training=False)).build(tf.TensorSpec([None, 4, 4, 2]))
    again.restore(path)
    for name, variable in zip(NAMES, again.variables):
        for own in strategy.experimental_local_results(variable):
            np.testing.assert_array_equal(own, values[name])
