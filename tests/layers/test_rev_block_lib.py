"""Reversible blocks and recompute_grad against TensorFlow's own gradients, in every mode."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

import slimshim
from slimshim.layers import rev_block_lib

v1 = tf.compat.v1
RANDOM = np.random.RandomState(0)
X1, X2, SIDE = (RANDOM.randn(4, 3).astype("float32") for _ in range(3))


def _dense(x, name, units=3):
    with v1.variable_scope(name):
        kernel = v1.get_variable("kernel", [x.shape[-1], units], initializer=v1.random_normal_initializer(seed=3))
        bias = v1.get_variable("bias", [units], initializer=v1.ones_initializer())
        return tf.matmul(x, kernel) + bias


def _f(x, side=None):
    return tf.tanh(_dense(x, "dense") * (side[0] if side else 1.0))


def _g(x, side=None):
    return tf.sigmoid(_dense(x, "dense") + (side[0] if side else 0.0))


def _block_gradients(efficient, side, num_layers=3):
    """Returns loss, gradients of inputs, side and variables, and the variables' names."""
    with tf.Graph().as_default(), v1.Session() as session:
        inputs = [tf.constant(x) for x in (X1, X2, SIDE)]
        options = dict(f_side_input=inputs[2:], g_side_input=[2.0 * inputs[2]]) if side else {}
        ys = rev_block_lib.rev_block(*inputs[:2], _f, _g, num_layers, is_training=efficient, **options)
        loss = tf.reduce_sum(ys[0] ** 2 + tf.sin(ys[1]))
        sources = (inputs if side else inputs[:2]) + v1.trainable_variables()
        gradients = tf.gradients(loss, sources)
        session.run(v1.global_variables_initializer())
        return session.run([loss, *gradients]), [v.op.name for v in v1.trainable_variables()]


@pytest.mark.parametrize("side", [False, True])
def test_efficient_gradients_are_the_plain_ones(side):
    (efficient, names), (plain, plain_names) = (_block_gradients(value, side) for value in (True, False))
    assert names == plain_names
    assert names[:4] == [f"revblock/revlayer_0/{fn}/dense/{part}" for fn in "fg" for part in ("kernel", "bias")]
    for found, expected in zip(efficient, plain):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def _ancestors(tensors, stop):
    """Returns the names of the ops that the tensors are computed from, without what is behind `stop`."""
    seen, todo = set(stop), [tensor.op for tensor in tensors]
    while todo:
        op = todo.pop()
        if op.name not in seen:
            seen.add(op.name)
            todo += [tensor.op for tensor in op.inputs]
    return seen


@pytest.mark.parametrize("efficient", [True, False])
def test_gradients_in_a_graph_read_no_activation_of_the_forward_run(efficient, graph):
    x = tf.constant(X1)
    ys = rev_block_lib.rev_block(x, x, _f, _g, num_layers=4, is_training=efficient)
    activations = {op.name for op in graph.get_operations() if op.type in ("Tanh", "Sigmoid")}
    # An efficient block's outputs pass through the op that carries its gradient.
    outputs = ys[0].op.inputs[:2] if efficient else ys
    gradients = tf.gradients(tf.reduce_sum(ys[0] * ys[1]), v1.trainable_variables())
    read = _ancestors(gradients, stop=[y.op.name for y in outputs]) & activations
    assert len(activations) == 8
    assert read == (set() if efficient else activations)


def test_running_back_finds_the_inputs(graph):
    block = rev_block_lib.RevBlock(_f, _g, num_layers=3)
    ys = block.forward(tf.constant(X1), tf.constant(X2))
    xs = block.backward(*ys)
    assert block.built and block.scope_name == "revblock"
    assert len(block.trainable_weights) == len(block.weights) == 12 and block.non_trainable_weights == []
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for found, expected in zip(session.run(xs), (X1, X2)):
            np.testing.assert_allclose(found, expected, atol=1e-5)


def test_blocks_have_scopes_of_their_own_and_share_on_reuse(graph):
    x = tf.constant(X1)
    with v1.variable_scope("net"):
        rev_block_lib.rev_block(x, x, _f, _g)
        rev_block_lib.rev_block(x, x, _f, _g)
    assert {v.op.name.split("/")[1] for v in v1.global_variables()} == {"revblock", "revblock_1"}
    count = len(v1.global_variables())
    with v1.variable_scope("net", reuse=True):
        rev_block_lib.rev_block(x, x, _f, _g)
    assert len(v1.global_variables()) == count
    rev_block_lib.RevBlock(_f, _g, name="mine").forward(x, x)
    assert v1.global_variables()[-1].op.name.startswith("mine/revlayer_0/g/")


def test_layers_may_have_functions_of_their_own_and_share_a_variable(graph):
    shared = v1.get_variable("shared", [], initializer=v1.constant_initializer(0.3), use_resource=True)

    def gradients(efficient):
        scale = [lambda x, k=k: tf.sin(k * shared * x) for k in (1.0, 2.0)]
        block = rev_block_lib.RevBlock(scale, scale[::-1], num_layers=2, use_efficient_backprop=efficient)
        ys = block.forward(tf.constant(X1), tf.constant(X2))
        return tf.gradients(tf.reduce_sum(ys[0] * ys[1]), shared)

    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        efficient, plain = session.run([gradients(True), gradients(False)])
    np.testing.assert_allclose(efficient, plain, rtol=1e-4)


def test_functions_without_variables_have_gradients_too(graph):
    x = tf.constant(X1)
    ys = rev_block_lib.rev_block(x, tf.constant(X2), tf.tanh, tf.sin, num_layers=2)
    plain = rev_block_lib.rev_block(x, tf.constant(X2), tf.tanh, tf.sin, num_layers=2, is_training=False)
    with v1.Session() as session:
        found, expected = session.run([tf.gradients(sum(map(tf.reduce_sum, pair)), x) for pair in (ys, plain)])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_list_of_the_wrong_length_and_unknown_options_are_refused():
    with pytest.raises(ValueError, match="g: expected one function, or a list of num_layers=2"):
        rev_block_lib.RevBlock(_f, [_g], num_layers=2)
    with pytest.raises(TypeError, match="kwargs: expected no keyword arguments but"):
        rev_block_lib.RevBlock(_f, _g, colour="red")


# --- TF2 mode -----------------------------------------------------------------------------------


def _module_step(module, wrap):
    x = tf.constant(X1)

    @wrap
    def step():
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = module(x)
        return loss, tape.gradient(loss, [x, *module.trainable_variables])

    module(x)
    for number, variable in enumerate(module.variables):  # An eager initializer's seed goes on from call to call.
        variable.assign(np.random.RandomState(number).randn(*variable.shape))
    return step()


@pytest.mark.parametrize("wrap", [lambda fn: fn, tf.function], ids=["eager", "function"])
def test_in_a_module_variables_are_kept_and_gradients_are_the_plain_ones(wrap):
    def net(x, efficient):
        ys = rev_block_lib.rev_block(x, 2.0 * x, _f, _g, num_layers=2, is_training=efficient)
        return tf.reduce_sum(ys[0] ** 2 + tf.sin(ys[1]))

    modules = [slimshim.Module(net, efficient=value) for value in (True, False)]
    results = [_module_step(module, wrap) for module in modules]
    names = [[v.name for v in module.variables] for module in modules]
    assert names[0] == names[1] and len(names[0]) == 8
    (loss, gradients), (plain_loss, plain) = results
    assert loss.numpy() == pytest.approx(plain_loss.numpy(), rel=1e-5)
    for found, expected in zip(gradients, plain):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("efficient", [True, False])
def test_an_eager_tape_holds_no_activations_of_an_efficient_block(efficient):
    held = []

    def remember(x):
        y = tf.tanh(x)
        held.append(weakref.ref(y))
        return y * y

    with tf.GradientTape() as tape:
        x = tf.constant(X1)
        tape.watch(x)
        block = rev_block_lib.RevBlock(remember, remember, num_layers=3, use_efficient_backprop=efficient)
        ys = block.forward(x, x)
        gc.collect()
        alive = sum(reference() is not None for reference in held)
    assert alive == (0 if efficient else 6)
    assert np.isfinite(tape.gradient(ys, x)).all()


# --- recompute_grad -----------------------------------------------------------------------------


def _layer(x, y):
    return tf.tanh(_dense(x, "one")) * tf.sigmoid(_dense(y, "two"))


OPTIONS = [{}, {"use_data_dep": True}, {"tupleize_grads": True}, {"use_data_dep": True, "tupleize_grads": True}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_recomputed_gradients_are_the_plain_ones(options, graph):
    recomputed = rev_block_lib.recompute_grad(**options)(_layer) if options else rev_block_lib.recompute_grad(_layer)
    inputs = [tf.constant(X1), tf.constant(X2)]
    with v1.variable_scope("net", use_resource=True):
        outputs = [_layer(*inputs)]
    with v1.variable_scope("net", use_resource=True, reuse=True):
        outputs.append(recomputed(*inputs))
    results = [tf.gradients(tf.reduce_sum(y**2), inputs + v1.trainable_variables()) for y in outputs]
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        plain, found = session.run(results)
    for a, b in zip(found, plain):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert recomputed.__name__ == "_layer"


@pytest.mark.parametrize("wrap", [lambda fn: fn, tf.function], ids=["eager", "function"])
def test_recomputing_works_in_a_module(wrap):
    recomputed = rev_block_lib.recompute_grad(_layer)
    modules = [slimshim.Module(lambda x, fn=fn: tf.reduce_sum(fn(x, x) ** 2)) for fn in (recomputed, _layer)]
    (_, found), (_, plain) = (_module_step(module, wrap) for module in modules)
    assert len(found) == 5
    for a, b in zip(found, plain):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_the_function_runs_again_with_is_recomputing_and_the_arg_scope_of_the_first_time(graph):
    runs = []

    @slimshim.add_arg_scope
    def scoped(x, factor=1.0):
        return x * factor

    @rev_block_lib.recompute_grad
    def fn(x, is_recomputing=False):
        runs.append(is_recomputing)
        return [scoped(x), tf.square(x)]

    x = tf.constant(X1)
    with slimshim.arg_scope([scoped], factor=3.0):
        first, second = fn(x)
    gradient = tf.gradients(tf.reduce_sum(first), x)[0]
    assert runs == [False, True]
    with v1.Session() as session:
        np.testing.assert_allclose(session.run(gradient), np.full_like(X1, 3.0))
    del second


def test_captured_tensors_and_other_arguments_are_refused():
    captured = tf.constant(1.0)
    with pytest.raises(ValueError, match="closes over the tensor or variable 'captured'"):
        rev_block_lib.recompute_grad(lambda x: x * captured)
    with pytest.raises(ValueError, match="args: expected only tensors"):
        rev_block_lib.recompute_grad(tf.abs)(3.0)


def test_other_variables_on_the_second_run_are_an_error(graph):
    names = iter("abc")

    @rev_block_lib.recompute_grad
    def fn(x):
        with v1.variable_scope(v1.get_variable_scope(), reuse=v1.AUTO_REUSE):
            return _dense(x, next(names))

    with v1.variable_scope("net", use_resource=True):
        _dense(tf.constant(X1), "b")
        y = fn(tf.constant(X1))
    with pytest.raises(ValueError, match="called twice in the same enclosing scope"):
        tf.gradients(y, v1.trainable_variables())
