"""Programs that we did not write, from PyPI: what the doctor calls supported is there when a program asks.

The names are asked for by a program under `python -m slimshim run`, with the import statements and attributes
of the project's own text: not by the doctor's way of looking.
"""

import json
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

import pytest

from slimshim import doctor

# project -> names that it is known to use, and what the doctor must say of them
PROJECTS = {
    "tf-models-research-object-detection==2.8.0.post1": {
        "tf_slim.conv2d": "yes",
        "tf_slim.tfexample_decoder.BoundingBox": "yes",
        "tensorflow.contrib.opt.MovingAverageOptimizer": "yes",
        "tensorflow.contrib.quantize.create_training_graph": "raises",
    },
    "facenet==1.0.5": {
        "tensorflow.contrib.slim.conv2d": "yes",
        "tensorflow.placeholder": "yes",
        "tensorflow.python.ops.control_flow_ops": "yes",
        "tensorflow.sub": "missing",
    },
    "object_detection_core==0.1": {
        "tensorflow.contrib.slim.tfexample_decoder": "yes",
        "tensorflow.contrib.training.HParams": "yes",
        "tensorflow.contrib.quantize.experimental_create_eval_graph": "raises",
    },
}

PROGRAM = """
import json, sys

def ask(imported, symbol):
    parent, _, last = imported.rpartition(".")
    names = {}
    exec(f"from {parent} import {last} as found" if parent else f"import {imported} as found", names)
    found = names["found"]
    for part in filter(None, symbol[len(imported) :].split(".")):
        found = getattr(found, part)
    return found

failed = []
asked = json.load(open(sys.argv[1]))
for imported, symbol in asked:
    try:
        if "raises on use" in repr(ask(imported, symbol)):
            failed.append((symbol, "only imports"))
    except Exception as error:
        failed.append((symbol, repr(error)))
print(json.dumps({"asked": len(asked), "failed": failed}))
"""


def _download(project, folder):
    """Returns the folder with the project's files, as PyPI has them."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, project]
    subprocess.run(list(map(str, command)), check=True, timeout=600)
    (archive,) = pathlib.Path(folder).glob("*.*")
    target = pathlib.Path(folder) / "content"
    if archive.suffix == ".whl":
        zipfile.ZipFile(archive).extractall(target)
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(target)
    return target


@pytest.mark.slow
@pytest.mark.parametrize("project", PROJECTS)
def test_what_is_called_supported_is_there(project, tmp_path):
    report = doctor.examine(_download(project, tmp_path))
    statuses = {finding.verdict.symbol: finding.verdict.status for finding in report.findings}
    assert {name: statuses.get(name) for name in PROJECTS[project]} == PROJECTS[project]
    assert not report.skipped

    supported = set()
    for finding in report.findings:
        symbol, imported = finding.verdict.symbol, finding.use.imported
        imported = imported.replace("tensorflow.compat.v1.contrib", "tensorflow.contrib")
        if finding.verdict.status == "yes":
            supported.add((imported if f"{symbol}.".startswith(f"{imported}.") else symbol, symbol))
    assert len(supported) > 60
    (tmp_path / "ask.py").write_text(PROGRAM)
    (tmp_path / "names.json").write_text(json.dumps(sorted(supported)))
    command = [sys.executable, "-m", "slimshim", "run", "ask.py", "names.json"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer == {"asked": len(supported), "failed": []}


IMPORT_ALL = """
import importlib, json, sys

failed = {}
names = json.load(open(sys.argv.pop()))
for name in names:
    try:
        importlib.import_module(name)
    except BaseException as error:
        failed[name] = [type(error).__name__, str(error)]
print(json.dumps({"asked": len(names), "failed": failed}))
"""

# Why a module of the Object Detection API may fail all the same: it needs a package that is not installed, or it
# is a program that defines the same flags as another, or wants to be the first.
NOT_TENSORFLOWS_NAMES = ("ModuleNotFoundError", "DuplicateFlagError", "SystemExit")


def _is_about_tensorflow(kind, words):
    if kind in NOT_TENSORFLOWS_NAMES:
        return re.search(r"\b(tensorflow|tf_slim|slimshim)\b", words) is not None
    return not ("'beam'" in words or "program startup" in words)


@pytest.mark.slow
def test_every_module_that_the_doctor_finds_well_imports(demo_python, tmp_path):
    code = "import importlib.util as u; print(u.find_spec('object_detection').submodule_search_locations[0])"
    run = {"capture_output": True, "text": True, "cwd": tmp_path, "timeout": 900}
    root = pathlib.Path(subprocess.run([demo_python, "-c", code], check=True, **run).stdout.strip())
    done = subprocess.run([demo_python, "-m", "slimshim", "doctor", root, "--json"], **run)
    assert done.returncode == 1, done.stderr[-3000:]
    found = json.loads(done.stdout)
    bad = {file["path"] for file in found["files"] if any(use["status"] != "yes" for use in file["uses"])} | {
        one["path"] for one in found["skipped"]
    }
    assert "model_lib.py" in bad
    well = sorted(path.relative_to(root) for path in root.rglob("*.py") if str(path.relative_to(root)) not in bad)
    names = [".".join(["object_detection", *path.with_suffix("").parts]) for path in well if path.name != "__init__.py"]
    assert len(names) > 300
    (tmp_path / "all.py").write_text(IMPORT_ALL)
    (tmp_path / "names.json").write_text(json.dumps(names))
    done = subprocess.run([demo_python, "-m", "slimshim", "run", "all.py", "names.json"], **run)
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["asked"] == len(names)
    assert {name: why for name, why in answer["failed"].items() if _is_about_tensorflow(*why)} == {}
