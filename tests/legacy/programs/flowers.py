"""The TF-Slim walkthrough's flowers, as a program of 2017: records, a Dataset, a CNN, training from a checkpoint.

The pictures are made: the class is the colour. What is trained first stands for the pretrained checkpoint.
"""

import os

import numpy as np
import tensorflow as tf
import tensorflow.contrib.slim as slim
from tensorflow.contrib.slim.nets import resnet_v1
from tensorflow.python.platform import gfile

tf.app.flags.DEFINE_string("folder", None, "Where everything is written.")
tf.app.flags.DEFINE_integer("steps", 60, "Steps of each training.")
FLAGS = tf.app.flags.FLAGS

COLOURS = ["red", "green", "blue"]
SIZE = 16


def write_records(path, count):
    random = np.random.RandomState(0)
    with tf.python_io.TFRecordWriter(path) as writer, tf.Graph().as_default(), tf.Session() as session:
        raw = tf.placeholder(tf.uint8, [SIZE, SIZE, 3])
        png = tf.image.encode_png(raw)
        for number in range(count):
            label = number % len(COLOURS)
            image = random.randint(0, 60, [SIZE, SIZE, 3])
            image[:, :, label] += 150
            feature = {
                "image/encoded": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[session.run(png, {raw: image.astype(np.uint8)})])
                ),
                "image/format": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"png"])),
                "image/class/label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def get_dataset(path, count):
    keys_to_features = {
        "image/encoded": tf.FixedLenFeature((), tf.string, default_value=""),
        "image/format": tf.FixedLenFeature((), tf.string, default_value="png"),
        "image/class/label": tf.FixedLenFeature([], tf.int64, default_value=tf.zeros([], dtype=tf.int64)),
    }
    items_to_handlers = {
        "image": slim.tfexample_decoder.Image(shape=[SIZE, SIZE, 3]),
        "label": slim.tfexample_decoder.Tensor("image/class/label", shape=[]),
    }
    return slim.dataset.Dataset(
        data_sources=path,
        reader=tf.TFRecordReader,
        decoder=slim.tfexample_decoder.TFExampleDecoder(keys_to_features, items_to_handlers),
        num_samples=count,
        items_to_descriptions={"image": "A picture.", "label": "Its colour."},
        num_classes=len(COLOURS),
        labels_to_names=dict(enumerate(COLOURS)),
    )


def load_batch(dataset, batch_size=8):
    provider = slim.dataset_data_provider.DatasetDataProvider(dataset, common_queue_capacity=32, common_queue_min=8)
    image, label = provider.get(["image", "label"])
    image = tf.image.convert_image_dtype(image, tf.float32)
    return tf.train.batch([image, label], batch_size=batch_size, num_threads=1, capacity=2 * batch_size)


def my_cnn(images, num_classes, is_training):
    with (
        slim.arg_scope([slim.max_pool2d], kernel_size=[3, 3], stride=2),
        slim.arg_scope(
            [slim.conv2d], normalizer_fn=slim.batch_norm, normalizer_params={"is_training": is_training, "decay": 0.8}
        ),
    ):
        net = slim.conv2d(images, 16, [5, 5], scope="conv1")
        net = slim.max_pool2d(net, scope="pool1")
        net = slim.conv2d(net, 16, [3, 3], scope="conv2")
        net = slim.flatten(net)
        return slim.fully_connected(net, num_classes, activation_fn=None, scope="logits")


def train(path, folder, init_fn_of=None):
    with tf.Graph().as_default():
        dataset = get_dataset(path, 24)
        tf.set_random_seed(2)
        images, labels = load_batch(dataset)
        logits = my_cnn(images, dataset.num_classes, is_training=True)
        slim.losses.softmax_cross_entropy(logits, slim.one_hot_encoding(labels, dataset.num_classes))
        total_loss = slim.losses.get_total_loss()
        tf.summary.scalar("losses/Total_Loss", total_loss)
        train_op = slim.learning.create_train_op(total_loss, tf.train.AdamOptimizer(learning_rate=0.002))
        return slim.learning.train(
            train_op,
            logdir=folder,
            init_fn=init_fn_of and init_fn_of(),
            number_of_steps=FLAGS.steps,
            save_summaries_secs=1,
            log_every_n_steps=10,
        )


def evaluate(path, folder):
    with tf.Graph().as_default():
        dataset = get_dataset(path, 24)
        images, labels = load_batch(dataset)
        logits = my_cnn(images, dataset.num_classes, is_training=False)
        names_to_values, names_to_updates = slim.metrics.aggregate_metric_map(
            {"accuracy": slim.metrics.streaming_accuracy(tf.argmax(logits, 1), labels)}
        )
        (accuracy,) = slim.evaluation.evaluate_once(
            master="",
            checkpoint_path=tf.train.latest_checkpoint(folder),
            logdir=os.path.join(folder, "eval"),
            num_evals=3,
            eval_op=list(names_to_updates.values()),
            final_op=list(names_to_values.values()),
        )
        return float(accuracy)


def main(_):
    path = os.path.join(FLAGS.folder, "flowers.tfrecord")
    write_records(path, 24)
    first, second = os.path.join(FLAGS.folder, "first"), os.path.join(FLAGS.folder, "second")
    losses = [train(path, first)]

    def all_but_logits():
        variables = slim.get_variables_to_restore(exclude=["logits", "global_step"])
        variables = [one for one in variables if "Adam" not in one.op.name and "_power" not in one.op.name]
        return slim.assign_from_checkpoint_fn(tf.train.latest_checkpoint(first), variables)

    losses.append(train(path, second, all_but_logits))
    with tf.Graph().as_default(), slim.arg_scope(resnet_v1.resnet_arg_scope()):
        _, end_points = resnet_v1.resnet_v1_50(tf.zeros([1, 32, 32, 3]), num_classes=3, is_training=False)
        nets = len(slim.get_model_variables())
    print(
        dict(
            losses=[float(loss) for loss in losses],
            accuracy=evaluate(path, second),
            files=gfile.Exists(path),
            resnet_variables=nets,
            resnet_ends="predictions" in end_points,
        )
    )


if __name__ == "__main__":
    tf.app.run()
