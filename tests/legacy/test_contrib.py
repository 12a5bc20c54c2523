"""Pieces of tensorflow.contrib that have real behaviour, against numbers from TF 1.15.

The golden is tests/golden/legacy_contrib.json; tests/golden/generators/legacy_contrib.py wrote it, and
its functions run here again.
"""

import goldens
import numpy as np
import parity
import pytest
import tensorflow as tf

import slimshim
from slimshim.legacy.placeholders import LegacyModule

v1 = tf.compat.v1

generator = goldens.generator("legacy_contrib")
golden = goldens.content("legacy_contrib")


@pytest.fixture
def contrib():
    slimshim.install()
    yield tf.contrib
    slimshim.uninstall()


@pytest.mark.golden
def test_moving_average_optimizer_makes_and_saves_what_tf1_does(contrib):
    got = generator.moving_averages(contrib.opt.MovingAverageOptimizer)
    assert got["names"] == golden["averages"]["names"]
    assert got["train_op"] == golden["averages"]["train_op"]
    parity.same(
        "contrib.opt.MovingAverageOptimizer", "averages of each step", got["saved"], golden["averages"]["saved"]
    )


@pytest.mark.golden
def test_moving_average_optimizer_counts_updates_as_tf1_does(contrib):
    got = generator.moving_averages(contrib.opt.MovingAverageOptimizer, num_updates=True)
    expected = golden["averages_counted"]["saved"]
    parity.same("contrib.opt.MovingAverageOptimizer", "counted updates", got["saved"], expected)


def test_averages_beside_the_step_have_the_same_names(contrib):
    got = generator.moving_averages(contrib.opt.MovingAverageOptimizer, sequential_update=False)
    assert got["names"] == golden["averages_at_once_names"]


def _trained(contrib):
    weights = v1.get_variable("w", initializer=[1.0, 2.0])
    optimizer = contrib.opt.MovingAverageOptimizer(v1.train.GradientDescentOptimizer(0.1))
    return weights, optimizer, lambda: optimizer.minimize(tf.reduce_sum(weights))


def test_swapping_saver_before_minimize_says_what_to_call_first(contrib, graph):
    _, optimizer, _ = _trained(contrib)
    with pytest.raises(RuntimeError, match="call minimize"):
        optimizer.swapping_saver()


def test_swapping_saver_without_the_average_names_both(contrib, graph):
    weights, optimizer, minimize = _trained(contrib)
    minimize()
    with pytest.raises(ValueError, match="'w' and 'w/ExponentialMovingAverage'"):
        optimizer.swapping_saver([weights])


def test_swapping_saver_swaps_the_parts_of_partitioned_variables(contrib, graph, tmp_path):
    with v1.variable_scope("s", partitioner=v1.fixed_size_partitioner(2)):
        parts = v1.get_variable("w", [4, 1], initializer=v1.ones_initializer())
    optimizer = contrib.opt.MovingAverageOptimizer(v1.train.GradientDescentOptimizer(1.0), 0.5)
    train = optimizer.minimize(tf.reduce_sum(parts), var_list=list(parts))
    saver = optimizer.swapping_saver()
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(train)
        path = saver.save(session, str(tmp_path / "model"))
    reader = tf.train.load_checkpoint(path)
    np.testing.assert_allclose(reader.get_tensor("s/w"), np.full([4, 1], 0.5))  # the average
    average = [key for key in reader.get_variable_to_shape_map() if "ExponentialMoving" in key]
    for key in average:
        np.testing.assert_allclose(reader.get_tensor(key), np.zeros_like(reader.get_tensor(key)))
    assert average


def test_slots_are_the_wrapped_optimizers(contrib, graph):
    weights = v1.get_variable("w", initializer=[1.0])
    optimizer = contrib.opt.MovingAverageOptimizer(v1.train.MomentumOptimizer(0.1, 0.9))
    optimizer.minimize(tf.reduce_sum(weights))
    assert optimizer.get_slot_names() == ["momentum"]
    assert optimizer.get_slot(weights, "momentum").op.name == "w/Momentum"


@pytest.mark.golden
def test_image_transforms_give_tf1s_pixels(contrib):
    found = generator.transformed_images(contrib.image)
    parity.same("contrib.image", "rotate, translate, transform", found, golden["images"], rtol=1e-4, atol=1e-4)


def test_image_transform_keeps_known_shapes_and_has_gradients(contrib, graph):
    images = v1.placeholder(tf.float32, [None, 5, 6, 2])
    turned = contrib.image.rotate(images, 0.3, interpolation="BILINEAR")
    assert turned.shape.as_list() == [None, 5, 6, 2]
    (gradient,) = tf.gradients(turned, images)
    assert gradient.shape.as_list()[1:] == [5, 6, 2]


def test_image_transform_refuses_odd_ranks_and_sizes(contrib):
    with pytest.raises(TypeError, match="images"):
        contrib.image.transform(np.zeros(3, np.float32), [1.0] * 8)
    with pytest.raises(TypeError, match="transforms"):
        contrib.image.transform(np.zeros([3, 3], np.float32), np.zeros([1, 1, 8], np.float32))
    with pytest.raises(ValueError, match="output_shape"):
        contrib.image.transform(np.zeros([3, 3], np.float32), [1.0] * 8, output_shape=[1, 2, 3])


def test_bipartite_match_pairs_as_tf1_does(contrib):
    assert generator.matches(contrib.image) == golden["matches"]


def test_bipartite_match_pairs_everyone_where_distances_are_infinite(contrib):
    distances = [[float("inf"), 0.1], [float("inf"), float("inf")]]
    rows, columns = contrib.image.bipartite_match(distances, -1)
    assert rows.numpy().tolist() == [1, 0]
    assert columns.numpy().tolist() == [1, 0]


def test_model_analyzer_counts_what_tf1_counts(contrib):
    got = generator.profile(contrib.tfprof.model_analyzer)
    assert got["vars_options"] == golden["profile"]["vars_options"]
    assert got["float_options"] == golden["profile"]["float_options"]
    assert got["parameters"] == golden["profile"]["parameters"]
    assert got["float_ops"] == golden["profile"]["float_ops"]


@pytest.mark.golden
def test_functional_layers_make_tf1s_variables_and_values(contrib):
    got = generator.functional_layers(v1.layers)
    expected = golden["layers"]
    assert got["variables"] == expected["variables"]
    assert got["trainable"] == expected["trainable"]
    for part, tolerance in (("losses", 1e-5), ("values", 1e-4), ("moving", 1e-5)):
        parity.same("contrib.layers (tf.layers)", part, got[part], expected[part], rtol=tolerance, atol=tolerance)


def test_functional_layers_refuse_unknown_formats_and_depths(contrib, graph):
    if not isinstance(v1.layers, LegacyModule):
        pytest.skip("this TensorFlow still has tf.layers")
    with pytest.raises(ValueError, match="data_format"):
        v1.layers.conv2d(tf.zeros([1, 4, 4, 3]), 2, 3, data_format="NHWC")
    with pytest.raises(ValueError, match="number of channels"):
        v1.layers.dense(v1.placeholder(tf.float32, [None, None]), 2)


@pytest.mark.parametrize("text", generator.HPARAM_TEXTS)
def test_hparams_read_text_as_tf1_does(contrib, text):
    got = generator.hyperparameters(contrib.training.HParams)
    assert got[text] == golden["hyperparameters"][text]


def test_hparams_show_themselves_as_tf1_does(contrib):
    got = generator.hyperparameters(contrib.training.HParams)
    for name in ("str", "repr", "json"):
        assert got[name] == golden["hyperparameters"][name]


def test_hparams_convert_only_where_nothing_is_lost(contrib):
    params = contrib.training.HParams(rate=0.1, steps=3, flag=True, name="x", units=[1], any=None)
    params.set_hparam("rate", 2)
    assert params.rate == 2.0 and isinstance(params.rate, float)
    params.set_hparam("any", "thing")
    for name, value in [("steps", 1.5), ("flag", 1), ("steps", True), ("name", 3), ("units", 4), ("rate", [1.0])]:
        with pytest.raises(ValueError, match=name):
            params.set_hparam(name, value)
    with pytest.raises(ValueError, match="not taken"):
        params.add_hparam("rate", 1.0)
    with pytest.raises(ValueError, match="at least one"):
        params.add_hparam("empty", [])


def test_hparams_work_as_a_collection(contrib):
    params = contrib.training.HParams(rate=0.1, units=[1, 2])
    assert "rate" in params and "other" not in params
    assert params.get("other", 5) == 5 and params.get("rate", 0.3) == 0.1
    with pytest.raises(ValueError, match="default"):
        params.get("rate", "text")
    assert params.parse_json('{"units": [3]}').units == [3]
    params.del_hparam("rate")
    assert params.values() == {"units": [3]}


def test_lookup_tables_find_keys_strings_and_unknown_words(contrib, graph, tmp_path):
    words = tmp_path / "words.txt"
    words.write_text("red\ngreen\n")
    lookup = contrib.lookup
    table = lookup.HashTable(
        lookup.KeyValueTensorInitializer(["a", "b"], tf.constant([1, 2], tf.int64)), -1, shared_name="t"
    )
    ids = lookup.index_table_from_tensor(tf.constant(["x", "y"]), num_oov_buckets=2)
    from_file = lookup.index_table_from_file(str(words), default_value=9)
    back = lookup.index_to_string_table_from_tensor(["p", "q"], default_value="?")
    back_from_file = lookup.index_to_string_table_from_file(str(words))
    with v1.Session() as session:
        session.run([table.init, v1.tables_initializer()])
        found = session.run(
            {
                "table": table.lookup(tf.constant(["b", "z"])),
                "ids": ids.lookup(tf.constant(["y", "other"])),
                "file": from_file.lookup(tf.constant(["green", "blue"])),
                "back": back.lookup(tf.constant([1, 7], tf.int64)),
                "lines": back_from_file.lookup(tf.constant([0, 5], tf.int64)),
            }
        )
    assert found["table"].tolist() == [2, -1]
    assert found["ids"][0] == 1 and found["ids"][1] in (2, 3)
    assert found["file"].tolist() == [1, 9]
    assert found["back"].tolist() == [b"q", b"?"]
    assert found["lines"].tolist() == [b"red", b"UNK"]


def test_the_fast_hash_gives_the_buckets_of_no_hasher_spec(contrib, graph):
    lookup = contrib.lookup
    plain = lookup.index_table_from_tensor(["x"], num_oov_buckets=50)
    fast = lookup.index_table_from_tensor(["x"], num_oov_buckets=50, hasher_spec=lookup.FastHashSpec)
    words = [f"word {n}" for n in range(20)]
    with v1.Session() as session:
        session.run(v1.tables_initializer())
        ids = session.run([plain.lookup(tf.constant(words)), fast.lookup(tf.constant(words))])
        expected = 1 + session.run(tf.strings.to_hash_bucket_fast(words, 50))
    np.testing.assert_array_equal(ids[0], expected)
    np.testing.assert_array_equal(ids[1], expected)


def test_another_hash_for_unknown_words_is_an_error_that_names_it(contrib, graph):
    lookup = contrib.lookup
    strong = lookup.HasherSpec("stronghash", [1, 2])
    for make in (lookup.index_table_from_tensor, lookup.string_to_index_table_from_tensor):
        with pytest.raises(ValueError, match="hasher_spec: expected None or FastHashSpec.*stronghash"):
            make(["x"], num_oov_buckets=2, hasher_spec=strong)
    for make in (lookup.index_table_from_file, lookup.string_to_index_table_from_file):
        with pytest.raises(ValueError, match="hasher_spec: expected None or FastHashSpec.*legacy"):
            make("words.txt", num_oov_buckets=2, hasher_spec=lookup.HasherSpec("legacy"))


def test_dataset_transformations_drop_pad_and_interleave(contrib):
    numbers = tf.data.Dataset.range(7)
    batches = numbers.apply(contrib.data.batch_and_drop_remainder(3))
    assert [b.numpy().tolist() for b in batches] == [[0, 1, 2], [3, 4, 5]]
    ragged = numbers.map(lambda n: tf.fill([n], n)).apply(contrib.data.padded_batch_and_drop_remainder(2, [None]))
    assert [b.shape.as_list() for b in ragged] == [[2, 1], [2, 3], [2, 5]]
    mixed = numbers.apply(contrib.data.sloppy_interleave(lambda n: tf.data.Dataset.from_tensors(n), 2))
    assert sorted(n.numpy() for n in mixed) == list(range(7))
    shuffled = numbers.apply(contrib.data.shuffle_and_repeat(7, 2))
    assert sorted(n.numpy() for n in shuffled) == sorted([*range(7)] * 2)
    shaped = numbers.batch(2).apply(contrib.data.assert_element_shape([None]))
    assert shaped.element_spec.shape.as_list() == [None]


def test_framework_helpers_decide_known_conditions_now(contrib, graph):
    framework = contrib.framework
    assert framework.smart_cond(True, lambda: "yes", lambda: "no") == "yes"
    assert framework.smart_case([(False, lambda: 1), (tf.constant(True), lambda: 2)]) == 2
    assert framework.smart_case([(False, lambda: 1)], default=lambda: 3) == 3
    open_case = framework.smart_case(
        [(v1.placeholder_with_default(False, []), lambda: tf.constant(1)), (True, lambda: tf.constant(2))]
    )
    total = framework.reduce_sum_n([tf.ones([2, 2]), tf.ones([3])])
    left, right = framework.remove_squeezable_dimensions(tf.zeros([3, 1]), tf.zeros([3]))
    assert left.shape == right.shape == [3]
    with v1.Session() as session:
        assert session.run([open_case, total]) == [2, 7.0]


def test_framework_py_func_keeps_the_structure(contrib, graph):
    def swap(pair, scale):
        return {"a": pair[1] * scale["by"], "b": pair[0]}

    result = contrib.framework.py_func(
        swap,
        args=[(tf.constant(1.0), tf.constant(2.0))],
        kwargs={"scale": {"by": tf.constant(3.0)}},
        output_types={"a": tf.float32, "b": tf.float32},
        output_shapes={"a": [], "b": []},
    )
    assert result["a"].shape == []
    with v1.Session() as session:
        assert session.run(result) == {"a": 6.0, "b": 1.0}


def test_framework_shapes_and_zeros(contrib, graph):
    framework = contrib.framework
    weights = v1.get_variable("w", initializer=[1.0, 2.0])
    zero = framework.zero_initializer(weights)
    fed = v1.placeholder(tf.float32, None)
    shaped = framework.with_same_shape(weights, fed)
    with pytest.raises(ValueError):
        framework.with_shape([3], weights)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(zero)
        assert session.run(weights).tolist() == [0.0, 0.0]
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(shaped, {fed: [1.0]})
    assert framework.get_placeholders(graph) == [fed]


def test_nest_flattens_what_tf1_flattened(contrib):
    nest = contrib.framework.nest
    assert nest.is_sequence([1]) and not nest.is_sequence("text")
    assert nest.flatten_dict_items({(4, 5): (6, 7), "a": 1}) == {4: 6, 5: 7, "a": 1}
    with pytest.raises(ValueError, match="twice"):
        nest.flatten_dict_items({(4, 5): (6, 7), 4: 1})
    assert nest.map_structure_up_to([0, 0], lambda x: len(x), [[1, 2], [3]]) == [2, 1]


def test_util_reads_constants_and_graphs(contrib):
    util = contrib.util
    with tf.Graph().as_default() as graph:
        total = tf.add(tf.constant(2), 3)
        assert util.constant_value(tf.constant(7)) == 7
    assert total.op.type in util.ops_used_by_graph_def(graph.as_graph_def())
    assert util.make_ndarray(util.make_tensor_proto([1, 2])).tolist() == [1, 2]


@pytest.mark.parametrize(
    ("base", "first_row"),
    [(v1.train.GradientDescentOptimizer, 1.0), (v1.train.AdagradOptimizer, 0.5)],  # 1.0: seen in TF 1.15.
)
def test_of_slices_the_rows_that_occur_decay_but_not_by_plain_gradient_descent(contrib, graph, base, first_row):
    table = v1.get_variable("table", [3, 2], initializer=v1.ones_initializer())
    loss = 0 * tf.reduce_sum(tf.gather(table, [0, 0]))
    train = contrib.opt.extend_with_decoupled_weight_decay(base)(0.5, learning_rate=0.1).minimize(loss)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        session.run(train)
        np.testing.assert_allclose(session.run(table), [[first_row] * 2, [1, 1], [1, 1]])
