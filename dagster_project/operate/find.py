"""`hiw find WORD`: where a word stands in the published file, by all its names.

What a word is called otherwise (DNA, FTA: did not attend) is in meta.glossary, so the file answers without this checkout. Searched are
the words of indicators, metrics of returns, example queries, columns and glossary; figures are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lake.files import LakeError
from dagster_project.operate.analyst import open_published

SHOWN = 8
"""Hits of a kind that a screen shows; --json gives all."""
HEADINGS = {
    "indicator": "Indicators",
    "metric": "Metrics of returns",
    "query": "Example queries",
    "column": "Columns",
    "word": "Words",
}
INDICATORS = """
    select indicator_id as name, indicator_name as title, concat_ws(' ', definition, numerator_definition, denominator_definition) as text,
        coalesce(
            'newest figure ' || max(period_end) filter (where value is not null) || ', '
            || string_agg(distinct organisation_level, ', ' order by organisation_level) filter (where value is not null),
            'no figure in this release: mart_coverage says why'
        ) as see
    from dim_indicator left join fct_indicator_value using (indicator_id)
    group by all order by name"""
METRICS = """
    select indicator_id as name, indicator_name as title, coalesce(max(note), '') as text,
        'mart_hi_rate, newest figure ' || max(period_end) filter (where value is not null) || ', '
        || string_agg(distinct organisation_level, ', ' order by organisation_level) filter (where value is not null) as see
    from mart_hi_rate group by all having count(value) > 0 order by name"""
QUERIES = """
    select name, question as title, sql as text, 'hiw query ' || name || ' (' || coalesce(rows_count, 0) || ' rows)' as see
    from meta.example_queries"""
COLUMNS = """
    select column_name as name, min(description) as title, '' as text, string_agg(table_name, ', ' order by table_name) as see
    from meta.data_dictionary group by column_name order by name"""
WORDS = """
    select term as name, definition as title, coalesce(also_called, '') as text, see, also_called
    from meta.glossary order by lower(term)"""
CATALOGUE = {"indicator": INDICATORS, "metric": METRICS, "query": QUERIES, "column": COLUMNS, "word": WORDS}
NO_SUCH_TABLE = (duckdb.CatalogException, duckdb.BinderException)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Hit:
    """Something that the word is about: its name, what it says, where to go on."""

    kind: str
    name: str
    says: str
    see: str

    def as_dict(self) -> dict[str, str]:
        """For --json."""
        return asdict(self)


def find(marts: Path, word: str) -> list[Hit]:
    """Everything about a word, the nearest first within each kind. Raises LakeError where there is nothing, or no published file."""
    with open_published(marts) as con:
        rows = {kind: _rows(con, sql) for kind, sql in CATALOGUE.items()}
    names = names_of(word, rows["word"])
    found = [
        Hit(kind, row["name"], row["title"], row["see"])
        for kind, listed in rows.items()
        for _, row in sorted(_near(names, listed), key=lambda pair: pair[0])
    ]
    if not found:
        raise LakeError(f"the word {word}", "nothing in the published file has it", "try another word, or `hiw query`")
    return found


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    """The rows of a query; none where the file, of an earlier version, does not have the table or column."""
    try:
        cursor = con.execute(sql)
    except NO_SUCH_TABLE:
        return []
    columns = [column[0] for column in cursor.description or []]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def names_of(word: str, terms: Sequence[Row]) -> list[str]:
    """Return the word, and what it is called otherwise: all names of every term of which it is one."""
    names = [word]
    for term in terms:
        called = [term["name"], *filter(None, (term["also_called"] or "").split(", "))]
        if _plain(word) in map(_plain, called):
            names += called
    return list(dict.fromkeys(names))


def _near(names: Sequence[str], rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
    """The rows that have one of the names, each with how far off it stands: 0 in its name, 1 in its title, 2 in its text."""
    wanted = [re.compile(rf"\b{re.escape(_plain(name))}") for name in names]
    for row in rows:
        for distance, part in enumerate(("name", "title", "text")):
            if any(pattern.search(_plain(row[part])) for pattern in wanted):
                yield distance, row
                break


def _plain(text: str) -> str:
    """Small letters, and a blank for what is between words: op_did_not_attend is `op did not attend`."""
    return " ".join(re.findall(r"[\w&]+", text.lower().replace("_", " ")))


def lines(word: str, hits: Sequence[Hit]) -> list[str]:
    """Return what a person reads: a heading for each kind, the nearest of it, and how many more there are."""
    told: list[str] = []
    for kind, heading in HEADINGS.items():
        of_kind = [hit for hit in hits if hit.kind == kind]
        if of_kind:
            told += [f"{heading} ({len(of_kind)})"]
            told += [f"  {hit.name}: {hit.says}\n      {hit.see}" for hit in of_kind[:SHOWN]]
        if len(of_kind) > SHOWN:
            told += [f"  and {len(of_kind) - SHOWN} more: `hiw find {word} --json`"]
    return told
