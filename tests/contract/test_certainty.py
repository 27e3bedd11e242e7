"""The same words for the same certainty wherever a reader meets it: clear difference, no clear difference, too few to tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dagster_project.settings import PROJECT_ROOT
from tests.warehouses import Warehouse

SAID = ("clear difference", "no clear difference", "too few to tell")
READ = (
    "README.md",
    "data_lake/README.md",
    "dbt/README.md",
    "dbt/models/**/*.md",
    "dbt/models/**/example_queries.yml",
    "dbt/models/**/*.csv",
    "dagster_project/report/**/*.py",
    "dagster_project/publish/**/*.py",
    "dagster_project/publish/**/*.yml",
    "dagster_project/operate/**/*.py",
)
OTHER_WORDS = re.compile(
    r"significan(?:t(?! digits)|ce|tly)|(?<!far )more than chance|(?:real|genuine|true) (?:difference|gap|change)",
    re.IGNORECASE,
)
"""`Far more than chance` is said of a funnel whose trusts differ as a whole; of one difference it is said whether it is clear."""
OF_OHID = ('"Not significant": "No clear difference"', 'NO_TREND = "No significant change"')
"""OHID's own labels, where the report puts them into these words or compares with them."""


def other_words(root: Path) -> Iterator[str]:
    """Lines for readers that say how sure a difference is in other words."""
    for pattern in READ:
        for path in sorted(root.glob(pattern)):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if OTHER_WORDS.search(line) and not any(said in line for said in OF_OHID):
                    yield f"{path.relative_to(root)}:{number}: {line.strip()[:120]}"


def test_no_text_for_readers_has_other_words_for_how_sure_a_difference_is() -> None:
    assert list(other_words(PROJECT_ROOT)) == []


def test_other_words_are_found(tmp_path: Path) -> None:
    texts = {"a gap that is more than chance": 1, "statistically Significant": 1, "four significant digits": 0}
    (tmp_path / "README.md").write_text("\n".join(texts), encoding="utf-8")
    assert len(list(other_words(tmp_path))) == sum(texts.values())


def test_certainty_has_these_words_in_every_table(sample_warehouse: Warehouse) -> None:
    tables = [
        name
        for (name,) in sample_warehouse.query(
            "select table_name from duckdb_columns() where column_name = 'certainty' and schema_name = 'main'"
        )
    ]
    assert len(tables) > 5
    for table in tables:
        said = {
            word
            for (word,) in sample_warehouse.query(f"select distinct certainty from {table} where certainty is not null")
        }
        assert said <= set(SAID), table
