"""The site of docs/: it builds without a warning, every page is in its menu, every link leads somewhere."""

import html.parser
import pathlib
import subprocess
import sys
import urllib.parse

import pytest
import yaml

pytest.importorskip("mkdocs")

ROOT = pathlib.Path(__file__).resolve().parents[2]


class _Page(html.parser.HTMLParser):
    """The anchors and the local links of an HTML page."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links = set(), []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.ids.add(found.get("id"))
        self.links += [found[name] for name in ("href", "src") if found.get(name)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_builds_with_warnings_as_errors(site):
    for page in ("index.html", "three_pairs/index.html", "api/slimshim.learning/index.html"):
        assert (site / page).stat().st_size > 2000, page


def test_every_local_link_leads_to_a_page_and_a_heading(site):
    read = {path: _Page(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(read) > 50
    broken = []
    for path, page in read.items():
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (parts.fragment and target in read and parts.fragment not in read[target].ids):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken


def _menu(entry):
    if isinstance(entry, str):
        yield entry
    for inner in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from _menu(inner)


def test_every_page_is_in_the_menu():
    menu = set(_menu(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert pages <= menu
    assert menu <= pages | {"api/index.md"}


def test_the_readme_leads_to_every_page():
    readme = (ROOT / "README.md").read_text()
    assert not [path.name for path in (ROOT / "docs").glob("*.md") if f"docs/{path.name}" not in readme]


def test_links_of_the_readme_lead_to_files():
    import re

    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert "://" in link or (ROOT / link).exists(), link
