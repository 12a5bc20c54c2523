"""What the tests of reading share: small record files, and reading all there is."""

import pytest
import tensorflow as tf

v1 = tf.compat.v1


def write_records(path, records, compression=""):
    """Writes a TFRecord file and returns its name."""
    options = tf.io.TFRecordOptions(compression_type=compression)
    with tf.io.TFRecordWriter(str(path), options) as writer:
        for record in records:
            writer.write(record)
    return str(path)


def make_example(**features):
    """Returns a serialized tf.train.Example; `__` in a name stands for `/`."""
    kinds = {bytes: ("bytes_list", tf.train.BytesList), int: ("int64_list", tf.train.Int64List)}
    kinds[float] = ("float_list", tf.train.FloatList)
    made = {}
    for name, values in features.items():
        values = values if isinstance(values, list) else [values]
        field, make = kinds[type(values[0])] if values else kinds[float]
        made[name.replace("__", "/")] = tf.train.Feature(**{field: make(value=values)})
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def run_as_tf1_program(fetches, limit=1000):
    """Runs `fetches` until the end of the data as a TF1 queue program does. Returns all results.

    Such a program initializes variables and starts queue runners. It knows of no iterator.
    """
    results = []
    with v1.Session() as session:
        session.run([v1.global_variables_initializer(), v1.local_variables_initializer()])
        coordinator = v1.train.Coordinator()
        threads = v1.train.start_queue_runners(session, coordinator)
        try:
            while len(results) < limit:
                results.append(session.run(fetches))
        except tf.errors.OutOfRangeError:
            pass
        finally:
            coordinator.request_stop()
            coordinator.join(threads, ignore_live_threads=True, stop_grace_period_secs=5)
    return results


@pytest.fixture
def record_files(tmp_path):
    """Three TFRecord files of 7 records each: b"0-0", b"0-1", ..., b"2-6"."""
    return [write_records(tmp_path / f"part-{i}", [b"%d-%d" % (i, j) for j in range(7)]) for i in range(3)]
