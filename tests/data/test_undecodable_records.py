"""Records that can be read and not decoded: the error says which, a skip leaves out those alone."""

import logging
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from slimshim.data import data_decoder, dataset, dataset_data_provider, parallel_reader
from slimshim.data import tfexample_decoder as decoders

from .conftest import make_example, run_as_tf1_program, write_records

v1 = tf.compat.v1

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature((), tf.string),
    "image/format": tf.io.FixedLenFeature((), tf.string, default_value="jpeg"),
    "image/class/label": tf.io.FixedLenFeature((), tf.int64),
}
HANDLERS = {"image": decoders.Image(), "label": decoders.Tensor("image/class/label")}
JPEG = tf.io.encode_jpeg(np.random.RandomState(0).randint(0, 256, (24, 32, 3)).astype("uint8")).numpy()

# What may be wrong with a record, and TensorFlow's own word for it.
BAD = {
    "garbage": (b"this is no Example", "Could not parse example"),
    "half a JPEG": (make_example(image__encoded=JPEG[: len(JPEG) // 2], image__class__label=9), "JPEG"),
    "no label": (make_example(image__encoded=JPEG), "image/class/label.*required"),
    "unknown format": (make_example(image__encoded=b"P6 2 2", image__class__label=9), "Unknown image format"),
}


def good(label):
    return make_example(image__encoded=JPEG, image__class__label=label)


def provider_of(files, decoder=None, reader=v1.TFRecordReader, **options):
    description = dataset.Dataset(
        data_sources=files,
        reader=reader,
        decoder=decoder or decoders.TFExampleDecoder(FEATURES, HANDLERS),
        num_samples=None,
        items_to_descriptions=None,
    )
    options = {"shuffle": False, "num_epochs": 1, **options}
    return dataset_data_provider.DatasetDataProvider(description, **options)


def labels_of(provider, mode):
    if mode == "graph":
        return [int(label) for label in run_as_tf1_program(provider.get(["label"])[0])]
    return [int(sample["label"]) for sample in provider.as_dataset()]


def mode_scope(mode):
    return tf.Graph().as_default() if mode == "graph" else tf.init_scope()


def write_two_files(folder, bad):
    """Writes records 0 to 9 and 10 to 19; those that are among `bad` hold its bytes. Returns names, and their keys."""
    files, places = [], {}
    for number in range(2):
        records = [bad.get(10 * number + i, good(10 * number + i)) for i in range(10)]
        files.append(write_records(folder / f"part-{number}", records))
        starts = np.cumsum([0] + [len(record) + 16 for record in records])
        places.update({10 * number + i: (files[-1], i, int(starts[i])) for i in range(10)})
    return files, places


@pytest.mark.parametrize("mode", ["graph", "tf2"])
@pytest.mark.parametrize("kind", sorted(BAD))
def test_the_error_names_file_record_byte_and_reason(tmp_path, kind, mode):
    content, reason = BAD[kind]
    files, places = write_two_files(tmp_path, {13: content})
    expected = rf"(?s)file {files[1]}, record 3 \(from 0\), byte {places[13][2]}: .*{reason}"
    with mode_scope(mode), pytest.raises(tf.errors.InvalidArgumentError, match=expected):
        labels_of(provider_of(files), mode)


@pytest.mark.parametrize("mode", ["graph", "tf2"])
@pytest.mark.parametrize("kind", sorted(BAD))
def test_a_skip_leaves_out_the_bad_records_alone_and_counts_them(tmp_path, kind, mode):
    content, reason = BAD[kind]
    files, places = write_two_files(tmp_path, dict.fromkeys([0, 7, 13, 19], content))
    skipped = parallel_reader.SkippedRecords()
    with mode_scope(mode):
        provider = provider_of(files, reader_kwargs={"on_error": skipped}, num_epochs=2)
        assert labels_of(provider, mode) == [i for i in range(20) if i not in (0, 7, 13, 19)] * 2
    assert provider.num_skipped() == skipped.count == 8
    assert list(skipped.places) == [places[i] for i in (0, 7, 13, 19)] * 2
    assert all(isinstance(place, parallel_reader.UndecodableRecord) for place in skipped.places)
    if kind != "no label":  # Its words differ from version to version.
        assert reason in skipped.places[0].reason


@pytest.mark.parametrize("mode", ["graph", "tf2"])
def test_on_error_skip_counts_in_any_order_of_the_records(tmp_path, mode):
    files, _ = write_two_files(tmp_path, {4: BAD["garbage"][0], 15: BAD["half a JPEG"][0]})
    with mode_scope(mode):
        provider = provider_of(files, reader_kwargs={"on_error": "skip"}, shuffle=True, num_readers=2, num_epochs=3)
        assert sorted(labels_of(provider, mode)) == sorted([i for i in range(20) if i not in (4, 15)] * 3)
    assert provider.num_skipped() == 6


def test_a_skip_warns_of_file_record_and_reason(tmp_path, caplog):
    files, places = write_two_files(tmp_path, {12: BAD["half a JPEG"][0]})
    with caplog.at_level(logging.WARNING):
        labels_of(provider_of(files, reader_kwargs={"on_error": "skip"}), "tf2")
    assert f"record 2 at byte {places[12][2]} of {files[1]}, which cannot be decoded" in caplog.text
    assert "JPEG" in caplog.text


@pytest.mark.parametrize("compression", ["GZIP", "ZLIB"])
def test_in_a_compressed_file_the_number_is_right_too(tmp_path, compression):
    records = [good(i) for i in range(9)]
    records[6] = b"garbage"
    file = write_records(tmp_path / "packed", records, compression)
    places = []
    kwargs = {"options": tf.io.TFRecordOptions(compression), "on_error": places.append}
    assert labels_of(provider_of([file], reader_kwargs=kwargs), "tf2") == [0, 1, 2, 3, 4, 5, 7, 8]
    assert places == [(file, 6, sum(len(record) + 16 for record in records[:6]))]


def test_a_corrupt_frame_and_a_bad_record_are_both_counted(tmp_path):
    files, _ = write_two_files(tmp_path, {3: b"garbage"})
    with open(files[0], "r+b") as file:
        file.truncate(3000 if len(JPEG) < 600 else 6 * len(JPEG))
    provider = provider_of(files, reader_kwargs={"on_error": "skip"})
    labels = labels_of(provider, "tf2")
    assert labels[-10:] == list(range(10, 20)) and 3 not in labels
    assert provider.num_skipped() == 2


def test_get_in_tf2_mode_goes_past_a_bad_record_or_names_it(tmp_path):
    files, _ = write_two_files(tmp_path, {1: b"garbage"})
    provider = provider_of(files, reader_kwargs={"on_error": "skip"})
    assert [int(provider.get(["label"])[0]) for _ in range(3)] == [0, 2, 3]
    stopped = provider_of(files)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"file {files[0]}, record 1 \(from 0\)"):
        for _ in range(20):
            stopped.get(["label"])


def test_a_file_of_nothing_but_bad_records_ends(tmp_path):
    file = write_records(tmp_path / "bad", [b"garbage"] * 20)
    several_blocks = {"common_queue_capacity": 8, "common_queue_min": 4}
    provider = provider_of([file], reader_kwargs={"on_error": "skip"}, **several_blocks)
    assert labels_of(provider, "tf2") == []
    assert provider.num_skipped() == 20


@pytest.mark.parametrize("mode", ["graph", "tf2"])
def test_a_bad_line_of_text_is_named_by_its_number(tmp_path, mode):
    class Numbers(data_decoder.DataDecoder):
        def list_items(self):
            return ["label"]

        def decode(self, data, items):
            return [tf.strings.to_number(data, tf.int32)]

    file = tmp_path / "numbers.txt"
    file.write_text("1\n2\nthree\n4\n")
    read = dict(decoder=Numbers(), reader=v1.TextLineReader)
    with mode_scope(mode):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"file {file}, record 3: .*three"):
            labels_of(provider_of(str(file), **read), mode)
        places = []
        provider = provider_of(str(file), reader_kwargs={"on_error": places.append}, **read)
        assert labels_of(provider, mode) == [1, 2, 4]
    assert places == [(str(file), 3, None)]


@pytest.mark.parametrize("mode", ["graph", "tf2"])
def test_a_decoder_with_a_table_is_looked_after_too(tmp_path, mode):
    files, _ = write_two_files(tmp_path, {5: BAD["half a JPEG"][0]})
    with mode_scope(mode):
        keys, values = tf.range(20, dtype=tf.int64), 100 + tf.range(20, dtype=tf.int64)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, values), -1)
        handlers = {"image": decoders.Image(), "label": decoders.LookupTensor("image/class/label", table)}
        provider = provider_of(files, decoders.TFExampleDecoder(FEATURES, handlers), reader_kwargs={"on_error": "skip"})
        if mode == "graph":
            with v1.Session() as session:
                session.run(v1.tables_initializer())
                [label] = provider.get(["label"])
                labels = [int(session.run(label)) for _ in range(19)]
                with pytest.raises(tf.errors.OutOfRangeError):
                    session.run(label)
        else:
            labels = labels_of(provider, mode)
    assert labels == [100 + i for i in range(20) if i != 5]
    assert provider.num_skipped() == 1


def test_sparse_items_survive_a_skip(tmp_path):
    features = {"ids": tf.io.VarLenFeature(tf.int64)}
    handlers = {"ids": decoders.ItemHandlerCallback("ids", lambda tensors: tensors["ids"])}
    file = write_records(tmp_path / "sparse", [make_example(ids=[1, 2]), b"garbage", make_example(ids=[3])])
    provider = provider_of([file], decoders.TFExampleDecoder(features, handlers), reader_kwargs={"on_error": "skip"})
    assert [sample["ids"].values.numpy().tolist() for sample in provider.as_dataset()] == [[1, 2], [3]]


def test_a_decoder_that_fails_once_and_then_not_is_not_passed_over_in_silence(tmp_path):
    tries = []

    def fragile(record):
        tries.append(record)
        if len(tries) == 3:
            raise RuntimeError("the network is gone")
        return np.int64(len(record))

    class Fragile(data_decoder.DataDecoder):
        def list_items(self):
            return ["label"]

        def decode(self, data, items):
            return [tf.numpy_function(fragile, [data], tf.int64)]

    file = write_records(tmp_path / "sound", [b"a"] * 5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="did not when it was tried again"):
        labels_of(provider_of([file], Fragile()), "tf2")


def test_on_error_must_be_one_of_three_things(tmp_path):
    with pytest.raises(ValueError, match="on_error: expected 'raise', 'skip' or a callable"):
        provider_of(write_records(tmp_path / "file", []), reader_kwargs={"on_error": "ignore"})


def test_without_v2_behaviour_the_error_and_the_skip_are_the_same(tmp_path):
    files, _ = write_two_files(tmp_path, {11: BAD["half a JPEG"][0], 12: b"garbage"})
    program = f"""
        import tensorflow as tf
        import slimshim as slim
        v1 = tf.compat.v1
        v1.disable_v2_behavior()
        features = {{
            "image/encoded": tf.io.FixedLenFeature((), tf.string),
            "image/format": tf.io.FixedLenFeature((), tf.string, default_value="jpeg"),
            "image/class/label": tf.io.FixedLenFeature((), tf.int64),
        }}
        decoders = slim.tfexample_decoder
        handlers = {{"image": decoders.Image(), "label": decoders.Tensor("image/class/label")}}
        decoder = decoders.TFExampleDecoder(features, handlers)
        data = slim.dataset.Dataset({files!r}, v1.TFRecordReader, decoder, 20, {{}})
        for on_error in ("skip", "raise"):
            provider = slim.dataset_data_provider.DatasetDataProvider(
                data, shuffle=False, num_epochs=1, reader_kwargs={{"on_error": on_error}}
            )
            labels = []
            with v1.train.SingularMonitoredSession() as session:
                try:
                    while True:
                        labels.append(int(session.run(provider.get(["label"])[0])))
                except tf.errors.OpError as error:
                    print(on_error, labels, provider.num_skipped(), repr(error.message))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    skip, stop = [line for line in done.stdout.splitlines() if line.startswith(("skip", "raise"))]
    assert skip.startswith(f"skip {[i for i in range(20) if i not in (11, 12)]} 2")
    assert f"file {files[1]}, record 1 (from 0)" in stop and "JPEG" in stop
