"""Code lists at gate 1: what is said of a label that dbt does not know, and when a verdict is asked for again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from dagster_project.contracts import seeds
from dagster_project.contracts import suite as suites
from dagster_project.contracts.seeds import seed_file
from dagster_project.contracts.source import Entity, Labels, load_sources
from dagster_project.contracts.suite import landing_fingerprint
from dagster_project.duck import connection, quote_literal
from dagster_project.quality.labels import find_unknown_labels

FUNCTIONS = {"columns": ["treatment_function_name"], "seed": "treatment_functions", "seed_columns": ["wlmds_name"]}
GROUPS = {"columns": ["metric", "category_code"], "seed": "waiting_list_groups"}
Said = Callable[..., tuple[str, ...]]


@pytest.fixture
def said(tmp_path: Path) -> Said:
    """What is said of a table made of one SELECT, by one list of labels."""

    def say(select: str, asked: str = "critical", **labels: Any) -> tuple[str, ...]:
        path = tmp_path / "clean.parquet"
        entity = load_sources()["nhse_wlmds"].entity("specialty")
        changed: Entity = entity.model_copy(update={"labels": (Labels.model_validate(labels),)})
        with connection(None) as con:
            con.execute(f"copy ({select}) to {quote_literal(str(path))} (format parquet)")
            return find_unknown_labels(con, changed, path, asked)  # type: ignore[arg-type]

    return say


def test_an_unknown_label_is_named_with_its_column_its_rows_and_what_to_do(said: Said) -> None:
    names = "select unnest(['Urology Service', 'Trauma and Orthopaedic Service', 'Trauma and Orthopaedic Service']) as treatment_function_name"
    (sentence,) = said(names, **FUNCTIONS)
    assert sentence == (
        "treatment_function_name: an unknown label: 'Trauma and Orthopaedic Service' (2 rows). If the publisher renamed or "
        "added it, add it to dbt/seeds/waiting_list/treatment_functions.csv (wlmds_name); if not, ask the publisher"
    )
    assert said("select 'Urology Service' as treatment_function_name", **FUNCTIONS) == ()


@pytest.mark.parametrize("label", ["urology service", "Urology Service ", "", "Urology  Service", "Urologie's"])
def test_a_label_is_compared_as_dbt_compares_it(said: Said, label: str) -> None:
    """Case and blanks count in a join, and an apostrophe is no end of a text."""
    (sentence,) = said(f"select {quote_literal(label)} as treatment_function_name", **FUNCTIONS)
    assert f"{label!r} (1 row)" in sentence


def test_a_blank_is_no_known_label(said: Said) -> None:
    (sentence,) = said("select cast(null as varchar) as treatment_function_name", **FUNCTIONS)
    assert "'(blank)' (1 row)" in sentence
    assert said("select cast(null as varchar) as a", columns=["a"], values=["x"], where="a is not null") == ()


def test_columns_that_a_join_compares_together_are_looked_up_together(said: Said) -> None:
    """Z is not stated in ethnicity, and nothing in sex."""
    assert said("select 'ethnicity' as metric, 'Z' as category_code", **GROUPS) == ()
    (sentence,) = said("select 'sex' as metric, 'Z' as category_code", **GROUPS)
    assert "metric and category_code: an unknown label: 'sex / Z'" in sentence


def test_a_list_or_a_pattern_does_for_words_that_are_in_no_seed(said: Said) -> None:
    assert "'Five'" in said("select 'Five' as level", columns=["level"], values=["5"])[0]
    assert "'5 or so'" in said("select '5 or so' as level", columns=["level"], pattern="[0-9]")[0]
    assert said("select 'Five' as level, 1 as kind", columns=["level"], values=["5"], where="kind = 2") == ()


def test_a_warning_names_and_does_not_hold(said: Said) -> None:
    words = {"columns": ["level"], "values": ["5"], "severity": "warning"}
    assert said("select 'Five' as level", **words) == ()
    assert "'Five'" in said("select 'Five' as level", "warning", **words)[0]


def test_of_many_unknown_labels_ten_are_named_and_the_rest_counted(said: Said) -> None:
    (sentence,) = said("select 'new ' || n as level from range(13) as t (n)", columns=["level"], values=["5"])
    assert sentence.count("(1 row)") == 10 and "13 unknown labels" in sentence and "; and 3 more" in sentence


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": ["a"]},
        {"columns": ["a"], "values": ["x"], "seed": "y"},
        {"columns": ["a", "b"], "values": ["x"]},
        {"columns": ["a", "b"], "seed": "y", "seed_columns": ["c"]},
    ],
)
def test_a_list_that_says_nothing_or_two_things_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="labels of a"):
        Labels.model_validate(wrong)


def test_a_changed_seed_judges_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator adds the new name to the seed, and the file that was held is judged by it the next night."""
    shutil.copytree(seeds.SEEDS, tmp_path / "seeds")
    monkeypatch.setattr(seeds, "SEEDS", tmp_path / "seeds")
    before = {slug: landing_fingerprint(slug) for slug in ("nhse_wlmds", "nhse_ae")}
    with seed_file("treatment_functions").open("a", encoding="utf-8") as out:
        out.write("C_110b,Trauma and Orthopaedic Service,Trauma and Orthopaedic Service\n")
    after = {slug: landing_fingerprint(slug) for slug in ("nhse_wlmds", "nhse_ae")}
    assert after["nhse_wlmds"] != before["nhse_wlmds"] and after["nhse_ae"] == before["nhse_ae"]


def test_an_edition_that_is_accepted_judges_the_files_of_its_source_again_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Judged again means parsed again: all months of every source, were the whole list in every fingerprint."""
    before = {slug: landing_fingerprint(slug) for slug in load_sources()}
    monkeypatch.setattr(suites, "load_accepted_editions", lambda: frozenset({("nhse_ae", "monthly", "0" * 64)}))
    assert [slug for slug in before if landing_fingerprint(slug) != before[slug]] == ["nhse_ae"]
