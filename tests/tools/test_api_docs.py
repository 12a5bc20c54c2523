"""docs/api/: up to date with the docstrings, complete, and readable."""

import importlib.util
import pathlib
import re

import pytest

import slimshim

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def api_docs():
    spec = importlib.util.spec_from_file_location("api_docs", ROOT / "tools" / "api_docs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(api_docs):
    return api_docs.all_pages()


def test_every_public_name_has_a_docstring(made):
    assert made[1] == []


def test_every_entry_names_the_source_of_its_behaviour(made):
    without = []
    for page, text in made[0].items():
        for entry in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
            if "```python" in entry and not re.search(r"\*\*(Source|Sources|Paper)\*\*:", entry):
                without.append(f"{page}: {entry.splitlines()[0]}")
    assert without == []


def test_a_constructors_arguments_are_told(api_docs):
    class Told:
        """A thing."""

        def __init__(self, size):
            """Makes it.

            Args:
              size: how large.
            """

    assert "- `size`: how large." in api_docs.Page("slimshim.learning", [], {})._constructor(Told, "A thing.")


def test_pages_are_those_of_the_docstrings(made):
    pages = made[0]
    there = {path.name for path in (ROOT / "docs" / "api").glob("*.md")}
    assert there == set(pages), "run tools/api_docs.py"
    stale = [name for name, text in pages.items() if (ROOT / "docs" / "api" / name).read_text() != text]
    assert not stale, "run tools/api_docs.py"


def test_every_name_of_the_face_is_on_a_page(made):
    page = made[0]["slimshim.md"]
    missing = [name for name in slimshim.__all__ if f"[{name}]" not in page and f"slimshim.{name}.md" not in made[0]]
    modules = [name for name in missing if not callable(getattr(slimshim, name))]
    own = [name for name in missing if callable(getattr(slimshim, name))]
    assert all(f"## {name}\n" in "".join(made[0].values()) for name in own)
    assert all(getattr(slimshim, name).__name__ + ".md" in made[0] for name in modules)


def test_the_index_leads_to_every_page():
    index = (ROOT / "docs" / "index.md").read_text()
    assert not [
        path.name for path in (ROOT / "docs").glob("*.md") if path.name != "index.md" and path.name not in index
    ]


def test_links_lead_to_pages_and_headings(made):
    pages = made[0]
    for name, text in pages.items():
        for page, anchor in re.findall(r"\]\((slimshim[\w.]*\.md)#?(\w*)\)", text):
            headings = {line.lstrip("# ").lower() for line in pages[page].splitlines() if line.startswith("##")}
            assert not anchor or anchor in headings, f"{name} links to {page}#{anchor}"


def test_sections_become_lists(api_docs):
    doc = "Returns x.\n\nArgs:\n  a: one\n    thing.\n  b: two.\n\nReturns:\n  A tensor.\n\nSource: here."
    assert api_docs.rendered(doc) == (
        "Returns x.\n\n**Args**\n\n- `a`: one\n  thing.\n- `b`: two.\n\n**Returns**\n\nA tensor.\n\n**Source**: here."
    )


def test_a_name_without_a_docstring_is_told(api_docs, monkeypatch):
    monkeypatch.setattr(slimshim.learning.clip_gradient_norms, "__doc__", None)
    modules = {"slimshim.learning": ["clip_gradient_norms", "train_step"]}
    page = api_docs.Page("slimshim.learning", modules["slimshim.learning"], modules)
    page.text()
    assert page.undocumented == ["slimshim.learning.clip_gradient_norms"]
