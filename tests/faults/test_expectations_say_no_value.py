"""Fault D1 (tests/README.md) in Great Expectations: real runs over a table of a return, in which every kind of expectation fails on planted cells.

Nothing that leaves the runner may hold one: outcomes, logs, output, files, evidence, the candidate's own checks, Dagster's metadata.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.assets.release import CANDIDATE, SUITE, _check_result
from dagster_project.contracts.suite import Suite
from dagster_project.duck import connection
from dagster_project.publish.evidence import candidate_path, seal
from dagster_project.quality.marts import audit
from dagster_project.quality.runner import Outcome, run_suite
from dagster_project.release.project import ReleaseProject
from tests.faults.disclosing import WAITS, Disclosing
from tests.fixtures.artefacts import find_in_artefacts
from tests.integration.release.release_estate import Estate

NUMBER, POSTCODE, RARE, COUNT = "9434765919", "LS1 4XX", "the only heron keeper of Zanzibar", 7654321
NEEDLES = {"NHS number": NUMBER, "postcode": POSTCODE, "rare answer": RARE, "count": str(COUNT)}
ANSWERS: list[tuple[str, int, str, str, int]] = [
    ("S1", 1, "yes", "yes", 20),
    ("S1", 2, NUMBER, NUMBER, COUNT),
    ("S1", 3, POSTCODE, NUMBER, COUNT),
    ("S1", 4, RARE, POSTCODE, 25),
]
TEXT = {"column": "response_text"}
FAILING: dict[str, dict[str, Any]] = {
    "expect_column_values_to_be_in_set": TEXT | {"value_set": ["yes", "no"]},
    "expect_column_values_to_match_regex": TEXT | {"regex": "^(yes|no)$"},
    "expect_column_value_lengths_to_be_between": TEXT | {"max_value": 3},
    "expect_column_values_to_be_null": TEXT,
    "expect_column_distinct_values_to_be_in_set": TEXT | {"value_set": ["yes"]},
    "expect_column_most_common_value_to_be_in_set": {"column": "person", "value_set": ["yes"]},
    "expect_column_values_to_be_unique": {"column": "person"},
    "expect_compound_columns_to_be_unique": {"column_list": ["person", "pathway_count"]},
    "expect_column_pair_values_to_be_equal": {"column_A": "response_text", "column_B": "person"},
    "expect_multicolumn_sum_to_equal": {"column_list": ["pathway_count", "row_number"], "sum_total": 1},
    "expect_column_values_to_be_between": {"column": "pathway_count", "max_value": 30},
    "expect_column_max_to_be_between": {"column": "pathway_count", "max_value": 30},
    "expect_column_sum_to_be_between": {"column": "pathway_count", "max_value": 30},
    "expect_column_mean_to_be_between": {"column": "pathway_count", "max_value": 30},
}
RAISING: dict[str, dict[str, Any]] = {"expect_column_stdev_to_be_between": TEXT | {"max_value": 1}}
KEY = ("submission_id", "row_number")


def suite_of(expectations: Mapping[str, dict[str, Any]], key: tuple[str, ...], query: str = "from batch") -> Suite:
    """A suite over the answers."""
    listed = [{"type": t, "notes": "What the template says.", "kwargs": k} for t, k in expectations.items()]
    body = {"name": "answers", "owner": "team:tests", "query": query, "key": key, "expectations": listed}
    return Suite.model_validate(body)


@pytest.fixture
def answers() -> duckdb.DuckDBPyConnection:
    """A restricted table as dbt's schema has it, with the planted cells."""
    con = duckdb.connect()
    con.execute("create schema restricted")
    con.execute(
        "create table restricted.sv01 (submission_id varchar, row_number int, response_text varchar, person varchar, pathway_count int)"
    )
    con.executemany("insert into restricted.sv01 values (?, ?, ?, ?, ?)", ANSWERS)
    return con


def run(con: duckdb.DuckDBPyConnection, suite: Suite, *, made_of_returns: bool = True) -> list[Outcome]:
    return run_suite(con, suite, "from restricted.sv01", made_of_returns=made_of_returns)


def held(*texts: object) -> set[str]:
    """Which planted values are in these, numbers with and without separators."""
    text = "\n".join(map(str, texts))
    spelled = {name: {needle, f"{int(needle):,}" if needle.isdigit() else needle} for name, needle in NEEDLES.items()}
    return {name for name, spellings in spelled.items() if any(one in text for one in spellings)}


def told(outcomes: list[Outcome]) -> list[object]:
    """All that an outcome can be asked."""
    return [part for one in outcomes for part in (one, one.sentence, json.dumps(one.as_dict()))]


def test_each_expectation_fails_and_names_rows_but_nothing_that_they_hold(
    answers: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.DEBUG):
        outcomes = run(answers, suite_of(FAILING | RAISING, KEY))
    assert [one.expectation for one in outcomes if one.passed] == []
    in_set, raised = outcomes[0], outcomes[-1]
    assert (in_set.unexpected_count, in_set.failing_keys) == (3, ("S1 / 2", "S1 / 3", "S1 / 4"))
    assert raised.severity == "critical" and "could not be evaluated" in raised.error
    assert held(*told(outcomes), caplog.text, *capfd.readouterr()) == set()
    assert find_in_artefacts(tmp_path, NEEDLES) == []


def test_the_same_suite_over_a_published_file_does_say_what_was_observed(answers: duckdb.DuckDBPyConnection) -> None:
    """Which shows that the values were there to be said, and that the search finds them."""
    assert held(*told(run(answers, suite_of(FAILING, KEY), made_of_returns=False))) == {"NHS number", "count"}


def test_a_key_that_is_itself_judged_is_not_shown(answers: duckdb.DuckDBPyConnection) -> None:
    keyed = ("submission_id", "response_text", "person")
    judged = {"expect_column_pair_values_to_be_equal": FAILING["expect_column_pair_values_to_be_equal"]}
    assert [one.failing_keys for one in run(answers, suite_of(judged, keyed))] == [("S1", "S1")]
    assert held(*told(run(answers, suite_of(judged, keyed), made_of_returns=False))) == {
        "NHS number",
        "postcode",
        "rare answer",
    }


def test_the_message_of_an_exception_is_left_out(
    answers: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def convert(*_: object) -> None:
        raise ValueError(f"could not convert string to float: '{NUMBER}'")

    monkeypatch.setattr("dagster_project.quality.runner._validate", convert)
    outcomes = run(answers, suite_of(RAISING, KEY))
    assert [(one.passed, one.severity) for one in outcomes] == [(False, "critical")]
    assert held(*told(outcomes)) == set()
    assert held(*told(run(answers, suite_of(RAISING, KEY), made_of_returns=False))) == {"NHS number"}


def test_the_message_of_a_query_that_fails_on_a_cell_is_left_out(answers: duckdb.DuckDBPyConnection) -> None:
    suite = suite_of(RAISING, KEY, "select response_text::timestamp as n from batch where row_number = 2")
    with pytest.raises(duckdb.Error) as error:
        run(answers, suite)
    assert held(error.value) == set() and error.value.__suppress_context__
    with pytest.raises(duckdb.Error) as error:
        run(answers, suite, made_of_returns=False)
    assert held(error.value) == {"NHS number"}


def test_a_query_that_names_no_column_of_the_table_still_says_which(answers: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.BinderException, match="response_txt"):
        run(answers, suite_of(RAISING, KEY, "select response_txt from batch"))


# -- at gate 2 ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Held(Disclosing):
    """The estate, with a suite that looks at the largest count shown; a leak makes it observe a true one."""

    @property
    def project(self) -> ReleaseProject:
        project = super().project
        looks = {"expect_column_max_to_be_between": {"column": "numerator", "max_value": 100}}
        suite = suite_of(looks, ("organisation_code",)).model_copy(update={"name": WAITS})
        return replace(project, suites={**project.suites, WAITS: suite})


SHOWN = (
    dg.AssetCheckKey(dg.AssetKey(WAITS), SUITE),
    *(dg.AssetCheckKey(CANDIDATE, name) for name in ("suites", "disclosure", "reconciliation")),
)


def test_a_leak_into_a_mart_is_held_without_its_value_in_evidence_checks_or_metadata(tmp_path: Path) -> None:
    leaking = Held.fresh(Estate.fresh(tmp_path))
    leaking.estate.change(f"update main.{WAITS} set numerator = {COUNT} where group_code = 'white'")
    draft = leaking.estate.build()
    results = audit(leaking.project, draft)
    evidence = seal(leaking.project, draft, results, run_id="test")
    assert f"suite.{WAITS}" in {result.name for result in evidence.blocking}
    with connection(candidate_path(leaking.estate.lake, evidence.sha256), read_only=True) as con:
        checks = con.execute("from meta.checks").fetchall()
    shown = [_check_result(key, results, evidence.path) for key in SHOWN]
    assert len(checks) == len(results) and not any(one.passed for one in shown if one.check_name != "reconciliation")
    assert (
        held(evidence.path.read_text(), checks, *(one.description for one in shown), *(one.metadata for one in shown))
        == set()
    )
