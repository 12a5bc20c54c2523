"""`Dataset`, `DataProvider` and `DatasetDataProvider`, in graphs and in TF2."""

import collections

import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import data_decoder, data_provider, dataset, dataset_data_provider
from slimshim.data import tfexample_decoder as decoders

from .conftest import make_example, run_as_tf1_program, write_records

v1 = tf.compat.v1

DatasetDataProvider = dataset_data_provider.DatasetDataProvider
COLORS = [b"red", b"green", b"blue"]


@pytest.fixture
def files(tmp_path):
    return [
        write_records(
            tmp_path / f"part-{i}",
            [make_example(id=10 * i + j, color=COLORS[j % 3]) for j in range(5)],
        )
        for i in range(2)
    ]


def describe(files, color_handler=None, decoder=None, reader=v1.TFRecordReader):
    features = {
        "id": tf.io.FixedLenFeature((), tf.int64),
        "color": tf.io.FixedLenFeature((), tf.string),
    }
    handlers = {
        "id": decoders.Tensor("id"),
        "color": color_handler or decoders.Tensor("color"),
    }
    return dataset.Dataset(
        data_sources=files,
        reader=reader,
        decoder=decoder or decoders.TFExampleDecoder(features, handlers),
        num_samples=10,
        items_to_descriptions=None,
    )


IDS = [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]


def color_table():
    values = tf.constant([100, 200, 300], tf.int64)
    initializer = tf.lookup.KeyValueTensorInitializer(tf.constant(COLORS), values)
    return tf.lookup.StaticHashTable(initializer, -1)


def test_a_dataset_is_its_arguments():
    made = dataset.Dataset("files*", v1.TextLineReader, None, 7, {"a": "b"}, num_classes=3)
    assert vars(made) == {
        "data_sources": "files*",
        "reader": v1.TextLineReader,
        "decoder": None,
        "num_samples": 7,
        "items_to_descriptions": {"a": "b"},
        "num_classes": 3,
    }


def test_a_data_provider_gives_its_tensors_by_name():
    provider = data_provider.DataProvider({"a": 1, "b": 2}, num_samples=9)
    assert provider.get(["b", "a"]) == [2, 1]
    assert provider.get(("a",)) == [1]
    assert sorted(provider.list_items()) == ["a", "b"]
    assert provider.num_samples() == 9
    with pytest.raises(ValueError, match="items: expected a list or tuple"):
        provider.get("a")
    with pytest.raises(ValueError, match=r"items: expected names among \['a', 'b'\].*'c'"):
        provider.get(["a", "c"])


def test_a_data_decoder_is_abstract():
    with pytest.raises(TypeError):
        data_decoder.DataDecoder()


def test_in_a_graph_samples_come_without_any_initialization(files, graph):
    provider = DatasetDataProvider(describe(files), shuffle=False, num_epochs=1)
    assert sorted(provider.list_items()) == ["color", "id", "record_key"]
    assert provider.num_samples() == 10
    tensors = provider.get(["record_key", "id", "color"])
    assert [tensor.shape for tensor in tensors] == [(), (), ()]
    with v1.Session() as session:
        samples = [session.run(tensors) for _ in range(10)]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(tensors)
    assert [sample[1] for sample in samples] == IDS
    assert all(sample[2] == COLORS[sample[1] % 10 % 3] for sample in samples)
    assert samples[0][0].decode() == f"{files[0]}:0"


def test_in_a_graph_items_asked_for_apart_are_of_one_sample(files, graph):
    provider = DatasetDataProvider(describe(files), num_epochs=1)
    [ids] = provider.get(["id"])
    [color] = provider.get(["color"])
    for sample, its_color in run_as_tf1_program([ids, color]):
        assert its_color == COLORS[sample % 10 % 3]


def test_in_a_graph_samples_go_through_the_programs_own_batch(files, graph):
    provider = DatasetDataProvider(
        describe(files), num_readers=2, num_epochs=3, common_queue_capacity=8, common_queue_min=4
    )
    batch = v1.train.batch(provider.get(["id", "color"]), batch_size=5, num_threads=2)
    ids = [i for ids, _ in run_as_tf1_program(batch) for i in ids.tolist()]
    assert collections.Counter(ids) == {i: 3 for i in IDS}


def test_in_a_graph_it_feeds_a_monitored_session(files, graph):
    provider = DatasetDataProvider(describe(files, decoders.LookupTensor("color", color_table())))
    tensors = provider.get(["id", "color"])
    with v1.train.MonitoredSession() as session:
        for _ in range(5):
            sample, color = session.run(tensors)
            assert color == 100 * (1 + sample % 10 % 3)


def test_in_a_graph_a_table_needs_the_tables_initializer_alone(files, graph):
    handler = decoders.LookupTensor("color", color_table())
    provider = DatasetDataProvider(describe(files, handler), shuffle=False, num_epochs=1)
    [color] = provider.get(["color"])
    with v1.Session() as session:
        session.run(v1.tables_initializer())
        assert [session.run(color) for _ in range(4)] == [100, 200, 300, 100]


def test_in_a_graph_a_decoder_may_use_variables_and_placeholders(files, graph):
    offset = v1.get_variable("offset", initializer=tf.constant(1000, tf.int64))
    fed = v1.placeholder_with_default(tf.constant(0, tf.int64), ())
    handler = decoders.ItemHandlerCallback(["id"], lambda tensors: tensors["id"] + offset + fed)
    provider = DatasetDataProvider(describe(files, handler), shuffle=False, num_epochs=1)
    [color] = provider.get(["color"])
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        assert session.run(color) == 1000
        assert session.run(color, {fed: 5}) == 1006


def test_in_a_graph_defaults_may_be_graph_tensors(files, graph):
    default = tf.zeros([1], tf.int64)
    features = {"absent": tf.io.FixedLenFeature([1], tf.int64, default_value=default)}
    decoder = decoders.TFExampleDecoder(features, {"label": decoders.Tensor("absent")})
    provider = DatasetDataProvider(describe(files, decoder=decoder), num_epochs=1)
    [label] = provider.get(["label"])
    assert label.shape == [1]
    assert len(run_as_tf1_program(label)) == 10


def test_in_a_graph_an_own_reader_class_reads_through_queues(files, graph):
    class OwnReader(v1.TFRecordReader):
        pass

    provider = DatasetDataProvider(describe(files, reader=OwnReader), num_epochs=1)
    assert sorted(run_as_tf1_program(provider.get(["id"])[0])) == IDS
    with pytest.raises(TypeError, match="dataset.reader: expected a TF1 reader class"):
        provider.as_dataset()


def test_an_own_reader_class_in_tf2_mode_is_an_error(files):
    class OwnReader(v1.TFRecordReader):
        pass

    with pytest.raises(TypeError, match="dataset.reader: .*OwnReader.*graph mode only"):
        DatasetDataProvider(describe(files, reader=OwnReader))


def test_the_record_key_must_be_no_item(files, graph):
    with pytest.raises(ValueError, match="record_key: expected a name besides.*'id'"):
        DatasetDataProvider(describe(files), record_key="id")


def test_the_record_key_may_have_another_name(files):
    provider = DatasetDataProvider(describe(files), shuffle=False, record_key="where")
    [where] = provider.get(["where"])
    assert where.numpy().decode() == f"{files[0]}:0"


def test_no_files_are_an_error_that_names_the_pattern(tmp_path):
    with pytest.raises(ValueError, match=r"No data files found.*train-\*"):
        DatasetDataProvider(describe(str(tmp_path / "train-*")))


def test_in_tf2_each_get_is_the_next_sample(files):
    provider = DatasetDataProvider(describe(files), shuffle=False, num_epochs=1)
    samples = [provider.get(["id", "color"]) for _ in range(10)]
    assert [int(sample[0]) for sample in samples] == IDS
    with pytest.raises(tf.errors.OutOfRangeError):
        provider.get(["id"])


def test_in_tf2_items_asked_for_apart_are_of_one_sample(files):
    provider = DatasetDataProvider(describe(files), num_epochs=1)
    seen = []
    for _ in range(10):
        [sample] = provider.get(["id"])
        [color] = provider.get(["color"])
        assert color.numpy() == COLORS[int(sample) % 10 % 3]
        seen.append(int(sample))
    assert sorted(seen) == IDS


def test_in_a_function_each_call_is_the_next_sample(files):
    provider = DatasetDataProvider(describe(files), shuffle=False, num_epochs=1)

    @tf.function
    def step():
        [sample] = provider.get(["id"])
        [color] = provider.get(["color"])
        return sample, color

    samples = [step() for _ in range(10)]
    assert [int(sample) for sample, _ in samples] == IDS
    assert all(c.numpy() == COLORS[int(s) % 10 % 3] for s, c in samples)
    with pytest.raises(tf.errors.OutOfRangeError):
        step()


def test_a_provider_made_inside_a_function_outlives_its_trace(files):
    made = []

    @tf.function
    def step():
        if not made:
            made.append(DatasetDataProvider(describe(files), shuffle=False))
        return made[0].get(["id"])[0]

    assert [int(step()) for _ in range(3)] == [0, 1, 2]


def test_as_dataset_gives_dicts_to_batch(files):
    handler = decoders.LookupTensor("color", color_table())
    provider = DatasetDataProvider(describe(files, handler), shuffle=False, num_epochs=1)
    samples = provider.as_dataset()
    assert isinstance(samples, tf.data.Dataset)
    (batch,) = samples.batch(10)
    np.testing.assert_array_equal(batch["id"], IDS)
    np.testing.assert_array_equal(batch["color"], [100, 200, 300, 100, 200] * 2)
    assert batch["record_key"].shape == [10]


def test_as_dataset_carries_sparse_items(files):
    features = {"color": tf.io.VarLenFeature(tf.string)}
    handler = decoders.ItemHandlerCallback("color", lambda tensors: tensors["color"])
    decoder = decoders.TFExampleDecoder(features, {"color": handler})
    provider = DatasetDataProvider(describe(files, decoder=decoder), shuffle=False, num_epochs=1)
    sample = next(iter(provider.as_dataset()))
    assert isinstance(sample["color"], tf.SparseTensor)


def test_a_seed_makes_every_run_the_same(files):
    def ids(seed):
        provider = DatasetDataProvider(describe(files), num_readers=2, num_epochs=2, seed=seed)
        return [int(sample["id"]) for sample in provider.as_dataset()]

    assert ids(3) == ids(3)
    assert ids(3) != ids(4)
    assert collections.Counter(ids(3)) == {i: 2 for i in IDS}


@pytest.mark.parametrize("mode", ["graph", "tf2"])
def test_skipped_places_are_counted(files, mode):
    with open(files[0], "r+b") as file:
        file.truncate(110)
    with tf.Graph().as_default() if mode == "graph" else tf.init_scope():
        provider = DatasetDataProvider(describe(files), reader_kwargs={"on_error": "skip"}, shuffle=False, num_epochs=2)
        if mode == "graph":
            ids = run_as_tf1_program(provider.get(["id"])[0])
        else:
            ids = [int(sample["id"]) for sample in provider.as_dataset()]
    kept = [i for i in IDS if i < 10][: (len(ids) - 10) // 2]
    assert ids == (kept + [10, 11, 12, 13, 14]) * 2
    assert len(kept) < 5
    assert provider.num_skipped() == 2  # Once in each epoch.


def test_a_damaged_record_is_an_error_by_default(files):
    with open(files[0], "r+b") as file:
        file.truncate(110)
    provider = DatasetDataProvider(describe(files), shuffle=False, num_epochs=1)
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"corrupt or truncated.*{files[0]}"):
        list(provider.as_dataset())
    assert provider.num_skipped() == 0


def test_a_decoder_that_gives_too_few_tensors_is_an_error(files):
    class Forgetful(data_decoder.DataDecoder):
        def list_items(self):
            return ["a", "b"]

        def decode(self, data, items):
            return [data]

    provider = DatasetDataProvider(describe(files, decoder=Forgetful()))
    with pytest.raises(ValueError, match="one tensor for each of the 2 items"):
        provider.get(["a"])


def test_an_undecodable_image_is_named_with_its_record(tmp_path):
    file = write_records(tmp_path / "images", [make_example(image__encoded=b"P6 2 2 255 ...", image__format=b"ppm")])
    features = {
        "image/encoded": tf.io.FixedLenFeature((), tf.string),
        "image/format": tf.io.FixedLenFeature((), tf.string),
    }
    decoder = decoders.TFExampleDecoder(features, {"image": decoders.Image()})
    provider = DatasetDataProvider(describe([file], decoder=decoder), shuffle=False)
    expected = f"(?s)Unknown image format.*ppm.*P6.*{file}:0"
    with pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        provider.get(["image"])
