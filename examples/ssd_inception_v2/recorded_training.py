"""Runs the API's own `object_detection.legacy.train` and writes down each step's loss with all its digits.

    python -m slimshim run [--engine tape] recorded_training.py --losses FILE --train_dir DIR ...

The API's program is as it is, with two differences that a comparison needs. The loop's log line rounds the loss
to four digits; here what the loop logs is taken before it is rounded. And no summaries are written, for which
a session would fetch a batch of its own, so that the steps after it would see other data.
"""

import json
import logging
import pathlib

import tensorflow.compat.v1 as tf
import tf_slim as slim
from absl import flags
from object_detection.legacy import train

flags.DEFINE_string("losses", None, "The JSON file for the losses: {step: loss}.", required=True)


class Losses(logging.Handler):
    """Keeps the step and the loss of each line that the training loop logs.

    Attributes:
      of_steps: {step: loss}.
    """

    def __init__(self):
        super().__init__()
        self.of_steps = {}

    def emit(self, record):
        if str(record.msg).startswith("global step %d: loss"):
            step, loss, _ = record.args
            self.of_steps[int(step)] = float(loss)


def main(argv):
    losses = Losses()
    logging.getLogger("tensorflow").addHandler(losses)
    of_slim = slim.learning.train
    slim.learning.train = lambda *args, **kwargs: of_slim(*args, **{**kwargs, "save_summaries_secs": 0})
    train.main(argv)
    pathlib.Path(flags.FLAGS.losses).write_text(json.dumps(losses.of_steps, indent=1) + "\n")


if __name__ == "__main__":
    tf.app.run(main)
