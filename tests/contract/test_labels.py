"""Every label that dbt joins or compares has its code list at gate 1, so that a new one holds its file and not the release.

Told from the text of the models: which staging models and seeds a model names, and which columns it compares with a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.duck import connection
from dagster_project.lake.clean_writer import write_empty
from dagster_project.quality.labels import SEEDS, find_unknown_labels
from dagster_project.settings import PROJECT_ROOT

MODELS = PROJECT_ROOT / "dbt" / "models"
ENTITIES = {
    f"stg_{slug}__{entity.name}": entity for slug, source in load_sources().items() for entity in source.entities
}
JOINED_BY_CODE = {
    "icb_gss_code_changes": "a code that is not in it stands for itself",
    "trust_type_rule": "a trust that no rule fits is NOT_RECORDED",
}
"""Seeds that are no list of labels, with what becomes of a code that they do not have."""
CHOSEN_FROM_MANY = {
    "nhse_ldhc.extract.indicator_code": "the suite wants LDHC021 and the register of most practices",
    "nhse_mhsds.measure.measure_id": "the parser takes ten families; the suite wants England of those that have figures",
    "nhse_msds.data.dimension": "the suite wants the three that are read",
    "nhse_talking_therapies.monthly.measure": "the suite wants the two that are read of England",
    "ndrs_staging.early_diagnosis.cancer_group": "the suite wants `all` of every area",
    "nhse_msds.measures.indicator": "the suite wants the four that are read; their groups are a pattern",
    "nhse_wres.trust.part": "a pay band stands as written",
    "nhse_wdes.trust.part": "a pay band stands as written",
    "rcpch_npda.measure.measure": "the suite wants the three that are read",
    "rcpch_epilepsy12.measure.measure": "the suite wants the one that is read",
}
"""Open lists of which a model takes a few by name: entity and column, and who notices when one of the few is renamed."""


def _models() -> Iterator[tuple[Path, str]]:
    """Every model but those of the returns, whose code lists stand in their own contracts, without comments."""
    for path in sorted(MODELS.rglob("*.sql")):
        if "returns" not in path.parts and "staging" not in path.parts:
            yield path, re.sub(r"--.*|\{#.*?#\}", "", path.read_text(encoding="utf-8"))


def _staging(text: str) -> list[str]:
    """The staging models that a model reads; a name put together of a loop's word stands for all that begin so."""
    found = set(re.findall(r"ref\(\s*\"(stg_\w+)\"\s*\)", text))
    begun = re.findall(r"ref\(\s*\"(stg_\w+__)\" ~", text)
    return sorted({name for name in ENTITIES if name in found or name.startswith(tuple(begun))})


def _seeds(text: str) -> set[str]:
    seeds = {path.stem for path in SEEDS.rglob("*.csv") if "returns" not in path.parts}
    return seeds & set(re.findall(r"ref\(\s*\"(\w+)\"\s*\)", text))


def _compared(text: str, column: str) -> bool:
    name = rf"\b(?:\w+\.)?{column}\b"
    patterns = (
        rf"(?:lower\(|upper\(|replace\()?\s*{name}\s*\)?\s*(?:=|<>|like|ilike|in\s*\(|not\s+in\s*\()\s*'",
        rf"case\s+{name}\s*(?:\{{%-?.*?%\}}\s*)*when",
        rf"regexp_(?:matches|extract|full_match)\(\s*{name}\s*,",
    )
    return any(re.search(pattern, text, re.DOTALL) for pattern in patterns)


@cache
def _text_columns(staging: str) -> tuple[str, ...]:
    """Clean columns of words: not codes and names of organisations and areas, and not what the parser writes about a number."""
    names = (c.name for c in ENTITIES[staging].clean_columns if c.type == "VARCHAR")
    return tuple(
        n
        for n in names
        if not n.endswith(("_status", "_code", "_name", "_note"))
        or n.startswith(("treatment_function", "group", "category", "indicator"))
    )


def _entity_name(staging: str) -> str:
    return ".".join(staging.removeprefix("stg_").split("__"))


def test_a_seed_that_a_model_joins_with_published_labels_is_declared() -> None:
    """A model that reads a staging model through another one joins the same labels."""
    texts = {path.stem: text for path, text in _models()}
    undeclared = {}
    for name, text in texts.items():
        read = {
            *_staging(text),
            *(s for other, inner in texts.items() if f'ref("{other}")' in text for s in _staging(inner)),
        }
        declared = {labels.seed for staging in read for labels in ENTITIES[staging].labels}
        missing = _seeds(text) - declared - set(JOINED_BY_CODE) if _staging(text) else set()
        if missing:
            undeclared[name] = sorted(missing)
    assert undeclared == {}, "declare them under `labels` of the entity in source.yml"


def test_a_column_that_a_model_compares_with_a_word_is_declared() -> None:
    undeclared = sorted(
        {
            f"{path.name}: {_entity_name(name)}.{column}"
            for path, text in _models()
            for name in _staging(text)
            for column in _text_columns(name)
            if _compared(text, column)
            and f"{_entity_name(name)}.{column}" not in CHOSEN_FROM_MANY
            and not any(column in labels.columns for labels in ENTITIES[name].labels)
        }
    )
    assert undeclared == [], "declare the words under `labels` of the entity in source.yml"


@pytest.mark.parametrize("staging", sorted(name for name, entity in ENTITIES.items() if entity.labels))
def test_lists_fit_the_clean_table(staging: str, tmp_path: Path) -> None:
    """The condition and the columns of each list are of the table, and those of a seed stand in its CSV."""
    write_empty(ENTITIES[staging], tmp_path / "empty.parquet")
    with connection(None) as con:
        for severity in ("critical", "warning"):
            assert find_unknown_labels(con, ENTITIES[staging], tmp_path / "empty.parquet", severity) == ()


def test_a_comparison_that_is_not_declared_is_found() -> None:
    """Planted: were the search blind, the tests above would prove nothing."""
    for text in (
        "x.area_type = 'England'",
        "case area_type when 'ICBs' then 1 end",
        "lower(area_type) in ('gps')",
        "area_type <> 'a'",
    ):
        assert _compared(text, "area_type"), text
    assert not _compared("select area_type, 'x' as y where other_area_type = 'z'", "area_type")
