"""Tests of `get_data_files`."""

import pytest

from slimshim.data import parallel_reader


def test_a_plain_name_stands_for_itself_even_if_it_is_not_there():
    assert parallel_reader.get_data_files("/no/such/file") == ["/no/such/file"]


def test_a_pattern_gives_its_files_in_order(tmp_path):
    for name in ["train-2", "train-0", "train-1", "test-0"]:
        (tmp_path / name).write_text("")
    found = parallel_reader.get_data_files(str(tmp_path / "train-*"))
    assert found == [str(tmp_path / f"train-{i}") for i in range(3)]
    assert parallel_reader.get_data_files(str(tmp_path / "t?st-[0]")) == [str(tmp_path / "test-0")]


def test_lists_may_be_nested_and_keep_their_order(tmp_path):
    (tmp_path / "a").write_text("")
    sources = ["z", (str(tmp_path / "*"), "b"), tmp_path / "c"]
    assert parallel_reader.get_data_files(sources) == [
        "z", str(tmp_path / "a"), "b", str(tmp_path / "c"),
    ]  # fmt: skip


@pytest.mark.parametrize("sources", [[], (), "", [[]]])
def test_no_files_at_all_is_an_error(sources):
    with pytest.raises(ValueError, match="No data files found"):
        parallel_reader.get_data_files(sources)


def test_a_pattern_without_files_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"No data files found in .*nothing-\*"):
        parallel_reader.get_data_files(["given", str(tmp_path / "nothing-*")])


def test_what_is_no_file_name_is_an_error():
    with pytest.raises(ValueError, match="data_sources: expected file names.*Received.*3"):
        parallel_reader.get_data_files(3)
