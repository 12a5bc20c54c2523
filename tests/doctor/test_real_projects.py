"""Programs that we did not write, from PyPI: what the doctor calls supported is there when a program asks.

The names are asked for by a program under `python -m slimshim run`, with the import statements and attributes
of the project's own text: not by the doctor's way of looking.
"""

import json
import pathlib
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
