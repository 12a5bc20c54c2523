"""A checkpoint that TF 1.15 wrote restores by name in every mode, and the net gives the same.

The net and the generator of the checkpoint: tests/golden/generators/tiny_resnet.py.
"""

import goldens
import numpy as np
import pytest
import tensorflow as tf
from parity import same

import slimshim as slim

generator = goldens.generator("tiny_resnet")
facts = goldens.content("tiny_resnet")
v1 = tf.compat.v1

CHECKPOINT = str(goldens.GOLDEN / "tiny_resnet.ckpt")


def _net(images, **kwargs):
    return generator.net(images, slim.__name__, **kwargs)


def _same_logits(found, how):
    same("nets.resnet_v2.resnet_v2", f"tiny_resnet, a checkpoint restored {how}", found, facts["logits"])


@pytest.mark.golden
def test_a_saver_restores_the_model_in_graph_mode(graph):
    logits = _net(tf.constant(generator.IMAGES))
    assert [v.op.name for v in slim.get_model_variables()] == facts["model"]
    with v1.Session() as session:
        v1.train.Saver().restore(session, CHECKPOINT)
        _same_logits(session.run(logits), "by a Saver")


@pytest.mark.golden
@pytest.mark.parametrize("how", ["assign_from_checkpoint", "assign_from_checkpoint_fn"])
def test_slims_functions_restore_the_model_in_graph_mode(graph, how):
    logits = _net(tf.constant(generator.IMAGES))
    with v1.Session() as session:
        if how == "assign_from_checkpoint":
            session.run(*slim.assign_from_checkpoint(CHECKPOINT, slim.get_model_variables()))
        else:
            slim.assign_from_checkpoint_fn(CHECKPOINT, slim.get_model_variables())(session)
        _same_logits(session.run(logits), "by " + how)


def test_training_goes_on_from_the_optimizers_variables(graph):
    logits = _net(tf.constant(generator.IMAGES), is_training=True)
    slim.losses.sparse_softmax_cross_entropy(logits, generator.LABELS)
    train_op = slim.learning.create_train_op(
        slim.losses.get_total_loss(), v1.train.MomentumOptimizer(0.05, 0.9), global_step=slim.create_global_step()
    )
    names = {v.op.name for v in v1.global_variables()}
    assert names == set(facts["model"]) | set(facts["others"])
    with v1.Session() as session:
        v1.train.Saver().restore(session, CHECKPOINT)
        first, *_, last = [session.run(train_op) for _ in range(10)]
        assert session.run(v1.train.get_global_step()) == generator.STEPS + 10
    assert last < first


@pytest.mark.golden
@pytest.mark.parametrize("wrap", [lambda f: f, tf.function], ids=["eager", "function"])
def test_a_module_restores_it_in_tf2_mode(wrap):
    module = slim.Module(_net)
    module.build(tf.TensorSpec(generator.IMAGES.shape)).restore(CHECKPOINT)
    assert [v.name for v in module.variables] == [name + ":0" for name in facts["model"]]
    _same_logits(wrap(module)(tf.constant(generator.IMAGES)).numpy(), "by Module.restore")


def test_assign_from_checkpoint_restores_a_modules_variables_in_tf2_mode():
    module = slim.Module(_net).build(tf.TensorSpec(generator.IMAGES.shape))
    slim.assign_from_checkpoint(CHECKPOINT, list(module.variables))
    np.testing.assert_allclose(module(generator.IMAGES), facts["logits"], rtol=1e-5, atol=1e-5)


def test_a_part_of_the_net_restores_into_another_net(graph):
    """The body of the checkpoint under another classifier: what fine-tuning does."""
    _net(tf.constant(generator.IMAGES))
    body = slim.get_variables_to_restore(exclude=["logits"])
    assert len(body) == len(facts["model"]) - 2
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        before = session.run("logits/weights:0")
        slim.assign_from_checkpoint_fn(CHECKPOINT, body)(session)
        np.testing.assert_array_equal(session.run("logits/weights:0"), before)
        reader = tf.train.load_checkpoint(CHECKPOINT)
        for variable in body:
            np.testing.assert_array_equal(session.run(variable), reader.get_tensor(variable.op.name))


@pytest.mark.parametrize("how", ["symbolic", "layer"])
def test_a_keras_model_restores_it(how):
    inputs = tf.keras.Input(generator.IMAGES.shape[1:])
    outputs = _net(inputs) if how == "symbolic" else slim.Module(_net).as_keras_layer()(inputs)
    model = slim.keras_models.restore(tf.keras.Model(inputs, outputs), CHECKPOINT)
    assert sorted(slim.keras_models.variables_by_name(model)) == sorted(facts["model"])
    np.testing.assert_allclose(model.predict(generator.IMAGES, verbose=0), facts["logits"], rtol=1e-5, atol=1e-5)
