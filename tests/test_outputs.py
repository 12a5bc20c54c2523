"""Outputs are whole or absent, whatever ends the writer."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

import slimshim
from slimshim._outputs import AlreadyThere, existing, whole_output

ENVIRONMENT = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(slimshim.__file__)))


def write_checkpoint(partial, text, shards=1):
    for shard in range(shards):
        with open(f"{partial}.data-{shard:05d}-of-{shards:05d}", "w") as file:
            file.write(text)
    with open(partial + ".index", "w") as file:
        file.write(text)


def test_a_file_a_folder_and_a_checkpoint_appear_with_their_parents(tmp_path):
    with whole_output(str(tmp_path / "a" / "file")) as partial:
        with open(partial, "w") as file:
            file.write("x")
        assert not (tmp_path / "a" / "file").exists()
    with whole_output(str(tmp_path / "b" / "folder")) as partial:
        os.makedirs(os.path.join(partial, "deep"))
    with whole_output(str(tmp_path / "c" / "ckpt")) as partial:
        write_checkpoint(partial, "x")
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert found == ["a", "a/file", "b", "b/folder", "b/folder/deep", "c", "c/ckpt.data-00000-of-00001", "c/ckpt.index"]


def test_after_an_error_nothing_is_left(tmp_path):
    with pytest.raises(RuntimeError), whole_output(str(tmp_path / "ckpt")) as partial:
        write_checkpoint(partial, "x")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["file", "folder", "ckpt"])
def test_what_is_there_stays_unless_asked_for(tmp_path, kind):
    def write(partial, text):
        if kind == "folder":
            os.mkdir(partial)
            partial = os.path.join(partial, text)
        if kind == "ckpt":
            write_checkpoint(partial, text, shards=len(text))
        else:
            with open(partial, "w") as file:
                file.write(text)

    path = str(tmp_path / kind)
    with whole_output(path) as partial:
        write(partial, "old")
    before = [existing(path), sorted(tmp_path.rglob("*"))]
    with pytest.raises(AlreadyThere, match="path: expected a path where nothing is yet"), whole_output(path):
        pytest.fail("it went on")
    assert [existing(path), sorted(tmp_path.rglob("*"))] == before
    with pytest.raises(RuntimeError), whole_output(path, overwrite=True) as partial:
        write(partial, "broken")
        raise RuntimeError
    assert [existing(path), sorted(tmp_path.rglob("*"))] == before
    with whole_output(path, overwrite=True) as partial:
        write(partial, "newer")
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files and all(file.read_text() == "newer" for file in files)


def _write(partial, kind, text):
    if kind == "folder":
        os.mkdir(partial)
        partial = os.path.join(partial, "inner")
    if kind == "ckpt":
        return write_checkpoint(partial, text, shards=2)
    with open(partial, "w") as file:
        file.write(text)


def _texts(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", [OSError, SystemExit])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["folder", "ckpt"])
def test_an_end_between_two_renames_brings_the_old_output_back(tmp_path, monkeypatch, kind, after, error):
    path, rename = str(tmp_path / "out"), os.rename
    with whole_output(path) as partial:
        _write(partial, kind, "old")
    before = _texts(tmp_path)
    for number in range(2 if kind == "folder" else 6):
        calls = iter(range(100))

        def failing(source, target, number=number, calls=calls):
            if next(calls) != number:
                return rename(source, target)
            if after:  # As a signal that comes before the next one.
                rename(source, target)
            raise error

        with pytest.raises(error), monkeypatch.context() as patch:
            patch.setattr(os, "rename", failing)
            with whole_output(path, overwrite=True) as partial:
                _write(partial, kind, "new")
        assert _texts(tmp_path) == before
    assert next(calls) > number


@pytest.mark.parametrize("new", ["file", "folder", "ckpt"])
@pytest.mark.parametrize("old", ["file", "folder", "ckpt"])
def test_an_output_of_another_kind_is_replaced_whole_or_refused(tmp_path, old, new):
    path = str(tmp_path / "out")
    with whole_output(path) as partial:
        _write(partial, old, "old")
    before = _texts(tmp_path)
    if old == "folder" and new != "folder":
        with pytest.raises(ValueError, match="place: expected a path where no folder is.*remove the folder"):
            with whole_output(path, overwrite=True, argument="place") as partial:
                _write(partial, new, "new")
        assert _texts(tmp_path) == before
        return
    with whole_output(path, overwrite=True) as partial:
        _write(partial, new, "new")
    found = _texts(tmp_path)
    assert set(found.values()) == {"new"} and len(found) == (3 if new == "ckpt" else 1)


def test_another_threads_call_for_the_same_path_keeps_its_folder(tmp_path):
    path = str(tmp_path / "out")
    begun, swept = threading.Event(), threading.Event()

    def slow():
        with whole_output(path, overwrite=True) as partial:
            begun.set()
            swept.wait(60)
            _write(partial, "file", "slow")

    thread = threading.Thread(target=slow)
    thread.start()
    begun.wait(60)
    with whole_output(path, overwrite=True) as partial:
        _write(partial, "file", "quick")
    assert _texts(tmp_path) == {"out": "quick"}
    swept.set()
    thread.join()
    assert _texts(tmp_path) == {"out": "slow"} and len(list(tmp_path.iterdir())) == 1


def test_a_dead_process_of_the_same_id_is_cleaned_up_after(tmp_path):
    left = tmp_path / f".out.partial-{os.getpid()}-0123"
    left.mkdir()
    with whole_output(str(tmp_path / "out")) as partial:
        _write(partial, "file", "new")
    assert not left.exists()


def test_what_appeared_meanwhile_is_not_replaced(tmp_path):
    with pytest.raises(AlreadyThere), whole_output(str(tmp_path / "file")) as partial:
        for path in (partial, tmp_path / "file"):
            with open(path, "w") as file:
                file.write(str(path))
    assert (tmp_path / "file").read_text() == str(tmp_path / "file")


def test_a_remote_path_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a path on this machine"), whole_output("gs://bucket/file"):
        pass


WRITER = """
    import sys, time
    from slimshim._outputs import whole_output
    with whole_output(sys.argv[1], overwrite=True) as partial:
        with open(partial + ".data-00000-of-00001", "w") as file:
            file.write("half")
        print("writing", flush=True)
        time.sleep(60)
"""


def test_a_killed_writer_leaves_no_half_output_and_the_next_one_cleans_up(tmp_path):
    path = str(tmp_path / "ckpt")
    with whole_output(path) as partial:
        write_checkpoint(partial, "old")
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), path], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    assert writer.stdout.readline() == "writing\n"
    hidden = [file.name for file in tmp_path.iterdir() if file.name.startswith(".ckpt.partial-")]
    assert len(hidden) == 1 and hidden[0].startswith(f".ckpt.partial-{writer.pid}-")
    with whole_output(str(tmp_path / "other")) as partial:  # Another's partial output is left alone.
        write_checkpoint(partial, "x")
    assert (tmp_path / hidden[0]).exists()
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert all(file.read_text() == "old" for file in tmp_path.glob("ckpt.*"))
    with whole_output(path, overwrite=True) as partial:
        write_checkpoint(partial, "new")
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    assert all(file.read_text() == "new" for file in tmp_path.glob("ckpt.*"))
