"""`Dataset`: where the data lies, how to read it, how to decode it, how much there is."""

from __future__ import annotations


class Dataset:
    """A dataset's description, which `DatasetDataProvider` reads from.

    It reads nothing itself. Every argument becomes an attribute of the same name.

    Args:
      data_sources: a file name, a pattern such as `/data/train*`, or a list of either.
      reader: what reads the files: one of TF1's reader classes (`tf.compat.v1.TFRecordReader`,
        `TextLineReader`, `FixedLengthRecordReader`, `WholeFileReader`, `IdentityReader`), or a
        `tf.data.Dataset` class that is made from a file name, such as `tf.data.TFRecordDataset`.
      decoder: a `data_decoder.DataDecoder`.
      num_samples: how many samples one epoch holds, or None where nobody counted.
      items_to_descriptions: item name -> what the item is, in words; or None.
      **kwargs: anything else that belongs to the dataset (`num_classes`, `labels_to_names`, ...).

    Source: `tf.contrib.slim.dataset.Dataset` of TF 1.15.
    """

    def __init__(self, data_sources, reader, decoder, num_samples, items_to_descriptions, **kwargs):
        self.data_sources = data_sources
        self.reader = reader
        self.decoder = decoder
        self.num_samples = num_samples
        self.items_to_descriptions = items_to_descriptions
        for name, value in kwargs.items():
            setattr(self, name, value)
