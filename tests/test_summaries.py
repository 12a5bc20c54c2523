"""Summaries in graph mode (ops in a collection) and in TF2 mode (events of a writer)."""

import numpy as np
import pytest
import tensorflow as tf

import slimshim
from slimshim import summaries
from slimshim.layers import summaries as layer_summaries
from slimshim.layers import utils

v1 = tf.compat.v1
VALUES = np.array([-1.0, 0.0, 0.0, 3.0], "float32")
IMAGES = np.random.RandomState(0).randint(0, 256, (5, 4, 6, 3)).astype("uint8")


def _tags(folder):
    """Returns {tag: value} of all events that were written to the folder."""
    found = {}
    for path in tf.io.gfile.glob(f"{folder}/*"):
        for record in tf.data.TFRecordDataset(path):
            event = v1.Event.FromString(record.numpy())
            found.update({value.tag: value for value in event.summary.value})
    return found


# --- graph mode ---------------------------------------------------------------------------------


def _run_summaries():
    with v1.Session() as session:
        merged = v1.Summary.FromString(session.run(v1.summary.merge_all()))
    return {value.tag: value for value in merged.value}


def test_summaries_carry_their_values_names_and_prefixes(graph):
    values = tf.constant(VALUES, name="scope/values")
    summaries.add_scalar_summary(tf.constant(2.5, name="c"))
    summaries.add_scalar_summary(tf.constant(3.5), name="score", prefix="eval")
    summaries.add_histogram_summary(values, prefix="p")
    summaries.add_zero_fraction_summary(values)
    summaries.add_image_summary(tf.constant(IMAGES, name="image"))
    found = _run_summaries()
    # The op c has taken that name, so its summary op gets the next.
    assert found["c_1"].simple_value == 2.5 and found["eval/score"].simple_value == 3.5
    assert found["scope/values/Fraction_of_Zero_Values"].simple_value == 0.5
    assert found["p/scope/values"].histo.num == 4 and found["p/scope/values"].histo.max == 3.0
    assert [found[f"image_1/image/{i}"].image.width for i in range(3)] == [6, 6, 6]


def test_plural_forms_summarize_each_tensor(graph):
    tensors = [tf.constant(1.0, name="a"), tf.constant(2.0, name="b")]
    assert len(summaries.add_scalar_summaries(tensors, prefix="p")) == 2
    assert len(summaries.add_histogram_summaries(tensors, prefix="h")) == 2
    assert len(summaries.add_zero_fraction_summaries(tensors, prefix="z")) == 2
    assert len(summaries.add_image_summaries([tf.zeros([1, 2, 2, 1], name="i")], prefix="i")) == 1
    assert {"p/a", "p/b", "h/a", "h/b", "z/a/Fraction_of_Zero_Values", "i/i/image/0"} <= set(_run_summaries())


@pytest.mark.parametrize("kind", ["scalar", "image", "zero_fraction"])
def test_a_printing_summary_is_in_the_collection_and_prints_when_it_runs(kind, graph, capfd):
    tensor = tf.constant(IMAGES if kind == "image" else 7.0)
    summary = getattr(summaries, f"add_{kind}_summary")(tensor, name="shown", print_summary=True)
    assert [item is summary for item in v1.get_collection(v1.GraphKeys.SUMMARIES)] == [True]
    assert "shown" not in capfd.readouterr().out
    found = _run_summaries()
    assert "shown" in capfd.readouterr().out
    assert any(tag.startswith("shown") for tag in found)


def test_graph_summaries_work_where_v2_behaviour_is_on_and_in_a_function_of_the_graph(graph):
    summaries.add_scalar_summary(tf.constant(1.0), name="plain")
    assert tf.executing_eagerly() is False
    assert set(_run_summaries()) == {"plain"}


# --- TF2 mode -----------------------------------------------------------------------------------


def test_a_writer_gets_every_kind_of_summary_without_tensorboard(tmp_path):
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=3):
        assert summaries.add_scalar_summary(tf.constant(2.5), name="score", prefix="eval")
        summaries.add_histogram_summary(tf.constant(VALUES), name="values")
        summaries.add_zero_fraction_summary(tf.constant(VALUES), name="values")
        summaries.add_image_summary(tf.constant(IMAGES), name="images")
    found = _tags(tmp_path)
    assert {tag: v.metadata.plugin_data.plugin_name for tag, v in found.items()} == {
        "eval/score": "scalars",
        "values": "histograms",
        "values/Fraction_of_Zero_Values": "scalars",
        "images": "images",
    }
    numbers = {tag: tf.make_ndarray(value.tensor) for tag, value in found.items()}
    assert numbers["eval/score"] == 2.5 and numbers["values/Fraction_of_Zero_Values"] == 0.5
    counts, edges = np.histogram(VALUES, 30)
    np.testing.assert_allclose(numbers["values"], np.stack([edges[:-1], edges[1:], counts], axis=1), atol=1e-6)
    width, height, *pngs = numbers["images"]
    assert (int(width), int(height), len(pngs)) == (6, 4, 3)
    np.testing.assert_array_equal(tf.image.decode_png(pngs[2]), IMAGES[2])


@pytest.mark.parametrize("values", [np.zeros(0, "float32"), np.full(5, 2.0, "float32")], ids=["none", "all_equal"])
def test_histograms_of_no_spread_count_all_values(values, tmp_path):
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        summaries.add_histogram_summary(tf.constant(values), name="h")
    buckets = tf.make_ndarray(_tags(tmp_path)["h"].tensor)
    assert buckets[:, 2].sum() == len(values) and np.isfinite(buckets).all()


def test_summaries_inside_a_function_go_to_the_writer_of_each_step(tmp_path):
    step = tf.Variable(0, dtype=tf.int64)

    @tf.function
    def train(x):
        activation = tf.nn.relu(x, name="act")
        layer_summaries.summarize_activation(activation)
        summaries.add_scalar_summary(tf.reduce_sum(activation), name="total")

    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=step):
        train(tf.constant([1.0, -1.0]))
    found = _tags(tmp_path)
    assert set(found) == {"act/zeros", "act/activation", "total"}
    assert tf.make_ndarray(found["act/zeros"].tensor) == 0.5


def test_without_a_writer_nothing_is_written_or_kept():
    for _ in range(3):
        assert not summaries.add_scalar_summary(tf.constant(1.0), name="score")
    assert v1.get_default_graph().get_collection(v1.GraphKeys.SUMMARIES) == []


def test_eager_tensors_need_a_name_or_an_alias(tmp_path):
    with pytest.raises(ValueError, match="tensor: expected a tensor that has a name.*Give the summary a name"):
        summaries.add_scalar_summary(tf.constant(1.0))
    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        summaries.add_scalar_summary(utils.append_tensor_alias(tf.constant(1.0), "net/out"))
        summaries.add_histogram_summary(tf.Variable([1.0], name="w"))
    assert set(_tags(tmp_path)) == {"net/out", "w"}


def test_eager_printing_prints_at_once(capfd):
    summaries.add_scalar_summary(tf.constant(4.0), name="shown", print_summary=True)
    assert "shown 4" in capfd.readouterr().out


def test_collections_of_a_module_call_can_be_summarized(tmp_path):
    def net(x):
        v1.get_variable("w", [2])
        return layer_summaries.summarize_collection(v1.GraphKeys.GLOBAL_VARIABLES)

    with tf.summary.create_file_writer(str(tmp_path)).as_default(step=0):
        slimshim.Module(net)(1.0)
    assert set(_tags(tmp_path)) == {"w_summary"}
