"""Programs of 2018 and 2019 from PyPI, as they are there, under `run`: facenet, and the Object Detection API.

They are downloaded when the test runs, with the libraries of their time that the test's own environment is too new
for: SciPy 1.13 still has `scipy.misc`, and Pillow 9 still has `ImageFont.getsize`. Nothing of them is edited.
"""

import json
import os
import pathlib
import re
import string
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import tensorflow as tf

import slimshim

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(slimshim.__file__).parents[slimshim.__name__.count(".") + 1]
TESTS = pathlib.Path(__file__).parents[1]
GOLDEN = TESTS / "golden" / "ssd_inception_v2.json"
CONFIG = TESTS.parent / "examples" / "ssd_inception_v2" / "pipeline.config.template"
PACKAGES = (
    "facenet==1.0.5",
    "object_detection_core==0.1",
    "scipy==1.13.1",
    "pillow==9.5.0",
    "pycocotools==2.0.11",
    "matplotlib",
    "contourpy",
    "cycler",
    "fonttools",
    "kiwisolver",
    "pyparsing",
    "python-dateutil",
    "six",
    "scikit-learn",
    "joblib",
    "threadpoolctl",
    "narwhals",
)
# object_detection_core has no research/slim, which it wants beside itself on the path (nets, deployment).
RESEARCH = "tf-models-research-object-detection==2.8.0.post1"


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """A folder with the programs, installed in `site-packages`, and research/slim in `slim`.

    `SLIMSHIM_FOREIGN_PROGRAMS` names one to use again.
    """
    if os.environ.get("SLIMSHIM_FOREIGN_PROGRAMS"):
        return pathlib.Path(os.environ["SLIMSHIM_FOREIGN_PROGRAMS"])
    folder = tmp_path_factory.mktemp("programs")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    for words in (
        ["install", "--no-deps", "--target", folder / "site-packages", *PACKAGES],
        ["download", "--no-deps", "--no-binary", RESEARCH.partition("==")[0], "--dest", folder, RESEARCH],
    ):
        subprocess.run([*pip, *map(str, words)], check=True, timeout=900)
    _unpack_slim(next(folder.glob("*.tar.gz")), folder / "slim")
    return folder


def _unpack_slim(archive, folder):
    """Writes the files of research/slim that the archive holds below `folder`."""
    with tarfile.open(archive) as files:
        for member in files.getmembers():
            parts = pathlib.PurePosixPath(member.name).parts
            if member.isfile() and parts[1:2] == ("slim",) and parts[-1].endswith(".py"):
                path = folder.joinpath(*parts[2:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(files.extractfile(member).read())


@pytest.fixture(scope="module")
def run(programs):
    """A function that runs a program, options and all, and returns what it wrote."""
    places = [str(programs / "site-packages"), str(programs / "slim"), str(ROOT)]

    def call(*words, fails=False):
        done = subprocess.run(
            [sys.executable, "-m", "slimshim", "run", "--cpu", *map(str, words)],
            capture_output=True,
            text=True,
            timeout=1200,
            cwd=programs,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(places)),
        )
        assert (done.returncode != 0) is fails, done.stdout[-2000:] + done.stderr[-6000:]
        return done.stdout + done.stderr

    return call


def _picture(random, kind, size):
    """Returns a picture with a bright square, in the colour of its kind; and the square, as four sides."""
    image = random.randint(0, 60, [size, size, 3]).astype(np.uint8)
    top, left = random.randint(0, size // 2, 2)
    side = size // 3 + random.randint(0, size // 8)
    image[top : top + side, left : left + side, kind % 3] = 230 - 20 * kind
    return image, (top, left, top + side, left + side)


# ---------------------------------------------------------------------------------------------------- facenet


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """A folder as facenet wants it: four people with three pictures of 160 x 160 pixels each."""
    folder = tmp_path_factory.mktemp("faces")
    random = np.random.RandomState(1)
    for person in range(4):
        name = f"person{person}"
        (folder / "people" / name).mkdir(parents=True)
        for number in range(1, 4):
            image, _ = _picture(random, person, 160)
            path = folder / "people" / name / f"{name}_{number:04d}.png"
            path.write_bytes(tf.io.encode_png(image).numpy())
    return folder


def _facenet(programs, name):
    return programs / "site-packages" / "facenet" / "src" / name


def _losses(text):
    return [float(found) for found in re.findall(r"\tLoss (\S+)", text)]


@pytest.fixture(scope="module")
def trained_faces(programs, run, faces):
    """The folder of what train_tripletloss.py trained, and what it wrote to its output."""
    text = run(
        _facenet(programs, "train_tripletloss.py"),
        *("--logs_base_dir", faces / "logs", "--models_base_dir", faces / "models", "--data_dir", faces / "people"),
        *("--model_def", "models.inception_resnet_v1", "--image_size", 160, "--optimizer", "RMSPROP"),
        *("--batch_size", 9, "--people_per_batch", 3, "--images_per_person", 3, "--epoch_size", 1),
        *("--max_nrof_epochs", 1, "--learning_rate", 0.01, "--weight_decay", 1e-4),
    )
    (model,) = (faces / "models").iterdir()
    return model, text


def test_facenets_triplet_loss_trains_to_its_end(trained_faces):
    model, text = trained_faces
    losses = _losses(text)
    print(f"losses: {losses}")
    assert losses and np.all(np.isfinite(losses))
    names = dict(tf.train.list_variables(tf.train.latest_checkpoint(str(model))))
    assert names["InceptionResnetV1/Conv2d_1a_3x3/weights"] == [3, 3, 3, 32]
    assert names["InceptionResnetV1/Bottleneck/weights"] == [1792, 128]
    assert len(names) == 490
    assert list(model.glob("*.meta"))


def test_facenets_freeze_graph_makes_one_file_of_what_was_trained(programs, run, faces, trained_faces):
    frozen = faces / "frozen.pb"
    text = run(_facenet(programs, "freeze_graph.py"), trained_faces[0], frozen)
    assert "ops in the final graph" in text
    definition = tf.compat.v1.GraphDef.FromString(frozen.read_bytes())
    images = tf.constant(np.random.RandomState(0).rand(2, 160, 160, 3), tf.float32)
    with tf.Graph().as_default():
        found = tf.import_graph_def(
            definition,
            input_map={"input:0": images.numpy(), "phase_train:0": tf.constant(False)},
            return_elements=["embeddings:0"],
        )
        with tf.compat.v1.Session() as session:
            (embeddings,) = session.run(found)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1.0, atol=1e-5)


def test_facenets_softmax_trains_as_far_as_its_python_2_line(programs, run, faces):
    text = run(
        _facenet(programs, "train_softmax.py"),
        *("--logs_base_dir", faces / "logs2", "--models_base_dir", faces / "models2", "--data_dir", faces / "people"),
        *("--model_def", "models.inception_resnet_v1", "--image_size", 160, "--optimizer", "ADAM"),
        *("--batch_size", 4, "--epoch_size", 2, "--max_nrof_epochs", 1, "--learning_rate", 0.01),
        *("--weight_decay", 1e-4, "--center_loss_factor", 1e-3, "--keep_probability", 0.8),
        fails=True,
    )
    losses = _losses(text)
    print(f"losses: {losses}")
    assert len(losses) == 2 and np.all(np.isfinite(losses))
    # Its own line, which Python 3 has no word for.
    own = r"in stat\.iteritems\(\):\n(?:[ ^~]*\n)?AttributeError: 'dict' object has no attribute 'iteritems'"
    assert re.search(own, text), text[-2000:]
    (model,) = (faces / "models2").iterdir()
    names = dict(tf.train.list_variables(tf.train.latest_checkpoint(str(model))))
    assert names["Logits/weights"] == [128, 4]


# ---------------------------------------------------------------------------- the Object Detection API of 2019


def _example(image, box, label, name):
    size = image.shape[0]

    def texts(*values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[bytes(value) for value in values]))

    def integers(*values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    features = {
        "image/encoded": texts(tf.io.encode_png(image).numpy()),
        "image/format": texts(b"png"),
        "image/filename": texts(name.encode()),
        "image/source_id": texts(name.encode()),
        "image/height": integers(size),
        "image/width": integers(size),
        "image/object/class/label": integers(label),
        "image/object/class/text": texts(str(label).encode()),
    }
    for side, place in zip(("ymin", "xmin", "ymax", "xmax"), box):
        value = tf.train.FloatList(value=[float(place) / size])
        features[f"image/object/bbox/{side}"] = tf.train.Feature(float_list=value)
    return tf.train.Example(features=tf.train.Features(feature=features))


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    """A folder with records of squares, a label map, and a pipeline config for each kind of network."""
    folder = tmp_path_factory.mktemp("squares")
    random = np.random.RandomState(2)
    with tf.io.TFRecordWriter(str(folder / "squares.tfrecord")) as writer:
        for number in range(8):
            image, box = _picture(random, number % 3, 128)
            writer.write(_example(image, box, number % 3 + 1, f"square{number}").SerializeToString())
    (folder / "labels.pbtxt").write_text("".join(f'item {{ id: {n} name: "{n}" }}\n' for n in range(1, 11)))
    text = string.Template(CONFIG.read_text()).substitute(
        image_size=128,
        steps=3,
        warmup_steps=1,
        held_out_canvases=8,
        train_records=(folder / "squares.tfrecord").as_posix(),
        held_out_records=(folder / "squares.tfrecord").as_posix(),
        label_map=(folder / "labels.pbtxt").as_posix(),
    )
    text = text.replace("batch_size: 16", "batch_size: 4")
    for kind in ("inception_v2", "mobilenet_v1"):
        (folder / f"{kind}.config").write_text(text.replace("ssd_inception_v2", f"ssd_{kind}"))
    return folder


@pytest.fixture(scope="module", params=["inception_v2", "mobilenet_v1"])
def detector(request, run, squares):
    """Kind of the network, its folder, and what the API's own trainer wrote."""
    kind = request.param
    text = run(
        *("-m", "object_detection.legacy.train", "--logtostderr"),
        *("--train_dir", squares / kind, "--pipeline_config_path", squares / f"{kind}.config"),
    )
    return kind, squares / kind, text


def test_the_detection_apis_trainer_trains_an_ssd(detector):
    kind, folder, text = detector
    steps = dict(re.findall(r"global step (\d+): loss = (\S+)", text))
    print(f"{kind}: {steps}")
    assert set(steps) == {"1", "2", "3"} and np.all(np.isfinite([float(loss) for loss in steps.values()]))
    checkpoint = tf.train.latest_checkpoint(str(folder))
    assert checkpoint.endswith("model.ckpt-3")
    names = dict(tf.train.list_variables(checkpoint))
    assert names["BoxPredictor_0/BoxEncodingPredictor/weights"][-1] == 16
    if kind == "mobilenet_v1":
        assert names["FeatureExtractor/MobilenetV1/Conv2d_0/weights"] == [3, 3, 3, 16]
    else:
        golden = json.loads(GOLDEN.read_text())["variables"]
        own = {name for name in names if "Adam" not in name and not name.endswith("_power")} - {"global_step"}
        assert len(own) == 410
        assert set(map(_without_depth, own)) == {_without_depth(one["name"]) for one in golden}


def _without_depth(name):
    """Returns the variable's name without the depth of an extra layer, which is half of the golden's here."""
    return re.sub(r"_\d+/", "/", name)


def test_the_detection_apis_evaluation_measures_precision(detector, run, squares):
    kind, folder, _ = detector
    text = run(
        *("-m", "object_detection.legacy.eval", "--logtostderr", "--run_once"),
        *("--checkpoint_dir", folder, "--eval_dir", squares / f"{kind}_eval"),
        *("--pipeline_config_path", squares / f"{kind}.config"),
    )
    found = re.search(r"Average Precision  \(AP\) @\[ IoU=0.50:0.95 \| area=   all.*= (\S+)", text)
    assert found and -1 <= float(found.group(1)) <= 1
    assert list((squares / f"{kind}_eval").glob("events*"))


def test_the_detection_apis_exporter_writes_a_detector_that_runs(detector, run, squares):
    kind, folder, _ = detector
    exported = squares / f"{kind}_export"
    run(
        *("-m", "object_detection.export_inference_graph", "--input_type", "image_tensor"),
        *("--pipeline_config_path", squares / f"{kind}.config"),
        *("--trained_checkpoint_prefix", folder / "model.ckpt-3", "--output_directory", exported),
    )
    definition = tf.compat.v1.GraphDef.FromString((exported / "frozen_inference_graph.pb").read_bytes())
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.import_graph_def(definition, name="")
        wanted = ["detection_boxes:0", "detection_scores:0"]
        boxes, scores = session.run(wanted, {"image_tensor:0": np.zeros([1, 128, 128, 3], np.uint8)})
    assert boxes.shape == (1, 20, 4) and scores.shape == (1, 20) and np.all(np.isfinite(boxes))
    assert (exported / "saved_model" / "saved_model.pb").exists()
