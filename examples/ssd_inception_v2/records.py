"""Canvases as TFRecords, with the keys that the Object Detection API's decoder reads."""

import io
import sys

import numpy as np
from PIL import Image

from canvases import Canvas
from quiet import import_tensorflow


def write_canvases(path, canvases, total):
    """Writes the canvases (any iterable, `total` of them) to `path`; returns how many digits they hold."""
    tf = import_tensorflow()

    digits = 0
    with tf.io.TFRecordWriter(str(path)) as writer:
        for number, canvas in enumerate(canvases):
            digits += len(canvas.digits)
            writer.write(_example(canvas, f"{path.stem}-{number:05d}").SerializeToString())
            if sys.stdout.isatty() and number % 100 == 0:
                print(f"\r{path.name}: {number}/{total}\033[K", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="")
    return digits


def read_canvases(path):
    """Returns the list of canvases that `write_canvases` put into `path`."""
    tf = import_tensorflow()

    canvases = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        image = np.asarray(Image.open(io.BytesIO(features["image/encoded"].bytes_list.value[0])))
        sides = [features[f"image/object/bbox/{side}"].float_list.value for side in ("ymin", "xmin", "ymax", "xmax")]
        labels = features["image/object/class/label"].int64_list.value
        canvases.append(
            Canvas(
                image=image,
                boxes=np.array(sides, np.float32).T * image.shape[0],
                digits=np.array(labels, np.int64) - 1,
            )
        )
    return canvases


def _example(canvas, name):
    """Returns the canvas as a `tf.train.Example`; boxes are fractions of the canvas, labels count from 1."""
    tf = import_tensorflow()

    size = canvas.image.shape[0]
    top, left, bottom, right = (canvas.boxes / size).T

    def texts(*values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode() for value in values]))

    def integers(*values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    def floats(values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    features = {
        "image/encoded": tf.train.Feature(bytes_list=tf.train.BytesList(value=[_jpeg(canvas.image)])),
        "image/format": texts("jpeg"),
        "image/filename": texts(name),
        "image/source_id": texts(name),
        "image/height": integers(size),
        "image/width": integers(size),
        "image/object/bbox/ymin": floats(top),
        "image/object/bbox/xmin": floats(left),
        "image/object/bbox/ymax": floats(bottom),
        "image/object/bbox/xmax": floats(right),
        "image/object/class/text": texts(*(str(digit) for digit in canvas.digits)),
        "image/object/class/label": integers(*(int(digit) + 1 for digit in canvas.digits)),
    }
    return tf.train.Example(features=tf.train.Features(feature=features))


def _jpeg(image):
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, format="JPEG", quality=92)
    return encoded.getvalue()
