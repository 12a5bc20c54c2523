"""Verdicts on names, and what is made of them."""

import textwrap

import pytest

from slimshim import doctor, legacy
from slimshim.doctor import text
from slimshim.doctor.report import as_data


def _examine(folder, code, name="train.py"):
    (folder / name).write_text(textwrap.dedent(code))
    return doctor.examine(folder)


NAMES = {
    "import tf_slim as slim; slim.conv2d": ("tf_slim.conv2d", "slim", "yes", "import"),
    "import tf_slim as slim; slim.conv2d.__name__": ("tf_slim.conv2d", "slim", "yes", "import"),
    "import tf_slim as slim; slim.conv2e": ("tf_slim.conv2e", "slim", "missing", None),
    "from tensorflow.contrib.slim.nets import resnet_v1; resnet_v1.resnet_v1_50": (
        "tensorflow.contrib.slim.nets.resnet_v1.resnet_v1_50",
        "slim",
        "yes",
        "import",
    ),
    "from tensorflow.contrib.slim.python.slim.data import parallel_reader as p; p.parallel_read": (
        "tensorflow.contrib.slim.python.slim.data.parallel_reader.parallel_read",
        "slim",
        "yes",
        "import",
    ),
    "from tensorflow.contrib import slim; slim.deprecated": (
        "tensorflow.contrib.slim.deprecated",
        "slim",
        "yes",
        "install",
    ),
    "import tensorflow as tf; tf.contrib.layers.l2_regularizer(1.)": (
        "tensorflow.contrib.layers.l2_regularizer",
        "contrib",
        "yes",
        "install",
    ),
    "import tensorflow.compat.v1 as tf; tf.contrib.training.HParams(a=1)": (
        "tensorflow.contrib.training.HParams",
        "contrib",
        "yes",
        "install",
    ),
    "import tensorflow as tf; tf.contrib.quantize.create_training_graph()": (
        "tensorflow.contrib.quantize.create_training_graph",
        "contrib",
        "raises",
        "install",
    ),
    "from tensorflow.contrib.image.python.ops import image_ops; image_ops.bipartite_match": (
        "tensorflow.contrib.image.python.ops.image_ops.bipartite_match",
        "contrib",
        "yes",
        "install",
    ),
    "import tensorflow.contrib.image.python.ops.image_ops as i; i.rotate": (
        "tensorflow.contrib.image.python.ops.image_ops.rotate",
        "contrib",
        "yes",
        "install",
    ),
    "from tensorflow.contrib.quantize.python import graph_matcher as g; g.GraphMatcher": (
        "tensorflow.contrib.quantize.python.graph_matcher.GraphMatcher",
        "contrib",
        "raises",
        "install",
    ),
    "import tensorflow as tf; tf.placeholder": ("tensorflow.placeholder", "tf1", "yes", "run"),
    "import tensorflow as tf; tf.app.flags.FLAGS.rate": ("tensorflow.app.flags.FLAGS", "tf1", "yes", "run"),
    "import tensorflow as tf; tf.GraphKeys.LOSSES": ("tensorflow.GraphKeys", "tf1", "yes", "run"),
    "import tensorflow as tf; tf.GraphKeys.LOSSED": ("tensorflow.GraphKeys.LOSSED", "tf1", "missing", None),
    "import tensorflow as tf; tf.sub": ("tensorflow.sub", "tf1", "missing", None),
    "from tensorflow.python.ops import control_flow_ops as c; c.no_such": (
        "tensorflow.python.ops.control_flow_ops.no_such",
        "private",
        "missing",
        None,
    ),
    "from tensorflow.python.framework import ops; ops.Tensor": (
        "tensorflow.python.framework.ops.Tensor",
        "private",
        "yes",
        None,
    ),
    "import tf_slim as slim; getattr(slim, x)": ("tf_slim.?", "slim", "unknown", None),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """Every line of `NAMES` in a file of its own, examined together."""
    folder = tmp_path_factory.mktemp("names")
    for number, code in enumerate(NAMES):
        (folder / f"{number}.py").write_text(code)
    report = doctor.examine(folder)
    return {int(file.path.stem): file.findings[-1].verdict for file in report.files}


@pytest.mark.parametrize("code", NAMES)
def test_a_name_gets_its_verdict(verdicts, code):
    found = verdicts[list(NAMES).index(code)]
    symbol, kind, status, way = NAMES[code]
    assert (found.symbol, found.kind, found.status) == (symbol, kind, status)
    if symbol != "tensorflow.python.framework.ops.Tensor":  # Some TensorFlows have it, to others install() gives it.
        assert found.way == way


def test_what_raises_names_its_replacement_and_what_is_missing_its_neighbours(verdicts):
    notes = {verdict.symbol: verdict.note or "" for verdict in verdicts.values()}
    assert "tensorflow_model_optimization" in notes["tensorflow.contrib.quantize.create_training_graph"]
    assert "conv2d" in notes["tf_slim.conv2e"]


def test_what_stock_tensorflow_has_is_not_reported(tmp_path):
    report = _examine(
        tmp_path,
        """
        import numpy as np
        import tensorflow as tf
        import tensorflow.compat.v1 as tf1
        tf.nn.relu, tf.keras.layers.Dense, tf1.Session, np.float32, tf.data.Dataset.from_tensors
        """,
    )
    assert report.findings == [] and report.way is None
    assert "Nothing here needs a way in." in text.summary(report, "slimshim")


def test_names_that_left_numpy_are_told_with_how_they_come_back(tmp_path):
    report = _examine(tmp_path, "import tf_slim, numpy as np\nx = np.int(3)\n")
    verdict = report.findings[-1].verdict
    assert (verdict.symbol, verdict.kind, verdict.status) == ("numpy.int", "numpy", "yes")
    assert "slimshim.install(numpy_aliases=True)" in text.summary(report, "slimshim")


@pytest.mark.parametrize(
    ("code", "way", "words"),
    [
        ("import tf_slim as slim\nslim.conv2d", "import", "import slimshim as slim"),
        ("import tf_slim as slim\nfrom tensorflow.contrib import layers", "install", "slimshim.install()"),
        (
            "import tensorflow as tf\nslim = tf.contrib.slim\nx = tf.placeholder\nif __name__ == '__main__': pass",
            "run",
            "python -m slimshim run train.py",
        ),
    ],
)
def test_the_way_that_fits_is_the_smallest_that_gives_all(tmp_path, code, way, words):
    report = _examine(tmp_path, code)
    assert report.way == way
    assert words in text.summary(report, "slimshim")


def test_an_alias_is_reported_where_it_is_made_and_not_again_for_the_same_thing(tmp_path):
    report = _examine(
        tmp_path,
        """
        import tensorflow as tf
        FLAGS = tf.app.flags.FLAGS
        print(FLAGS.rate, FLAGS.steps)
        """,
    )
    assert [finding.use.line for finding in report.findings] == [3]


def test_the_text_names_files_lines_troubles_and_skipped_files(tmp_path):
    (tmp_path / "old.py").write_text("print 'x'")
    report = _examine(
        tmp_path,
        """
        import tf_slim as slim
        slim.conv2d
        slim.conv2d
        slim.no_such_layer
        """,
    )
    details, summary = text.details(report), text.summary(report, "slimshim")
    assert "train.py" in details and "line 3, 4" in details
    assert "train.py:5" in summary and "tf_slim.no_such_layer" in summary
    assert "old.py" in summary and "Python 2" in summary


def test_a_notebooks_lines_are_told_by_cell(tmp_path):
    import json

    cells = [{"cell_type": "code", "source": "x = 1\n"}, {"cell_type": "code", "source": "\nimport tf_slim\n"}]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    assert "cell 2:2" in text.details(doctor.examine(tmp_path))


def test_a_notebooks_cell_that_was_skipped_is_told(tmp_path):
    import json

    cells = [{"cell_type": "code", "source": source} for source in ("x = (", "import tf_slim\n")]
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": cells}))
    report = doctor.examine(tmp_path)
    assert len(report.findings) == 1
    summary = text.summary(report, "slimshim")
    assert "a.ipynb: cell 1 is not this Python's syntax, line 1" in summary
    assert "1 file read" in summary and "0 skipped, 1 notebook cell skipped" in summary
    (data,) = as_data(report, "", "", "")["skipped"]
    assert (data["path"], data["cell"]) == ("a.ipynb", 1)


def test_the_process_is_left_as_it_was(tmp_path):
    import sys

    before = list(sys.meta_path), "tf_slim" in sys.modules
    _examine(tmp_path, "import tf_slim\nfrom tensorflow.contrib import layers\n")
    assert (list(sys.meta_path), "tf_slim" in sys.modules) == before
    assert not legacy.is_installed()
