"""Makes `data.json`: decoders, handlers, readers and providers of TF 1.15.

To make it again: `python3 tests/golden/regenerate.py data`.
"""

import os
import tempfile

import numpy as np
import tensorflow as tf
from golden_cases import Cases, names, outcome, run

v1 = tf.compat.v1
cases = CASES = Cases()

DECODER = "data.tfexample_decoder."
PIXELS = np.random.RandomState(0).randint(0, 256, (4, 5, 3)).astype(np.uint8)


def _example(**features):
    """Returns a serialized Example; a feature's kind follows from its values."""
    return _features(v1.train.Example(), **features).SerializeToString()


def _features(message, **features):
    for name, values in features.items():
        _fill(message.features.feature[name.replace("__", "/")], values)
    return message


def _fill(feature, values):
    if isinstance(values[0], (bytes, str)):
        feature.bytes_list.value.extend(tf.compat.as_bytes(value) for value in values)
    elif isinstance(values[0], float):
        feature.float_list.value.extend(values)
    else:
        feature.int64_list.value.extend(int(value) for value in values)


def _decoded(lib, serialized, keys_to_features, handlers, items=None):
    """Returns the items' values, with their static shapes and dtypes."""
    decoder = lib("data.tfexample_decoder").TFExampleDecoder(keys_to_features, handlers)
    return _facts_and_values(decoder.decode(tf.constant(serialized), items)), sorted(decoder.list_items())


def _facts_and_values(tensors):
    facts = [[t.dtype.base_dtype, None if isinstance(t, tf.SparseTensor) else t.shape] for t in tensors]
    return facts, run(tensors)


def _fixed(dtype, shape=(), **options):
    return v1.FixedLenFeature(shape, dtype, **options)


# --- handlers


@cases.of(DECODER + "Tensor", DECODER + "TFExampleDecoder", DECODER + "ItemHandler")
def tensors_of_all_kinds(lib):
    handlers = lib("data.tfexample_decoder")
    features = {
        "whole": v1.VarLenFeature(tf.int64),
        "real": _fixed(tf.float32, [2, 2]),
        "text": _fixed(tf.string),
        "height": _fixed(tf.int64),
        "width": _fixed(tf.int64),
        "size": v1.VarLenFeature(tf.int64),
    }
    serialized = _example(whole=list(range(6)), real=[1.0, 2.0, 3.0, 4.0], text=["a"], height=[3], width=[2], size=[4])
    items = {
        "flat": handlers.Tensor("whole"),
        "shaped": handlers.Tensor("whole", shape=[2, 3]),
        "shaped_by_keys": handlers.Tensor("whole", shape_keys=["height", "width"]),
        "shaped_by_key": handlers.Tensor("real", shape_keys="size", default_value=1),
        "real": handlers.Tensor("real"),
        "text": handlers.Tensor("text"),
    }
    order = ["flat", "shaped", "shaped_by_keys", "shaped_by_key", "real", "text"]
    return _decoded(lib, serialized, features, items, order), [items[name].keys for name in sorted(items)]


@cases.of(DECODER + "Tensor")
def tensor_defaults(lib):
    handlers = lib("data.tfexample_decoder")
    features = {"missing": v1.VarLenFeature(tf.float32), "filled": _fixed(tf.int64, [2], default_value=[7, 8])}
    return _decoded(
        lib,
        _example(other=[1]),
        features,
        {"missing": handlers.Tensor("missing", default_value=5.0), "filled": handlers.Tensor("filled")},
        ["missing", "filled"],
    )


@cases.of(DECODER + "LookupTensor")
def looked_up_ids(lib):
    handlers = lib("data.tfexample_decoder")
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(["a", "b"]), tf.constant([1, 2], tf.int64)), -1
    )
    return _decoded(
        lib,
        _example(text=["b", "z", "a", "b"]),
        {"text": v1.VarLenFeature(tf.string)},
        {"ids": handlers.LookupTensor("text", table), "square": handlers.LookupTensor("text", table, shape=[2, 2])},
        ["ids", "square"],
    )


@cases.of(DECODER + "BackupHandler")
def backup_where_the_first_is_empty(lib):
    handlers = lib("data.tfexample_decoder")
    features = {"first": v1.VarLenFeature(tf.int64), "second": v1.VarLenFeature(tf.int64)}
    found = []
    for serialized in (_example(first=[1, 2], second=[3]), _example(second=[3])):
        items = {"item": handlers.BackupHandler(handlers.Tensor("first"), handlers.Tensor("second"))}
        found.append(_decoded(lib, serialized, features, items)[0][1])
    wrong = [
        outcome(handlers.BackupHandler, None, handlers.Tensor("a")),
        outcome(handlers.BackupHandler, handlers.Tensor("a"), "b"),
    ]
    return found, items["item"].keys, wrong


@cases.of(DECODER + "ItemHandlerCallback")
def item_by_a_function(lib):
    handlers = lib("data.tfexample_decoder")
    features = {"a": _fixed(tf.int64), "b": v1.VarLenFeature(tf.int64)}
    both = handlers.ItemHandlerCallback(["a", "b"], lambda tensors: tensors["a"] + tensors["b"].values)
    one = handlers.ItemHandlerCallback("a", lambda tensors: {"twice": 2 * tensors["a"]}["twice"])
    return _decoded(lib, _example(a=[3], b=[1, 2]), features, {"both": both, "one": one}, ["both", "one"]), both.keys


@cases.of(DECODER + "BoundingBox")
def boxes(lib):
    handlers = lib("data.tfexample_decoder")
    sides = {"box/ymin": [0.1, 0.2], "box/xmin": [0.3, 0.4], "box/ymax": [0.5, 0.6], "box/xmax": [0.7, 0.8]}
    features = {name: v1.VarLenFeature(tf.float32) for name in sides}
    serialized = _example(**{name.replace("/", "__"): values for name, values in sides.items()})
    usual = handlers.BoundingBox(prefix="box/")
    turned = handlers.BoundingBox(["xmin", "ymin", "xmax", "ymax"], "box/")
    return (
        _decoded(lib, serialized, features, {"usual": usual, "turned": turned}, ["usual", "turned"]),
        usual.keys,
        outcome(handlers.BoundingBox, ["a", "b"]),
        _decoded(lib, _example(a=[1]), features, {"none": usual}),
    )


@cases.of(DECODER + "SparseTensor")
def sparse_items(lib):
    handlers = lib("data.tfexample_decoder")
    features = {name: v1.VarLenFeature(tf.int64) for name in ("indices", "shape")}
    features.update(values=v1.VarLenFeature(tf.float32))
    serialized = _example(indices=[1, 4], values=[0.5, 2.5], shape=[6])
    items = {
        "by_key": handlers.SparseTensor(shape_key="shape"),
        "by_shape": handlers.SparseTensor("indices", "values", shape=[5]),
        "dense": handlers.SparseTensor(shape=[5], densify=True, default_value=-1),
    }
    return _decoded(lib, serialized, features, items, ["by_key", "by_shape", "dense"]), [
        items[name].keys for name in sorted(items)
    ]


# --- images


def _encoded(kind):
    """Returns PIXELS in a file format, as bytes."""
    return {
        "png": lambda: run(tf.image.encode_png(PIXELS)),
        "jpeg": lambda: run(tf.image.encode_jpeg(PIXELS, quality=100, chroma_downsampling=False)),
        "bmp": lambda: _bitmap(),
        "raw": lambda: PIXELS.tobytes(),
    }[kind]()


def _bitmap():
    """Returns PIXELS as an uncompressed 24 bit BMP."""
    height, width, _ = PIXELS.shape
    rows = b"".join(row[:, ::-1].tobytes() + b"\0" * (-3 * width % 4) for row in PIXELS[::-1])
    header = np.array([40, width, height, 1 | 24 << 16, 0, len(rows), 0, 0, 0, 0], np.int32).tobytes()
    return b"BM" + np.array([54 + len(rows), 0, 54], np.int32).tobytes() + header + rows


IMAGE_FEATURES = {
    "image/encoded": _fixed(tf.string, default_value=""),
    "image/format": _fixed(tf.string, default_value="jpeg"),
}


def _images(lib, kind, **options):
    serialized = _example(image__encoded=[_encoded(kind)], image__format=[kind])
    (facts, values), _ = _decoded(
        lib, serialized, IMAGE_FEATURES, {"image": lib("data.tfexample_decoder").Image(**options)}
    )
    return facts, values


@cases.of(DECODER + "Image")
def png_images(lib):
    return [
        _images(lib, "png"),
        _images(lib, "png", channels=1),
        _images(lib, "png", channels=4),
        _images(lib, "png", shape=[4, 5, 3], dtype=tf.float32),
    ]


@cases.of(DECODER + "Image")
def jpeg_images(lib):
    return [_images(lib, "jpeg"), _images(lib, "jpeg", dct_method="INTEGER_ACCURATE", channels=1)]


@cases.of(DECODER + "Image")
def bmp_images(lib):
    return _images(lib, "bmp")


@cases.of(DECODER + "Image")
def raw_images(lib):
    return [_images(lib, "raw", shape=[4, 5, 3]), _images(lib, "raw", shape=[5, 12, 1], channels=1)]


@cases.of(DECODER + "Image")
def images_of_8_bits_as_numbers_of_16(lib):
    serialized = _example(image__encoded=[_encoded("png")], image__format=["png"])
    image = lib("data.tfexample_decoder").Image(dtype=tf.uint16)
    (_, (value,)), _ = _decoded(lib, serialized, IMAGE_FEATURES, {"image": image})
    return value.dtype.name, value.astype(np.int64)


@cases.of(DECODER + "Image")
def images_in_a_list(lib):
    serialized = _example(image__encoded=[_encoded("png"), _encoded("png")], image__format=["png"])
    features = dict(IMAGE_FEATURES, **{"image/encoded": v1.FixedLenSequenceFeature([], tf.string, allow_missing=True)})
    image = lib("data.tfexample_decoder").Image(repeated=True)
    return _decoded(lib, serialized, features, {"images": image})


# --- sequences


def _sequence_example():
    example = v1.train.SequenceExample()
    _fill(example.context.feature["label"], [3])
    frames = {
        "ymin": [[0.0, 0.1], [0.2]],
        "xmin": [[0.3, 0.4], [0.5]],
        "ymax": [[0.6, 0.7], [0.8]],
        "xmax": [[0.9, 1.0], [0.95]],
    }
    for name, lists in frames.items():
        for values in lists:
            _fill(example.feature_lists.feature_list["box/" + name].feature.add(), values)
    return example.SerializeToString()


SEQUENCE_FEATURES = {"box/" + side: v1.VarLenFeature(tf.float32) for side in ("ymin", "xmin", "ymax", "xmax")}


def _decoded_sequence(lib, handlers):
    decoder = lib("data.tfexample_decoder").TFSequenceExampleDecoder(
        {"label": _fixed(tf.int64)}, SEQUENCE_FEATURES, handlers
    )
    names_of_items = sorted(handlers)
    return run(decoder.decode(tf.constant(_sequence_example()), names_of_items)), sorted(decoder.list_items())


@cases.of(DECODER + "TFSequenceExampleDecoder", DECODER + "BoundingBoxSequence", later=True)
def boxes_of_frames(lib):
    handlers = lib("data.tfexample_decoder")
    return _decoded_sequence(
        lib,
        {
            "dense": handlers.BoundingBoxSequence(prefix="box/"),
            "filled": handlers.BoundingBoxSequence(prefix="box/", default_value=-7.0),
            "label": handlers.Tensor("label"),
            "sparse": handlers.BoundingBoxSequence(prefix="box/", return_dense=False),
        },
    )


@cases.of(DECODER + "NumBoxesSequence", later=True)
def numbers_of_boxes(lib):
    handlers = lib("data.tfexample_decoder")
    return _decoded_sequence(
        lib,
        {
            "checked": handlers.NumBoxesSequence(["box/ymin", "box/xmax"]),
            "free": handlers.NumBoxesSequence(["box/ymin"], check_consistency=False),
        },
    ), outcome(handlers.NumBoxesSequence)


@cases.of(DECODER + "KeypointsSequence", later=True)
def keypoints_of_frames(lib):
    handlers = lib("data.tfexample_decoder")
    return _decoded_sequence(
        lib,
        {
            "dense": handlers.KeypointsSequence(["ymin", "xmin"], "box/"),
            "sparse": handlers.KeypointsSequence(["ymax", "xmax"], "box/", return_dense=False, default_value=0.0),
        },
    ), outcome(handlers.KeypointsSequence, ["y"], "")


@cases.of("data.data_decoder.DataDecoder")
def decoder_is_abstract(lib):
    return outcome(lib("data.data_decoder").DataDecoder)


# --- readers and providers, without shuffling


def _record_files(record=lambda part, number: f"record {10 * part + number}".encode()):
    """Writes two files of three records; returns their paths and the folder."""
    folder = tempfile.mkdtemp()
    paths = [os.path.join(folder, f"part-{part}") for part in range(2)]
    for part, path in enumerate(paths):
        with v1.python_io.TFRecordWriter(path) as writer:
            for number in range(3):
                writer.write(record(part, number))
    return paths, folder


def _example_files():
    return _record_files(lambda part, number: _example(label=[10 * part + number], name=[f"n{number}"]))


def _read(tensors, times, folder):
    """Returns what the tensors give one after the other; paths lose their folder."""
    found = []
    with v1.Session() as session:
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer(), v1.tables_initializer()])
        coordinator = v1.train.Coordinator()
        threads = v1.train.start_queue_runners(session, coordinator)
        try:
            for _ in range(times):
                found.append(session.run(tensors))
        except tf.errors.OutOfRangeError:
            found.append("the end")
        coordinator.request_stop()
        coordinator.join(threads, stop_grace_period_secs=10, ignore_live_threads=True)
    return _without(folder, found)


def _without(folder, value):
    if isinstance(value, (list, tuple)):
        return [_without(folder, item) for item in value]
    return value.replace(folder.encode(), b"FOLDER") if isinstance(value, bytes) else value


@cases.of("data.parallel_reader.get_data_files")
def data_files(lib):
    function = lib("data.parallel_reader").get_data_files
    paths, folder = _record_files()
    found = [function(paths), function(os.path.join(folder, "part*")), function([paths[1], os.path.join(folder, "*0")])]
    return (
        [[os.path.basename(path) for path in files] for files in found],
        outcome(function, folder + "/none*"),
        outcome(function, []),
    )


@cases.of("data.parallel_reader.parallel_read")
def parallel_reading_in_order(lib):
    paths, folder = _record_files()
    read = lib("data.parallel_reader").parallel_read(
        paths, v1.TFRecordReader, num_epochs=1, num_readers=1, shuffle=False, capacity=4
    )
    return [t.dtype for t in read], _read(list(read), 8, folder)


@cases.of("data.parallel_reader.parallel_read")
def parallel_reading_by_several_readers(lib):
    paths, folder = _record_files()
    read = lib("data.parallel_reader").parallel_read(
        paths, v1.TFRecordReader, num_epochs=2, num_readers=3, seed=1, min_after_dequeue=2
    )
    found = _read(list(read), 13, folder)
    return sorted(key for key, _ in found[:-1]), found[-1]


@cases.of("data.parallel_reader.single_pass_read")
def a_single_pass(lib):
    paths, folder = _record_files()
    read = lib("data.parallel_reader").single_pass_read(os.path.join(folder, "part*"), v1.TFRecordReader)
    return _read(list(read), 8, folder)


@cases.of("data.parallel_reader.single_pass_read")
def a_single_pass_over_lines(lib):
    folder = tempfile.mkdtemp()
    with open(os.path.join(folder, "words"), "w") as file:
        file.write("title\none\ntwo\n")
    read = lib("data.parallel_reader").single_pass_read(
        [os.path.join(folder, "words")], v1.TextLineReader, reader_kwargs={"skip_header_lines": 1}
    )
    return _read(list(read), 3, folder)


@cases.of("data.parallel_reader.ParallelReader")
def a_parallel_reader(lib):
    paths, folder = _record_files()
    queue = v1.FIFOQueue(10, [tf.string, tf.string])
    reader = lib("data.parallel_reader").ParallelReader(v1.TFRecordReader, queue, num_readers=2)
    files = v1.train.string_input_producer(paths, num_epochs=1, shuffle=False)
    found = _read(list(reader.read(files)), 7, folder)
    wrong = outcome(lib("data.parallel_reader").ParallelReader, v1.TFRecordReader, v1.FIFOQueue(10, [tf.string]))
    return sorted(key for key, _ in found[:-1]), found[-1], reader.num_readers, reader.common_queue is queue, wrong


def _dataset(lib, sources):
    handlers = lib("data.tfexample_decoder")
    decoder = handlers.TFExampleDecoder(
        {"label": _fixed(tf.int64), "name": _fixed(tf.string)},
        {"label": handlers.Tensor("label"), "name": handlers.Tensor("name")},
    )
    return lib("data.dataset").Dataset(sources, v1.TFRecordReader, decoder, 6, {"label": "a number"}, classes=3)


@cases.of("data.dataset_data_provider.DatasetDataProvider", "data.data_provider.DataProvider", "data.dataset.Dataset")
def samples_of_a_provider(lib):
    paths, folder = _example_files()
    dataset = _dataset(lib, paths)
    provider = lib("data.dataset_data_provider").DatasetDataProvider(dataset, shuffle=False, num_epochs=1)
    tensors = provider.get(["label", "name", "record_key"])
    return {
        "samples": _read(tensors, 7, folder),
        "shapes": [[t.dtype, t.shape] for t in tensors[:2]],
        "items": sorted(provider.list_items()),
        "num_samples": provider.num_samples(),
        "dataset": [dataset.num_samples, dataset.items_to_descriptions, dataset.classes],
        "unknown": outcome(provider.get, ["none"]),
    }


@cases.of("data.dataset_data_provider.DatasetDataProvider")
def samples_under_another_record_key(lib):
    paths, folder = _example_files()
    make = lib("data.dataset_data_provider").DatasetDataProvider
    provider = make(_dataset(lib, paths), shuffle=False, record_key="key", scope="mine")
    found = _read(provider.get(["key", "label"]), 8, folder)
    return found, outcome(make, _dataset(lib, paths), record_key="label")


@cases.of("data.prefetch_queue.prefetch_queue")
def prefetched_batches(lib):
    counter = v1.get_variable("counter", initializer=0, use_resource=True, trainable=False)
    number = counter.assign_add(1)
    queue = lib("data.prefetch_queue").prefetch_queue([number, tf.fill([2], number)], capacity=3)
    found = _read(list(queue.dequeue()), 5, "")
    return found, [[d for d in queue.dtypes], queue.names, [s for s in queue.shapes]], _fullness()


@cases.of("data.prefetch_queue.prefetch_queue")
def prefetched_dicts_of_changing_size(lib):
    counter = v1.get_variable("counter", initializer=0, use_resource=True, trainable=False)
    number = tf.identity(counter.assign_add(1))
    queue = lib("data.prefetch_queue").prefetch_queue(
        {"b": tf.range(number), "a": number}, dynamic_pad=True, shared_name="all", name="mine"
    )
    batch = queue.dequeue()
    found = [[int(item["a"]), list(item["b"])] for item in _read(batch, 3, "")]
    return found, queue.names, _fullness()


def _fullness():
    return names(v1.get_collection("summaries"))


if __name__ == "__main__":
    cases.write("data.json")
