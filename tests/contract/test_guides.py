"""Check the README and the guides: every link and every cited fault leads somewhere, and the first page stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT
from tests.fixtures.guides import GUIDES

LINK = re.compile(r"!?\[[^\]]+\]\((?P<file>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ANCHOR = re.compile(r'<a id="([a-z0-9]+)"></a>')
CITED = re.compile(r"\b[Ff]aults? (?P<ids>[A-Z]\d+(?:(?:,? and |, | to )[A-Z]\d+)*)")
TWO_SCREENS = 110
WORDS_OF_TWO_SCREENS = 900
LARGEST_PICTURE = 150_000


def _anchors(path: Path) -> set[str]:
    """The anchors of a page: those written out, and those that GitHub makes of its headings."""
    text = path.read_text(encoding="utf-8")
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text))
    return {*headings, *ANCHOR.findall(text)}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(guide: Path) -> None:
    for link in LINK.finditer(guide.read_text(encoding="utf-8")):
        if "://" in link["file"]:
            continue
        target = (guide.parent / link["file"]).resolve() if link["file"] else guide
        assert target.is_file(), link[0]
        assert not link["anchor"] or link["anchor"] in _anchors(target), link[0]


def test_every_cited_fault_has_an_anchor_in_the_list() -> None:
    anchors, cited = _anchors(PROJECT_ROOT / "tests" / "README.md"), set()
    for folder in ("dagster_project", "dbt/tests", "dbt/models", "dbt/macros", "expectations", "tests"):
        for path in (PROJECT_ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".sql", ".yml"):
                for found in CITED.finditer(path.read_text(encoding="utf-8")):
                    cited |= set(re.findall(r"[A-Z]\d+", found["ids"]))
    assert len(cited) > 20
    assert {one for one in cited if one.lower() not in anchors} == set()


def test_the_readme_is_about_two_screens_with_one_answer_and_one_picture() -> None:
    text = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= TWO_SCREENS and len(text.split()) <= WORDS_OF_TWO_SCREENS
    assert text.count("```sql\n") == 1
    (picture,) = re.findall(r"!\[[^\]]*[Ss]ynthetic[^\]]*\]\((.+)\)", text)
    content = (PROJECT_ROOT / picture).read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) < LARGEST_PICTURE
