"""The one-line edit: what it changes, what it leaves, and how it is written."""

import os
import stat
import sys
import types

import pytest

from slimshim import doctor
from slimshim.doctor import swap

pytest.importorskip("libcst")

SWAPS = {
    "import tf_slim as slim\n": "import slimshim as slim\n",
    "import tf_slim\n": "import slimshim as tf_slim\n",
    "import os, tf_slim as slim  # both\n": "import os, slimshim as slim  # both\n",
    "from tf_slim.nets import vgg as v\n": "from slimshim.nets import vgg as v\n",
    "from tensorflow.contrib import slim\n": "import slimshim as slim\n",
    "from tensorflow.contrib import slim as s, layers\n": (
        "from tensorflow.contrib import layers\nimport slimshim as s\n"
    ),
    "from tensorflow.contrib.slim.nets import resnet_v1\n": "from slimshim.nets import resnet_v1\n",
    "from tensorflow.contrib.slim.python.slim.nets import vgg\n": "from slimshim.nets import vgg\n",
    "import tensorflow.contrib.slim as slim\n": "import slimshim as slim\n",
    "import tensorflow as tf\nslim = tf.contrib.slim  # old\n": (
        "import tensorflow as tf\nimport slimshim as slim  # old\n"
    ),
    "import tensorflow as tf\nvgg = tf.contrib.slim.nets.vgg\n": (
        "import tensorflow as tf\nfrom slimshim.nets import vgg\n"
    ),
    "try:\n\timport tf_slim as slim\nexcept ImportError:\n\tslim = None\n": (
        "try:\n\timport slimshim as slim\nexcept ImportError:\n\tslim = None\n"
    ),
    "def f():\n  from tensorflow.contrib import slim\n  return slim.conv2d\n": (
        "def f():\n  import slimshim as slim\n  return slim.conv2d\n"
    ),
    "from tensorflow.contrib.slim.nets import vgg\nimage_size = vgg.vgg_16.default_image_size\n": (
        "from slimshim.nets import vgg\nimage_size = vgg.vgg_16.default_image_size\n"
    ),
    "import tf_slim as slim\nDataset = slim.dataset.Dataset\n": (
        "import slimshim as slim\nDataset = slim.dataset.Dataset\n"
    ),
    "from tensorflow.contrib import slim\ndecoder = slim.tfexample_decoder\nTensor = decoder.Tensor\n": (
        "import slimshim as slim\ndecoder = slim.tfexample_decoder\nTensor = decoder.Tensor\n"
    ),
    "import tensorflow as tf\nslim = tf.contrib.slim\nDataset = slim.dataset.Dataset\n": (
        "import tensorflow as tf\nimport slimshim as slim\nDataset = slim.dataset.Dataset\n"
    ),
    "import tensorflow as tf\ndataset = tf.contrib.slim.dataset\nDataset = dataset.Dataset\n": (
        "import tensorflow as tf\nfrom slimshim import dataset\nDataset = dataset.Dataset\n"
    ),
    "import tensorflow as tf\nconv = tf.contrib.slim.conv2d\n": (
        "import tensorflow as tf\nfrom slimshim import conv2d as conv\n"
    ),
}


def _plan(folder, content, way="import", name="train.py"):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return swap.plan(doctor.examine(folder), way)


@pytest.mark.parametrize("before", SWAPS)
def test_each_form_of_import_becomes_the_same_import_of_this_package(tmp_path, before):
    (edit,), left = _plan(tmp_path, before)
    assert edit.after.decode() == SWAPS[before] and left == {}


@pytest.mark.parametrize("after", SWAPS.values())
def test_what_the_swap_writes_runs(after, monkeypatch):
    if "tensorflow.contrib" in after:  # What is left of it there is not slim's.
        monkeypatch.setitem(sys.modules, "tensorflow.contrib", types.SimpleNamespace(layers=None))
    names = {}
    exec(after, names)
    if "f" in names:
        names["f"]()


@pytest.mark.parametrize(
    "before", ["from tensorflow.contrib.slim.dataset import Dataset\n", "import tensorflow.contrib.slim.dataset as d\n"]
)
def test_an_import_of_a_path_that_is_no_module_here_is_left_and_named(tmp_path, before):
    edits, left = _plan(tmp_path, before)
    assert edits == [] and "tensorflow.contrib.slim.dataset" in left[tmp_path / "train.py"]


def test_line_ends_encoding_and_layout_stay(tmp_path):
    before = "# -*- coding: latin-1 -*-\r\nimport tf_slim  as  slim\r\nx  = 'Grün'   # odd\r\n".encode("latin-1")
    (edit,), _ = _plan(tmp_path, before)
    changed = [(a, b) for a, b in zip(before.split(b"\r\n"), edit.after.split(b"\r\n")) if a != b]
    assert [a for a, _ in changed] == [b"import tf_slim  as  slim"]
    assert len(edit.after.split(b"\r\n")) == 4


def test_what_runs_before_runs_after(tmp_path):
    (edit,), _ = _plan(tmp_path, "import tf_slim as slim\nkey = slim.arg_scope_func_key(slim.conv2d)\n")
    names = {}
    exec(edit.after, names)
    assert names["key"].endswith("conv2d") or "conv" in names["key"]


def test_a_file_that_needs_more_than_the_import_is_left_and_named(tmp_path):
    edits, left = _plan(tmp_path, "from tensorflow.contrib import slim\nslim.deprecated\n")
    assert edits == [] and "tensorflow.contrib.slim.deprecated" in left[tmp_path / "train.py"]


def test_slim_named_in_place_is_left_and_named(tmp_path):
    edits, left = _plan(tmp_path, "import tensorflow as tf\ntf.contrib.slim.conv2d\n")
    assert edits == [] and "tf.contrib.slim.conv2d" in left[tmp_path / "train.py"]


@pytest.mark.parametrize(
    "value",
    [
        "tf.contrib.slim.nets.vgg.vgg_16.default_image_size",
        "tf.contrib.slim.dataset.Dataset",
        "tf.contrib.slim.utils.last_dimension",
        "tf.contrib.slim.flatten(x).shape",
    ],
)
def test_an_assignment_of_what_no_import_can_name_is_left_and_named(tmp_path, value):
    edits, left = _plan(tmp_path, f"import tensorflow as tf\nx = None\ny = {value}\n")
    assert edits == [] and value.partition("(")[0] in left[tmp_path / "train.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            '"""Doc."""\nfrom __future__ import division\n\nimport tf_slim\nif __name__ == "__main__":\n    pass\n',
            '"""Doc."""\nfrom __future__ import division\n\nimport slimshim\nslimshim.install()\n\n'
            'import tf_slim\nif __name__ == "__main__":\n    pass\n',
        ),
        (
            '# A comment.\nimport tf_slim\nif __name__ == "__main__":\n    pass\n',
            '# A comment.\nimport slimshim\nslimshim.install()\n\nimport tf_slim\nif __name__ == "__main__":\n    pass\n',
        ),
    ],
)
def test_a_program_installs_before_its_own_imports(tmp_path, before, after):
    (edit,), left = _plan(tmp_path, before, way="install")
    assert edit.after.decode() == after and left == {}
    (tmp_path / "train.py").write_bytes(edit.after)
    assert swap.plan(doctor.examine(tmp_path), "install") == ([], {}), "a second time changes nothing"


def test_a_notebook_is_named_and_left(tmp_path):
    import json

    text = json.dumps({"cells": [{"cell_type": "code", "source": "import tf_slim"}]})
    edits, left = _plan(tmp_path, text, name="a.ipynb")
    assert edits == [] and "notebook" in left[tmp_path / "a.ipynb"]


def test_the_diff_shows_the_change(tmp_path):
    (edit,), _ = _plan(tmp_path, "import tf_slim as slim\n")
    assert edit.diff("train.py").splitlines()[2:] == [
        "@@ -1 +1 @@",
        "-import tf_slim as slim",
        "+import slimshim as slim",
    ]


def test_writing_keeps_the_mode_and_leaves_no_draft(tmp_path):
    (edit,), _ = _plan(tmp_path, "import tf_slim as slim\n")
    os.chmod(edit.path, 0o755)
    edit.write()
    assert edit.path.read_text() == "import slimshim as slim\n"
    assert stat.S_IMODE(edit.path.stat().st_mode) == 0o755
    assert os.listdir(tmp_path) == ["train.py"]


def test_a_file_that_changed_meanwhile_and_a_link_are_not_written(tmp_path):
    (edit,), _ = _plan(tmp_path, "import tf_slim as slim\n")
    edit.path.write_text("import tf_slim as other\n")
    with pytest.raises(OSError, match="changed since"):
        edit.write()
    link = tmp_path / "link.py"
    link.symlink_to(edit.path)
    with pytest.raises(OSError, match="link"):
        swap.Edit(link, b"", b"").write()


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    (edit,), _ = _plan(tmp_path, "import tf_slim as slim\n")

    def full_disk(*unused):
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match="no space"):
        edit.write()
    assert edit.path.read_text() == "import tf_slim as slim\n" and os.listdir(tmp_path) == ["train.py"]
