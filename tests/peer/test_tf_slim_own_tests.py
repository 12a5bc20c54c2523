"""tf_slim's own tests, from its wheel, run against this package under the name tf_slim.

Nothing of them is kept here: the wheel comes from PyPI when the test runs. What must not pass, and
why, stands in expected_differences.yaml beside this file; a listed test that passes is an error too,
so that the list stays true.
"""

import json
import os
import pathlib
import subprocess
import sys
import zipfile

import pytest
import tensorflow as tf
import yaml

pytestmark = pytest.mark.slow

HERE = pathlib.Path(__file__).parent
WHEEL = "tf-slim==1.1.0"
DIFFERENCES = yaml.safe_load((HERE / "expected_differences.yaml").read_text())
TF_ROW = "tf" + ".".join(tf.__version__.split(".")[:2])

FILES = """
data/dataset_data_provider data/parallel_reader data/prefetch_queue data/tfexample_decoder
evaluation
layers/initializers layers/layers layers/normalization layers/optimizers layers/regularizers
layers/rev_block_lib layers/sparse_ops layers/summaries layers/utils
learning
losses/loss_ops losses/metric_learning
metrics/classification metrics/histogram_ops metrics/metric_ops metrics/metric_ops_large
nets/alexnet nets/inception_v1 nets/inception_v2 nets/inception_v3 nets/overfeat nets/resnet_v1
nets/resnet_v2 nets/vgg
ops/arg_scope ops/framework_ops ops/variables
summaries training/evaluation training/training
""".split()


@pytest.fixture(scope="session")
def wheel_tests(tmp_path_factory):
    """A folder with the wheel's test files, under flat names, and nothing else of the wheel."""
    folder = tmp_path_factory.mktemp("peer")
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL],
        check=True,
        timeout=300,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(("_test.py", "data/test_utils.py")):
                flat = name.split("/", 1)[1].replace("/", "__")
                (folder / flat).write_bytes(archive.read(name))
    return folder


def _differences(file):
    """Returns {test: reason} of what is listed for the file with this TensorFlow."""
    listed = {}
    for entry in DIFFERENCES.get(file) or []:
        if entry.get("when", "any") in ("any", TF_ROW):
            listed.update({name: entry["reason"] for name in entry["tests"]})
    return listed


def test_the_list_covers_every_file_of_the_wheel(wheel_tests):
    found = {p.name[: -len("_test.py")].replace("__", "/") for p in wheel_tests.glob("*_test.py")}
    assert found == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_tf_slims_own_tests_pass(file, wheel_tests, tmp_path, record_property):
    listed = _differences(file)
    if "*" in listed:
        pytest.skip(listed["*"])
    tally_file = tmp_path / "tally.json"
    environment = dict(os.environ, PEER_EXPECTED=json.dumps(listed), PEER_TALLY=str(tally_file))
    environment["PEER_HELPER"] = str(wheel_tests / "data__test_utils.py")
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    path = wheel_tests / (file.replace("/", "__") + "_test.py")
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "plugin", "-p", "no:cacheprovider"]
    command += ["-W", "ignore", "--rootdir", str(tmp_path), str(path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=3000)
    assert tally_file.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    tally = json.loads(tally_file.read_text())
    counts = {kind: len(names) for kind, names in tally.items()}
    record_property("tally", counts)
    print(file, counts)
    assert not tally["failed"], f"{tally['failed']}\n{done.stdout[-6000:]}"
    assert not tally["no_longer_failing"], f"pass now, take them off the list: {tally['no_longer_failing']}"
    assert tally["passed"], done.stdout[-3000:]
