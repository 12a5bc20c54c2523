"""How fast `DatasetDataProvider` reads small JPEG images, beside a tf.data pipeline written by hand.

    python benchmarks/data_provider.py [--images 4000] [--size 128] [--rounds 7]

Prints images a second for each, and the CPU time an image takes, which a busy machine disturbs
less. All numbers are from one run: rounds alternate, medians count. The goal is a provider within
5 % of the pipeline by hand. `--graph` adds the provider in a TF1
graph, through the program's own `tf.compat.v1.train.batch`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import slimshim as slim  # noqa: E402

v1 = tf.compat.v1

FEATURES = {
    "image/encoded": tf.io.FixedLenFeature((), tf.string, default_value=""),
    "image/format": tf.io.FixedLenFeature((), tf.string, default_value="jpeg"),
    "image/class/label": tf.io.FixedLenFeature([], tf.int64, default_value=0),
}
NUM_FILES = 4
BATCH = 32
BUFFER = 256


def write_files(folder, num_images, size):
    """Returns the names of TFRecord files with smooth random JPEGs, as photos are smooth."""
    rng = np.random.default_rng(0)
    files = [os.path.join(folder, f"images-{i}") for i in range(NUM_FILES)]
    writers = [tf.io.TFRecordWriter(file) for file in files]
    for i in range(num_images):
        coarse = rng.integers(0, 256, (8, 8, 3)).astype(np.float32)
        image = tf.cast(tf.image.resize(coarse, [size, size]), tf.uint8)
        writers[i % NUM_FILES].write(_example(tf.io.encode_jpeg(image).numpy(), i % 10))
    for writer in writers:
        writer.close()
    return files


def _example(encoded, label):
    def bytes_feature(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    label = tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))
    feature = {
        "image/encoded": bytes_feature(encoded),
        "image/format": bytes_feature(b"jpeg"),
        "image/class/label": label,
    }
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


def by_hand(files, num_readers):
    def decode(record):
        parsed = tf.io.parse_single_example(record, FEATURES)
        image = tf.io.decode_jpeg(parsed["image/encoded"], channels=3)
        return {"image": image, "label": parsed["image/class/label"]}

    records = tf.data.Dataset.from_tensor_slices(files).shuffle(len(files))
    records = records.interleave(
        tf.data.TFRecordDataset,
        cycle_length=num_readers,
        num_parallel_calls=num_readers,
        deterministic=False,
    )
    records = records.repeat().shuffle(BUFFER)
    return records.map(decode, num_parallel_calls=tf.data.AUTOTUNE, deterministic=False)


def by_provider(files, num_readers):
    return make_provider(files, num_readers).as_dataset()


def make_provider(files, num_readers):
    handlers = {
        "image": slim.tfexample_decoder.Image(),
        "label": slim.tfexample_decoder.Tensor("image/class/label"),
    }
    dataset = slim.dataset.Dataset(
        data_sources=files,
        reader=v1.TFRecordReader,
        decoder=slim.tfexample_decoder.TFExampleDecoder(FEATURES, handlers),
        num_samples=None,
        items_to_descriptions=None,
    )
    return slim.dataset_data_provider.DatasetDataProvider(
        dataset, num_readers=num_readers, common_queue_capacity=BUFFER
    )


def measure(next_batch, num_images):
    """Returns (images a second, CPU microseconds an image), after a warm-up."""
    count = num_images // BATCH
    for _ in range(max(1, count // 8)):
        next_batch()
    start, cpu_start = time.perf_counter(), time.process_time()
    for _ in range(count):
        next_batch()
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return count * BATCH / seconds, cpu_seconds / (count * BATCH) * 1e6


def measure_dataset(dataset, num_images):
    batches = iter(dataset.batch(BATCH).prefetch(2))
    return measure(lambda: next(batches), num_images)


def measure_graph(files, num_readers, num_images, size):
    with tf.Graph().as_default(), v1.Session() as session:
        image, label = make_provider(files, num_readers).get(["image", "label"])
        image.set_shape([size, size, 3])
        batch = v1.train.batch([image, label], BATCH, num_threads=4, capacity=8 * BATCH)
        coordinator = v1.train.Coordinator()
        threads = v1.train.start_queue_runners(session, coordinator)
        result = measure(lambda: session.run(batch), num_images)
        coordinator.request_stop()
        coordinator.join(threads, ignore_live_threads=True)
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--graph", action="store_true")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        files = write_files(folder, args.images, args.size)
        hand, provider = [], []
        for _ in range(args.rounds):
            hand.append(measure_dataset(by_hand(files, args.readers), args.images))
            provider.append(measure_dataset(by_provider(files, args.readers), args.images))
        in_graph = [measure_graph(files, args.readers, args.images, args.size)] if args.graph else []
    print(f"JPEG images of {args.size}x{args.size}, {args.images} a round, {args.rounds} rounds")
    report("tf.data by hand", hand)
    report("DatasetDataProvider", provider)
    ratios = [p[0] / h[0] for p, h in zip(provider, hand)]
    cpu_ratios = [h[1] / p[1] for p, h in zip(provider, hand)]
    print(f"ratio, by time        {statistics.median(ratios):6.3f}  ({min(ratios):.3f} to {max(ratios):.3f})")
    print(
        f"ratio, by CPU time    {statistics.median(cpu_ratios):6.3f}  ({min(cpu_ratios):.3f} to {max(cpu_ratios):.3f})"
    )
    print("goal: at least 0.95")
    if in_graph:
        report("provider in a graph", in_graph)


def report(name, results):
    speed = statistics.median(speed for speed, _ in results)
    cpu = statistics.median(cpu for _, cpu in results)
    print(f"{name:20s} {speed:7.0f} images/s  {cpu:6.1f} us of CPU an image")


if __name__ == "__main__":
    main()
