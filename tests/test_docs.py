"""The code in the documentation runs, from top to bottom of each page."""

import pages
import pytest
import tensorflow as tf

import slimshim

# Pages whose code is run by a test of their own.
ELSEWHERE = {"keras.md": "tests/symbolic/test_docs.py", "vendoring.md": "tests/cli/test_vendor.py"}
PAGES = [page for page in pages.pages_with_code() if page not in ELSEWHERE]
SLOW = ("migration.md",)  # It starts programs of its own.
NEED_KERAS_FILES = ("export.md", "migration.md")


@pytest.mark.parametrize("page", [pytest.param(page, marks=[pytest.mark.slow] * (page in SLOW)) for page in PAGES])
def test_the_code_of_a_page_runs(page, tmp_path, monkeypatch):
    if page in NEED_KERAS_FILES and not hasattr(tf.keras.layers.Layer, "build_from_config"):
        pytest.skip("this Keras has no .keras files")
    monkeypatch.chdir(tmp_path)
    try:
        assert pages.run_page(page)
    finally:
        slimshim.uninstall()  # Some pages install; one that fails has not taken it back.


def test_a_page_whose_code_fails_is_told_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "bad.md").write_text("# Page\n\n```python\nx = 1\n```\n\n```python\nx.y\n```\n")
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    with pytest.raises(AttributeError) as caught:
        pages.run_page("bad.md")
    assert caught.traceback[-1].lineno + 1 == 8


def test_files_and_commands_of_a_page_run(tmp_path, monkeypatch):
    page = (
        "```python\n# hello.py\nprint('x', file=open('made.txt', 'w'))\n```\n\n```sh\npython hello.py  # now\nls\n```\n"
    )
    (tmp_path / "files.md").write_text(page + "\n```sh\npython -c 'raise SystemExit(3)'\n```\n")
    monkeypatch.setattr(pages, "DOCS", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="raise SystemExit"):
        pages.run_page("files.md")
    assert (tmp_path / "made.txt").read_text() == "x\n"
