"""research/slim's folders are found inside an imported `object_detection`, and nowhere else."""

import importlib
import sys

import pytest

import slimshim
from slimshim.legacy import research_slim


@pytest.fixture
def site(tmp_path, monkeypatch):
    for name in ("nets", "preprocessing"):
        (tmp_path / "object_detection" / name).mkdir(parents=True)
        (tmp_path / "object_detection" / name / "__init__.py").write_text("WHERE = __file__")
    (tmp_path / "object_detection" / "__init__.py").write_text("")
    (tmp_path / "object_detection" / "nets" / "some_net.py").write_text("from nets import WHERE")
    monkeypatch.syspath_prepend(str(tmp_path))
    names = (*research_slim.FOLDERS, research_slim.OWNER)
    before = {key: module for key, module in sys.modules.items() if key.split(".")[0] in names}
    for key in before:
        del sys.modules[key]
    slimshim.install()
    yield tmp_path
    slimshim.uninstall()
    for key in [key for key in sys.modules if key.split(".")[0] in names]:
        del sys.modules[key]
    sys.modules.update(before)


def test_nets_resolve_once_object_detection_is_imported(site):
    importlib.import_module("object_detection")
    net = importlib.import_module("nets.some_net")
    assert net.WHERE.startswith(str(site / "object_detection" / "nets"))
    slimshim.uninstall()
    assert not [name for name in sys.modules if name.split(".")[0] == "nets"]


def test_a_nets_package_of_the_users_own_comes_first(site):
    (site / "preprocessing").mkdir()
    (site / "preprocessing" / "__init__.py").write_text("WHERE = 'own'")
    sys.path_importer_cache.clear()
    importlib.import_module("object_detection")
    assert importlib.import_module("preprocessing").WHERE == "own"


def test_without_object_detection_the_names_stay_missing(site):
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("deployment")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("nets")
