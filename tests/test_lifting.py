"""`lift`: parts of graphs, and of meta graphs that TF 1.15 wrote, as functions with live variables."""

import json
import pathlib

import numpy as np
import pytest
import tensorflow as tf

import slimshim as slim

v1 = tf.compat.v1
OLD = str(pathlib.Path(__file__).parent / "golden" / "old_meta_graph")


class _Classifier:
    """A small net of slim's, built for training, in a graph of its own."""

    def __init__(self):
        self.graph = tf.Graph()
        with self.graph.as_default():
            v1.set_random_seed(3)
            self.images = v1.placeholder(tf.float32, [None, 6, 6, 2], name="images")
            self.labels = v1.placeholder(tf.int64, [None], name="labels")
            with slim.arg_scope([slim.conv2d], weights_regularizer=slim.l2_regularizer(1e-3)):
                net = slim.conv2d(self.images, 3, 3, normalizer_fn=slim.batch_norm, scope="conv")
            self.logits = slim.fully_connected(slim.flatten(net), 4, activation_fn=None, scope="logits")
            self.loss = slim.losses.sparse_softmax_cross_entropy(self.logits, self.labels)
            self.gradients = tf.gradients(self.loss, v1.trainable_variables())
            self.updates = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
            self.total_loss = slim.losses.get_total_loss()


@pytest.fixture(scope="module")
def classifier():
    return _Classifier()


RANDOM = np.random.RandomState(0)
IMAGES = RANDOM.randn(5, 6, 6, 2).astype("float32")
LABELS = RANDOM.randint(0, 4, 5)


def _session_values(model, fetches):
    with v1.Session(graph=model.graph) as session, model.graph.as_default():
        session.run(v1.global_variables_initializer())
        return session.run(fetches, {model.images: IMAGES, model.labels: LABELS})


def test_the_graphs_initializers_give_the_values_that_a_session_gets(classifier):
    module = slim.lift(classifier.graph, classifier.images, classifier.logits)
    np.testing.assert_array_equal(module(IMAGES), _session_values(classifier, classifier.logits))
    names = [variable.name.split(":")[0] for variable in module.variables]
    assert names == [
        "conv/weights",
        "conv/BatchNorm/beta",
        "conv/BatchNorm/moving_mean",
        "conv/BatchNorm/moving_variance",
        "logits/weights",
        "logits/biases",
    ]
    assert [v.name for v in module.trainable_variables] == [v.name for v in module.variables if "moving" not in v.name]


@pytest.mark.parametrize("in_function", [False, True], ids=["eager", "tf.function"])
def test_gradients_under_a_tape_are_the_graphs_own(classifier, in_function):
    module = slim.lift(classifier.graph, [classifier.images, "labels"], classifier.loss)

    def gradients(images, labels):
        with tf.GradientTape() as tape:
            loss = module(images, labels)
        return tape.gradient(loss, module.trainable_variables)

    found = (tf.function(gradients) if in_function else gradients)(IMAGES, LABELS)
    for gradient, expected in zip(found, _session_values(classifier, classifier.gradients)):
        np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-7)


def test_a_sessions_values_come_along(classifier):
    with v1.Session(graph=classifier.graph) as session, classifier.graph.as_default():
        session.run(v1.global_variables_initializer())
        weights = v1.trainable_variables()[0]
        session.run(weights.initializer, {weights.initializer.inputs[1]: np.full(weights.shape, 0.5)})
        expected = session.run(classifier.logits, {classifier.images: IMAGES})
        module = slim.lift(classifier.graph, classifier.images, classifier.logits, session=session)
    np.testing.assert_allclose(module(IMAGES), expected, rtol=1e-6)
    np.testing.assert_array_equal(module.variables[0], np.full(weights.shape, 0.5))


def test_a_call_runs_the_update_ops_of_its_tensors(classifier):
    module = slim.lift(classifier.graph, classifier.images, classifier.logits)
    still = slim.lift(classifier.graph, classifier.images, classifier.logits, updates=False)
    for lifted in (module, still):
        lifted(IMAGES), lifted(IMAGES)
    assert not any("moving" in variable.name for variable in still.variables)
    with v1.Session(graph=classifier.graph) as session, classifier.graph.as_default():
        session.run(v1.global_variables_initializer())
        for _ in range(2):
            session.run(classifier.updates, {classifier.images: IMAGES})
        expected = session.run(v1.global_variables()[2])
    np.testing.assert_allclose(module.variables[2], expected, rtol=1e-6)


def test_the_graphs_losses_join_the_step(classifier):
    module = slim.lift(classifier.graph, {"x": classifier.images, "y": classifier.labels}, {"logits": "logits/BiasAdd"})

    @tf.function
    def total_loss():
        module(x=IMAGES, y=LABELS)
        return slim.losses.get_total_loss()

    np.testing.assert_allclose(total_loss(), _session_values(classifier, classifier.total_loss), rtol=1e-6)
    module(x=IMAGES, y=LABELS)
    assert len(module.losses) == 1


def test_a_lifted_graph_trains_as_a_train_step(classifier):
    module = slim.lift(classifier.graph, [classifier.images, classifier.labels], classifier.logits)

    def compute_the_loss():
        module(IMAGES, LABELS)
        return slim.losses.get_total_loss()

    step = slim.learning.create_train_op(compute_the_loss, v1.train.GradientDescentOptimizer(0.1))
    losses = [float(step()) for _ in range(5)]
    assert losses[-1] < losses[0]
    assert np.abs(module.variables[2].numpy()).max() > 0


def test_restore_fills_by_name_and_names_what_is_missing(classifier, tmp_path):
    with v1.Session(graph=classifier.graph) as session, classifier.graph.as_default():
        session.run(v1.global_variables_initializer())
        weights = v1.trainable_variables()[0]
        session.run(weights.initializer, {weights.initializer.inputs[1]: np.full(weights.shape, 0.25)})
        expected = session.run(classifier.logits, {classifier.images: IMAGES})
        path = _saver_of(classifier).save(session, str(tmp_path / "model"))
    module = slim.lift(path, "images", "logits/BiasAdd", checkpoint=path)
    np.testing.assert_allclose(module(IMAGES), expected, rtol=1e-6)
    module.variables[0].assign(tf.zeros_like(module.variables[0]))
    np.testing.assert_allclose(module.restore(path)(IMAGES), expected, rtol=1e-6)
    other = slim.lift(_graph_of_one_variable("conv/weight"), [], "conv/weight")
    with pytest.raises(ValueError, match=r"conv/weight.*nearest names there: \['conv/weights'"):
        other.restore(path)


def _saver_of(model):
    if not hasattr(model, "saver"):
        model.saver = v1.train.Saver()
    return model.saver


def _graph_of_one_variable(name):
    graph = tf.Graph()
    with graph.as_default():
        v1.get_variable(name, [2])
    return graph


def test_any_tensor_may_be_an_input(classifier):
    module = slim.lift(classifier.graph, "conv/Relu", classifier.logits)
    assert [v.name for v in module.variables] == ["logits/weights:0", "logits/biases:0"]
    features = RANDOM.rand(2, 6, 6, 3).astype("float32")
    expected = features.reshape(2, -1) @ module.variables[0].numpy()
    np.testing.assert_allclose(module(features), expected, rtol=1e-4)


def test_tables_are_filled_and_iterators_read(graph):
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [4, 7]), -1)
    words = v1.placeholder(tf.string, [None], name="words")
    found = table.lookup(words)
    numbers = tf.data.Dataset.range(5).map(lambda n: n * 10)
    one_shot = v1.data.make_one_shot_iterator(numbers).get_next()
    started = v1.data.make_initializable_iterator(numbers.map(lambda n: n + table.size())).get_next()
    graph_outputs = {"found": found, "one_shot": one_shot, "started": started}
    module = slim.lift(graph, words, graph_outputs)
    results = _eagerly(lambda: [module(["a", "x"]) for _ in range(3)])
    assert [r["found"].numpy().tolist() for r in results] == [[4, -1]] * 3
    assert [int(r["one_shot"]) for r in results] == [0, 10, 20]
    assert [int(r["started"]) for r in results] == [2, 12, 22]


def _eagerly(function):
    from slimshim._tf.eager_within_graphs import eagerly

    with eagerly():
        return tf.nest.map_structure(tf.identity, function())


def test_moving_averages_of_variables_start_from_the_variables(graph):
    weights = v1.get_variable("w", [3], initializer=v1.random_normal_initializer(seed=4))
    averages = tf.train.ExponentialMovingAverage(0.9)
    averages.apply([weights])
    module = slim.lift(graph, [], [weights, averages.average(weights)])
    values = _eagerly(module)
    np.testing.assert_array_equal(values[0], values[1])
    assert np.abs(values[0]).max() > 0


OBSTACLES = {
    "py_func": (lambda x: v1.py_func(lambda v: v, [x], tf.float32, name="mine"), r"'mine' \(PyFunc\).*Python code"),
    "queue": (
        lambda x: x + v1.FIFOQueue(1, tf.float32, [3], name="mine").dequeue(),
        r"'mine_Dequeue' \(QueueDequeueV2\).*nobody feeds.*as inputs",
    ),
    "placeholder": (
        lambda x: x + v1.placeholder(tf.float32, [3], name="mine"),
        r"'mine' \(Placeholder\).*nobody feeds",
    ),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_what_can_not_be_lifted_is_named_with_the_remedy(graph, obstacle):
    build, message = OBSTACLES[obstacle]
    x = v1.placeholder(tf.float32, [3])
    output = build(x)
    with pytest.raises(ValueError, match=message):
        slim.lift(graph, x, output)


def test_what_is_no_graph_or_no_tensor_is_an_error(classifier, tmp_path):
    (tmp_path / "no.meta").write_bytes(b"no meta graph")
    for source, message in ((str(tmp_path / "no.meta"), "holds no meta graph"), (str(tmp_path / "x"), "no such file")):
        with pytest.raises(ValueError, match=message):
            slim.lift(source, [], [])
    with pytest.raises(TypeError, match="graph_or_metagraph: expected a tf.Graph"):
        slim.lift(7, [], [])
    with pytest.raises(ValueError, match="outputs: .*no such node"):
        slim.lift(classifier.graph, [], "nowhere")
    module = slim.lift(classifier.graph, {"x": classifier.images}, classifier.logits)
    with pytest.raises(TypeError, match="keyword arguments x"):
        module(y=IMAGES)
    with tf.Graph().as_default(), pytest.raises(RuntimeError, match="TF2 mode alone"):
        module(x=IMAGES)


def test_a_meta_graph_of_the_programs_own_is_not_changed():
    with tf.Graph().as_default():
        table = v1.get_variable("table", [3, 2], use_resource=True)
        ids = v1.placeholder(tf.int32, [None], name="ids")
        rows = tf.gather(table, ids, name="rows")
        meta_graph = v1.train.export_meta_graph()
    nodes = meta_graph.graph_def.node
    for node in [node for node in nodes if node.op == "ReadVariableOp"]:
        nodes.remove(node)  # Lifting needs one.
    before = meta_graph.SerializeToString(deterministic=True)
    lifted = slim.lift(meta_graph, {"ids": ids.name}, {"rows": rows.name, "table": "table:0"})
    assert lifted(ids=tf.constant([0, 2]))["table"].shape == [3, 2]
    assert meta_graph.SerializeToString(deterministic=True) == before


# --- what TF 1.15 wrote (golden/generators/old_meta_graph.py) --------------------------------------

GOLDEN = json.loads(pathlib.Path(OLD + ".json").read_text())
OLD_RANDOM = np.random.RandomState(2)
OLD_FEED = {
    "images": OLD_RANDOM.uniform(-1, 1, (4, 5, 5, 2)).astype("float32"),
    "words": ["cat", "dog", "dog", "bird"],
    "labels": np.array([0, 2, 1, 2]),
}
OLD_INPUTS = {name: name for name in OLD_FEED}


@pytest.fixture(scope="module")
def old():
    """The loss and answer of the old meta graph, with its checkpoint's values."""
    return slim.lift(
        OLD + ".meta", OLD_INPUTS, {"loss": "total_loss", "answer": "answer"}, checkpoint=OLD, updates=False
    )


def test_an_old_meta_graph_gives_what_tf1_got(old):
    np.testing.assert_allclose(old(**OLD_FEED)["answer"], GOLDEN["answer"], rtol=1e-5, atol=1e-6)
    names = [v.name.split(":")[0] for v in old.trainable_variables]
    assert sorted(names) == sorted(GOLDEN["trainable"])


def test_gradients_of_an_old_meta_graph_are_tf1s(old):
    with tf.GradientTape() as tape:
        loss = old(**OLD_FEED)["loss"]
    variables = {v.name.split(":")[0]: v for v in old.trainable_variables}
    found = tape.gradient(loss, [variables[name] for name in GOLDEN["trainable"]])
    for gradient, expected in zip(found, GOLDEN["gradients"]):
        np.testing.assert_allclose(tf.convert_to_tensor(gradient), expected, rtol=1e-4, atol=1e-6)


def test_the_other_branch_of_an_old_cond(old):
    module = slim.lift(OLD, {**OLD_INPUTS, "bright": "bright"}, "answer", checkpoint=OLD, updates=False)
    answer = module(**OLD_FEED, bright=False)
    np.testing.assert_allclose(answer, GOLDEN["answer_not_bright"], rtol=1e-5, atol=1e-6)


def test_an_old_train_op_goes_on_where_tf1_stopped():
    module = slim.lift(OLD, OLD_INPUTS, "train", checkpoint=OLD)
    losses = [float(module(**OLD_FEED)) for _ in GOLDEN["next_losses"]]
    np.testing.assert_allclose(losses, GOLDEN["next_losses"], rtol=1e-4)
    for variable in module.variables:
        name = variable.name.split(":")[0]
        np.testing.assert_allclose(variable, GOLDEN["variables"][name], rtol=2e-3, atol=2e-5, err_msg=name)


def test_restore_takes_an_old_checkpoint():
    module = slim.lift(OLD, OLD_INPUTS, "answer", updates=False)
    assert np.abs(module(**OLD_FEED) - np.array(GOLDEN["answer"])).max() > 1e-3
    np.testing.assert_allclose(module.restore(OLD)(**OLD_FEED), GOLDEN["answer"], rtol=1e-5, atol=1e-6)
