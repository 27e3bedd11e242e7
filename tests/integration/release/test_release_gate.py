"""Gate 2: every planted fault is found by the check that is there for it, and evidence binds the verdict to the bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dagster_project.contracts.check import CheckResult
from dagster_project.contracts.suite import Suite
from dagster_project.duck import connection
from dagster_project.lake.files import hash_file
from dagster_project.lake.ledger import Entry, Ledger
from dagster_project.publish.evidence import candidate_path, evidence_path, require_passing_evidence, seal
from dagster_project.publish.publish import publish
from dagster_project.quality.marts import audit, audit_dbt, audit_landing, expected_checks
from dagster_project.release.candidate import Draft
from dagster_project.release.errors import Refused, ReleaseError
from dagster_project.release.project import ExampleQuery, ReleaseProject
from tests.integration.release.release_estate import ENTITY, PERIOD, SOURCE, Estate, fingerprint_of

FACT = "model.tiny.fct_indicator_value"


def failed(results: list[CheckResult]) -> set[str]:
    return {result.name for result in results if not result.passed}


def judged(estate: Estate, *statements: str, project: ReleaseProject | None = None) -> list[CheckResult]:
    """The audit of a warehouse with faults planted in it."""
    if statements:
        estate.change(*statements)
    return audit(project or estate.project, estate.build())


def find(results: list[CheckResult], name: str) -> CheckResult:
    return next(result for result in results if result.name == name)


def edit_json(path: Any, edit: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def test_a_good_draft_passes_and_has_exactly_the_expected_results(estate: Estate) -> None:
    results = judged(estate)
    assert failed(results) == set()
    names = [result.name for result in results]
    assert len(names) == len(set(names))
    assert {name for name in names if not name.startswith("landing.")} == expected_checks(estate.project)
    assert f"landing.{SOURCE}.{ENTITY}.{PERIOD}" in names
    assert len({result.asset_check_name for result in results}) == len(results)


# -- suites -----------------------------------------------------------------------------------------------------------


def test_a_value_out_of_range_fails_the_suite_and_names_the_rows(estate: Estate) -> None:
    results = judged(
        estate,
        "update fct_indicator_value set value = 1.5 where indicator_id = 'indicator_1' and organisation_code = 'Q03'",
    )
    expectation = "suite.fct_indicator_value.01.expect_column_values_to_be_between.value"
    assert failed(results) == {"suite.fct_indicator_value", expectation}
    result = find(results, expectation)
    assert result.blocks
    assert result.counts == {"unexpected": 20}
    assert len(result.failing_keys) == 20
    assert all(key.startswith("indicator_1 / Q03 / ") for key in result.failing_keys)


def test_a_failed_warning_is_told_and_does_not_block(estate: Estate) -> None:
    results = judged(
        estate, "update dim_organisation set organisation_name = 'SHOUTED' where organisation_code = 'Q07'"
    )
    name = "suite.dim_organisation.02.expect_column_values_to_not_match_regex.organisation_name"
    assert failed(results) == {name}
    assert not find(results, name).blocks
    assert find(results, "suite.dim_organisation").counts == {"expectations": 2, "critical": 0, "warning": 1}


def test_a_mart_without_a_suite_and_a_suite_without_a_mart_both_block(estate: Estate) -> None:
    suites = dict(estate.project.suites)
    suites["mart_renamed"] = suites.pop("dim_organisation")
    project = replace(estate.project, suites=suites)
    results = judged(estate, project=project)
    assert failed(results) == {"suite.dim_organisation", "suite.mart_renamed"}
    assert all(find(results, name).blocks for name in failed(results))


@pytest.mark.parametrize(
    "change",
    [
        {"query": "select no_such_column from batch"},
        {"key": ("no_such_column",), "query": "select 'x' as organisation_code, 'Y' as organisation_name from batch"},
    ],
)
def test_a_suite_that_does_not_fit_its_mart_blocks(estate: Estate, change: dict[str, Any]) -> None:
    body = estate.project.suites["dim_organisation"].model_dump() | change
    suites = {**estate.project.suites, "dim_organisation": Suite.model_validate(body)}
    results = judged(estate, project=replace(estate.project, suites=suites))
    assert "suite.dim_organisation" in failed(results)
    assert find(results, "suite.dim_organisation").blocks


def test_an_expectation_that_great_expectations_does_not_know_blocks(estate: Estate) -> None:
    body = estate.project.suites["dim_organisation"].model_dump()
    body["expectations"][1]["type"] = "expect_no_such_thing"
    suites = {**estate.project.suites, "dim_organisation": Suite.model_validate(body)}
    results = judged(estate, project=replace(estate.project, suites=suites))
    assert {name for name in failed(results) if find(results, name).blocks} >= {
        "suite.dim_organisation",
        "suite.dim_organisation.02.expect_no_such_thing.organisation_name",
    }


# -- dbt --------------------------------------------------------------------------------------------------------------


def _result_of(results: dict[str, Any], part: str) -> dict[str, Any]:
    return next(result for result in results["results"] if part in result["unique_id"])


@pytest.mark.parametrize(
    ("part", "status", "blocks"),
    [
        ("unique_dim_organisation", "fail", True),
        ("unique_dim_organisation", "error", True),
        ("unique_dim_organisation", "skipped", True),
        ("accepted_values", "warn", False),
        ("accepted_values", "error", True),
        ("model.tiny.fct_indicator_value", "error", True),
        ("model.tiny.int_private", "error", True),
    ],
)
def test_a_dbt_node_that_did_not_pass_is_a_result(estate: Estate, part: str, status: str, blocks: bool) -> None:
    edit_json(
        estate.project.run_results,
        lambda content: _result_of(content, part).update(status=status, failures=3, message="Got 3"),
    )
    results = audit_dbt(estate.project)
    assert len(failed(results)) == 1
    (result,) = (result for result in results if not result.passed)
    assert result.blocks is blocks
    assert status in result.summary


def test_a_test_that_was_not_run_blocks(estate: Estate) -> None:
    edit_json(estate.project.run_results, lambda content: content["results"].remove(_result_of(content, "not_null")))
    (name,) = failed(audit_dbt(estate.project))
    assert name.startswith("dbt.not_null_dim_organisation")


def test_without_run_results_every_dbt_check_blocks(estate: Estate) -> None:
    estate.project.run_results.unlink()
    results = audit_dbt(estate.project)
    assert {name.split(".")[0] for name in failed(results)} == {"dbt", "dbt_model"}
    assert len(failed(results)) == 5
    assert all(result.blocks for result in results if not result.passed)


# -- reconciliation and keys ------------------------------------------------------------------------------------------


def edited(draft: Draft, *statements: str) -> Draft:
    with connection(draft.path) as con:
        for statement in statements:
            con.execute(statement)
    return draft


@pytest.mark.parametrize(
    "statement",
    [
        "delete from fct_indicator_value where period_start = date '2026-02-01'",
        "update fct_indicator_value set numerator_count = numerator_count + 1 where organisation_code = 'Q01'",
    ],
)
def test_a_mart_that_is_not_the_warehouses_blocks(estate: Estate, statement: str) -> None:
    results = audit(estate.project, edited(estate.build(), statement))
    assert failed(results) == {"reconciliation.fct_indicator_value"}
    assert find(results, "reconciliation.fct_indicator_value").blocks


def test_a_key_that_stands_twice_blocks_and_is_named(estate: Estate) -> None:
    results = judged(
        estate,
        "insert into fct_indicator_value from fct_indicator_value where organisation_code = 'Q03' and period_start = date '2026-01-01'",
    )
    assert failed(results) == {"key.fct_indicator_value"}
    assert find(results, "key.fct_indicator_value").counts == {"repeated_keys": 4}
    assert find(results, "key.fct_indicator_value").failing_keys[0] == "indicator_0 / Q03 / 2026-01-01"


def test_a_key_with_an_empty_part_blocks(estate: Estate) -> None:
    results = judged(estate, "update fct_indicator_value set organisation_code = null where organisation_code = 'Q03'")
    assert find(results, "key.fct_indicator_value").blocks


# -- disclosure -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "update fct_indicator_value set data_origin = 'return' where organisation_code = 'Q01'",
            "80 rows whose data_origin is not synthetic",
        ),
        (
            "update fct_indicator_value set data_origin = null where organisation_code = 'Q01'",
            "80 rows whose data_origin is not synthetic",
        ),
        ("update fct_indicator_value set data_origin = 'published'", "1,600 rows whose data_origin is not synthetic"),
        (
            "update fct_indicator_value set value = 0 where value_status = 'suppressed'",
            "320 rows with a value whose value_status",
        ),
        (
            "update fct_indicator_value set ci_lower_95 = 0 where value_status = 'suppressed'",
            "320 rows with a ci_lower_95 whose",
        ),
        (
            "update fct_indicator_value set value_status = null where value is not null and organisation_code = 'Q03'",
            "with a value whose value_status",
        ),
    ],
)
def test_a_row_that_its_policy_keeps_back_blocks(estate: Estate, statement: str, said: str) -> None:
    results = judged(estate, statement)
    assert failed(results) == {"disclosure.fct_indicator_value"}
    result = find(results, "disclosure.fct_indicator_value")
    assert result.blocks
    assert said in result.summary
    assert result.failing_keys


@pytest.mark.parametrize("policy", ["", "whatever_i_like"])
def test_a_mart_without_a_known_policy_does_not_leave(estate: Estate, policy: str) -> None:
    def forget(manifest: dict[str, Any]) -> None:
        manifest["nodes"][FACT]["config"]["meta"]["disclosure_policy"] = policy

    edit_json(estate.project.manifest, forget)
    results = judged(estate)
    assert failed(results) == {"disclosure.fct_indicator_value"}
    assert find(results, "disclosure.fct_indicator_value").blocks


def test_a_table_and_a_column_that_nobody_listed_block(estate: Estate) -> None:
    draft = edited(
        estate.build(),
        "create table main.patients as select 9434765919 as nhs_number",
        "alter table dim_organisation add column postcode varchar",
    )
    results = audit(estate.project, draft)
    assert failed(results) >= {"disclosure.release", "disclosure.dim_organisation"}
    assert find(results, "disclosure.release").summary == "main.patients is in no exposure"
    assert find(results, "disclosure.dim_organisation").summary == "column postcode is not described in the manifest"


def test_a_view_or_another_schema_blocks(estate: Estate) -> None:
    draft = edited(
        estate.build(),
        "create view peek as select 1 as n",
        "create schema side",
        "create table side.t as select 1 as n",
    )
    summary = find(audit(estate.project, draft), "disclosure.release").summary
    assert summary == "main.peek is in no exposure; side.t is in no exposure"


# -- difference -------------------------------------------------------------------------------------------------------


@pytest.fixture
def published(estate: Estate) -> Estate:
    estate.take(1)
    publish(estate.project)
    return estate


@pytest.mark.parametrize(("months_lost", "blocks"), [(2, False), (3, True)])
def test_a_mart_that_loses_more_than_a_tenth_of_its_rows_blocks(
    published: Estate, months_lost: int, blocks: bool
) -> None:
    results = judged(
        published, f"delete from fct_indicator_value where period_start < date '2026-01-01' + to_months({months_lost})"
    )
    result = find(results, "difference.fct_indicator_value")
    assert result.blocks is blocks
    assert result.counts == {"rows_before": 1600, "rows_now": 1600 - 80 * months_lost}


def test_a_source_that_lost_all_its_data_blocks(published: Estate) -> None:
    for link in published.lake.current(SOURCE, ENTITY, "synthetic").glob("*.parquet"):
        link.unlink()
    results = judged(published)
    assert find(results, f"difference.source.{SOURCE}").blocks


def test_a_source_that_never_had_data_does_not_block(estate: Estate) -> None:
    for link in estate.lake.current(SOURCE, ENTITY, "synthetic").glob("*.parquet"):
        link.unlink()
    result = find(judged(estate), f"difference.source.{SOURCE}")
    assert (result.passed, result.summary) == (True, "has no data yet")


# -- landing and example queries --------------------------------------------------------------------------------------


def test_a_held_file_is_told_and_does_not_block(estate: Estate) -> None:
    detail = {"origin": "synthetic"}
    Ledger(estate.lake.ledger).append(
        Entry("held", SOURCE, ENTITY, PERIOD, "https://x", "f" * 64, "too few rows", detail=detail)
    )
    results = list(audit_landing(estate.project, estate.build()))
    assert failed(results) == {f"landing.{SOURCE}.{ENTITY}.{PERIOD}"}
    assert not any(result.blocks for result in results)


@pytest.mark.parametrize(
    "sql", ["select no_such_column from dim_organisation", "select * from dim_organisation where false"]
)
def test_an_example_query_that_fails_blocks_and_one_that_finds_nothing_is_said(estate: Estate, sql: str) -> None:
    query = ExampleQuery(name="broken", question="Does this still work?", user="analyst", sql=sql)
    results = judged(estate, project=replace(estate.project, example_queries=(query,)))
    assert failed(results) == {"example_query.broken"}
    assert any(result.blocks for result in results) == ("no_such_column" in sql)


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_sealing_names_the_candidate_by_its_bytes_and_writes_the_results_into_it(estate: Estate) -> None:
    evidence = estate.judge()
    path = candidate_path(estate.lake, evidence.sha256)
    assert hash_file(path) == evidence.sha256
    assert (evidence.passed, evidence.run_id) == (True, "test")
    assert require_passing_evidence(estate.project, evidence.sha256) == evidence
    with connection(path, read_only=True) as con:
        told = con.execute("select name, passed, severity from meta.checks order by name").fetchall()
    assert told == sorted((result.name, result.passed, result.severity) for result in evidence.results)
    assert {result.evidence for result in evidence.results} == {f"build/evidence/{evidence.sha256}.json"}


def test_a_mart_edited_while_it_was_judged_is_not_sealed(estate: Estate) -> None:
    draft = estate.build()
    results = audit(estate.project, draft)
    edited(draft, "update dim_organisation set organisation_name = 'other' where organisation_code = 'Q01'")
    with pytest.raises(ReleaseError, match="a mart changed while it was judged"):
        seal(estate.project, draft, results, run_id="test")
    assert list(estate.lake.evidence.glob("*")) == []


def test_a_failing_candidate_is_kept_with_its_evidence_and_refused(estate: Estate) -> None:
    estate.change("update fct_indicator_value set value = 2 where value is not null")
    evidence = estate.judge()
    assert not evidence.passed
    assert candidate_path(estate.lake, evidence.sha256).exists()
    with pytest.raises(Refused, match="Shares lie between 0 and 1"):
        require_passing_evidence(estate.project, evidence.sha256)


def test_evidence_that_says_passed_without_a_check_that_must_be_there_is_refused(estate: Estate) -> None:
    sha256 = estate.take(1)
    require_passing_evidence(estate.project, sha256)
    path = evidence_path(estate.lake, sha256)

    def forget(content: dict[str, Any]) -> None:
        content["results"] = [r for r in content["results"] if r["name"] != "disclosure.fct_indicator_value"]

    edit_json(path, forget)
    assert json.loads(path.read_text())["passed"] is True
    with pytest.raises(Refused, match=r"disclosure\.fct_indicator_value: there is no result"):
        require_passing_evidence(estate.project, sha256)


def test_an_audit_that_gave_no_result_for_a_mart_does_not_pass(estate: Estate) -> None:
    evidence = estate.judge(change_results=lambda results: [r for r in results if r.kind != "suite"])
    assert not evidence.passed


def test_a_candidate_edited_after_it_was_sealed_is_refused(estate: Estate) -> None:
    sha256 = estate.take(1)
    with connection(candidate_path(estate.lake, sha256)) as con:
        con.execute("update fct_indicator_value set value = 0.5 where value is not null")
    with pytest.raises(Refused, match="does not hold the bytes that were audited"):
        require_passing_evidence(estate.project, sha256)


def test_evidence_of_another_candidate_is_refused(estate: Estate) -> None:
    one, other = estate.take(1), estate.take(2)
    evidence_path(estate.lake, one).replace(evidence_path(estate.lake, other))
    with pytest.raises(Refused, match="does not hold the bytes that were audited"):
        require_passing_evidence(estate.project, other)


def test_evidence_by_older_suites_is_refused(estate: Estate) -> None:
    sha256 = estate.take(1)
    body = estate.project.suites["fct_indicator_value"].model_dump()
    body["expectations"][0]["kwargs"]["max_value"] = 0.1
    suites = {**estate.project.suites, "fct_indicator_value": Suite.model_validate(body)}
    with pytest.raises(Refused, match="suites or thresholds have changed"):
        require_passing_evidence(replace(estate.project, suites=suites), sha256)


def test_a_mart_exposed_since_the_audit_has_no_evidence(estate: Estate) -> None:
    sha256 = estate.take(1)

    def expose(manifest: dict[str, Any]) -> None:
        copy = json.loads(json.dumps(manifest["nodes"][FACT]))
        manifest["nodes"]["model.tiny.mart_new"] = copy | {"name": "mart_new", "alias": "mart_new"}
        manifest["exposures"]["exposure.tiny.marts"]["depends_on"]["nodes"].append("model.tiny.mart_new")

    edit_json(estate.project.manifest, expose)
    with pytest.raises(Refused, match=r"suite\.mart_new: there is no result"):
        require_passing_evidence(estate.project, sha256)


def test_the_last_three_failures_and_the_newest_pass_are_kept(estate: Estate) -> None:
    passing = estate.take(1)
    failures = [seal(estate.project, estate.build(fingerprint_of(n)), [], run_id="test").sha256 for n in range(2, 7)]
    kept = {path.stem for path in estate.lake.evidence.glob("*.json")}
    assert kept == {passing, *failures[-3:]}
    assert {path.stem for path in estate.lake.candidates.glob("*.duckdb")} == kept
