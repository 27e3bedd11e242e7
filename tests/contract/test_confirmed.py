"""A format is called confirmed only where a real file of it passes the parser and gate 1, here and now.

The files are the publishers' own and stand outside the project (HIW_MIRROR); without them the tests of the files are
skipped, and those of the words are not.
"""

from __future__ import annotations

import pytest

from dagster_project.contracts.source import ConfirmedBy, Source, load_sources
from dagster_project.lake.clean_writer import read_report
from dagster_project.lake.files import hash_file
from dagster_project.lake.ledger import Ledger
from dagster_project.lake.paths import Lake
from tests.fixtures.guides import SOURCES_GUIDE
from tests.warehouses import MIRROR, Warehouse

TABLES = [(slug, entity.name) for slug, source in load_sources().items() for entity in source.entities]
CONFIRMED = [
    (slug, entity.name, entity.confirmed_by)
    for slug, source in load_sources().items()
    for entity in source.entities
    if entity.confirmed_by
]


@pytest.mark.parametrize(("slug", "entity"), TABLES)
def test_a_table_is_confirmed_exactly_where_it_names_a_real_file(slug: str, entity: str) -> None:
    source = load_sources()[slug]
    named = source.entity(entity).confirmed_by is not None
    assert named == (source.format_status_of(entity) == "confirmed")


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("slug", "entity", "confirmed_by"), CONFIRMED, ids=[f"{s}.{e}" for s, e, _ in CONFIRMED])
def test_the_named_file_passes_the_parser_and_gate_1(
    mirror_warehouse: Warehouse, slug: str, entity: str, confirmed_by: ConfirmedBy
) -> None:
    """In the night of the real files, which this run made with the parsers of today."""
    source, path = load_sources()[slug], MIRROR / confirmed_by.address
    assert path.is_file(), f"the mirror has no {confirmed_by.address}"
    sha256 = hash_file(path)
    accepted = [
        (entry.source, entry.entity, entry.period, entry.detail["parser"])
        for entry in Ledger(mirror_warehouse.lake / "ledger.jsonl").entries()
        if entry.event == "accepted" and entry.sha256 == sha256
    ]
    assert (slug, entity, confirmed_by.period, source.fingerprint) in accepted
    clean = Lake(mirror_warehouse.lake).clean_vintage(slug, entity, confirmed_by.period, sha256, source.fingerprint)
    assert read_report(clean)["clean_rows"] > 0


def readme_line(source: Source) -> str:
    """The line of a source in the list of confirmed formats."""
    editions = [
        f"`{entity.name}` {entity.confirmed_by.period.replace('+', ', indicator ')}"
        if entity.confirmed_by
        else f"`{entity.name}` unconfirmed"
        for entity in source.entities
    ]
    return f"| `{source.slug}` | {source.stated_format_status.replace('_', ' ')} | {'; '.join(editions)} |"


def test_guide_says_which_formats_are_confirmed_and_from_which_edition() -> None:
    text = SOURCES_GUIDE.read_text(encoding="utf-8")
    _, _, table = text.partition("| source | format | table and edition of the real file |\n|---|---|---|\n")
    found = table.partition("\n\n")[0].splitlines()
    assert found == [readme_line(source) for source in load_sources().values()]


def test_guide_marks_each_source_that_is_not_confirmed_in_its_list() -> None:
    """`name` * is unconfirmed or confirmed in part; a name without the mark is confirmed."""
    text = SOURCES_GUIDE.read_text(encoding="utf-8")
    table = text.partition("| source | what it gives | level |\n")[2].partition("\n\n")[0]
    for slug, source in load_sources().items():
        assert f"`{slug}`" in table, f"{SOURCES_GUIDE} does not list {slug}"
        assert (f"`{slug}` *" in table) == (source.stated_format_status != "confirmed"), slug
