"""What Dagster sees, as a list that a reviewer can read: assets, checks and which of them block, the job, the schedule."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from dagster_project.assets.release import exposed_models
from dagster_project.assets.returns import CHECKS as RETURNS_CHECKS
from dagster_project.assets.sources import CHECKS, MONTHS
from dagster_project.contracts.source import load_sources
from dagster_project.definitions import build_definitions
from dagster_project.jobs import NIGHT_TAGS
from dagster_project.lake.run import Run
from dagster_project.release.dbt_artifacts import read_tests
from dagster_project.settings import Settings
from dagster_project.transform.dbt import DBT_PROJECT
from dagster_project.transform.engine import SEEDS
from dagster_project.transform.facts import READ, engine_models

BLOCKING = {"dbt", "reconciliation", "disclosure", "difference", "example_query", "suites"}
SUBJECTS = DBT_PROJECT / "macros" / "activity" / "subjects.sql"
DAYS_OF_CLOCK_CHANGES = (dt.date(2027, 3, 28), dt.date(2027, 10, 31))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run.of(Settings(data_lake=tmp_path_factory.mktemp("definitions"), sources="sample"))


@pytest.fixture(scope="module")
def definitions(run: Run) -> dg.Definitions:
    return build_definitions(run)


@pytest.fixture(scope="module")
def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_every_source_has_a_raw_and_a_clean_asset_and_the_end_is_the_published_marts(
    specs: dict[str, dg.AssetSpec],
) -> None:
    wanted = {f"{layer}_{slug}" for slug in load_sources() for layer in ("raw", "clean")}
    assert wanted <= set(specs)
    assert {"release_candidate", "published_marts"} <= set(specs)
    assert [d.asset_key.to_user_string() for d in specs["published_marts"].deps] == ["release_candidate"]


def test_every_asset_says_what_it_is_whose_it_is_and_where_it_stands(specs: dict[str, dg.AssetSpec]) -> None:
    for name, spec in specs.items():
        assert spec.description and len(spec.description) > 10, name
        assert spec.owners, name
        assert spec.group_name in {
            "raw",
            "clean",
            "staging",
            "intermediate",
            "marts",
            "reference",
            "release",
            "returns",
        }, name
        assert spec.kinds, name
        restricted = "_returns__" in name or name in {"clean_returns", "returns_received", "returns_by_period"}
        assert spec.tags.get("sensitivity") == ("restricted" if restricted else "public"), name


def test_what_the_models_of_the_engine_read_is_handed_to_it(run: Run, definitions: dg.Definitions) -> None:
    """Seeds and the returns alone, by models that can be built there before anything is built here."""
    manifest = run.lake.dbt_target / "manifest.json"
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    built = engine_models(manifest)
    found, waiting = set[str](), {key for key, node in nodes.items() if node["name"] in built}
    assert len(waiting) == 3
    while waiting:
        found.add(key := waiting.pop())
        waiting |= set(nodes[key]["depends_on"].get("nodes", ())) - found if key in nodes else set()
    named = {kind: {key.split(".")[-1] for key in found if key.startswith(f"{kind}.")} for kind in ("seed", "source")}
    assert named == {"seed": set(SEEDS), "source": set(READ)}
    assert {key.split(".")[2] for key in found if key.startswith("source.")} == {"returns"}


def test_the_candidate_is_made_of_what_the_exposures_list_and_nothing_else(
    specs: dict[str, dg.AssetSpec], run: Run
) -> None:
    marts = set(exposed_models(run.lake.dbt_target / "manifest.json"))
    assert {dep.asset_key.to_user_string() for dep in specs["release_candidate"].deps} == marts
    assert {
        "mart_waiting_list",
        "mart_outpatients",
        "mart_urgent_care",
        "mart_data_quality",
        "fct_indicator_value",
    } <= marts


def test_gate_2_blocks_and_gate_1_does_not(definitions: dg.Definitions, run: Run) -> None:
    graph = definitions.resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    marts = exposed_models(run.lake.dbt_target / "manifest.json")
    gate_2 = {spec.name for spec in specs if spec.asset_key == dg.AssetKey("release_candidate") and spec.blocking}
    assert gate_2 == BLOCKING
    assert {spec.asset_key.to_user_string() for spec in specs if spec.name == "suite"} == set(marts)
    gate_1 = [spec for spec in specs if spec.asset_key.to_user_string().startswith(("raw_", "clean_"))]
    assert len(gate_1) == 7 * len(load_sources())
    assert not any(spec.blocking for spec in gate_1)


def test_every_check_of_dbt_is_asked_by_the_night(definitions: dg.Definitions, run: Run) -> None:
    """A check that no night asks would wait for its result for ever, and the run would warn of it."""
    graph = definitions.resolve_asset_graph()
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    of_dbt = {spec.metadata["dagster_dbt/unique_id"] for spec in specs if "dagster_dbt/unique_id" in spec.metadata}
    assert of_dbt
    assert of_dbt <= {test.unique_id for test in read_tests(run.lake.dbt_target / "manifest.json")}


def test_sources_with_months_have_monthly_partitions_that_one_run_back_fills(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for slug, source in load_sources().items():
        node = graph.get(dg.AssetKey(f"raw_{slug}"))
        assert (node.partitions_def is not None) == (source.monthly_partitions_from is not None), slug
        if node.partitions_def is not None:
            assert node.backfill_policy == dg.BackfillPolicy.single_run()
            assert node.partitions_def == MONTHS
            # three clicks: the link on a failed check (BACKFILL_PAGE), Materialize, Launch
            job = definitions.resolve_job_def(f"backfill_{slug}")
            assert job.partitions_def == MONTHS
            assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == {
                f"raw_{slug}",
                f"clean_{slug}",
            }
            assert dict(job.run_tags) | NIGHT_TAGS == dict(job.run_tags)


def test_the_first_check_of_a_source_in_the_order_of_the_pages_is_one_that_can_fail_it() -> None:
    first = {layer: min(checks) for layer, checks in CHECKS.items()}
    assert first == {"raw": "files_accepted", "clean": "landing_suite"}
    assert min(RETURNS_CHECKS) == "contents_without_identifiers"
    assert all(text.endswith(".") for checks in CHECKS.values() for text in checks.values())


def test_the_night_is_one_schedule_at_two_in_london_that_fires_once_when_the_clocks_change(
    definitions: dg.Definitions,
) -> None:
    schedule = definitions.resolve_schedule_def("nightly_refresh_at_two")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Europe/London")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    for day in DAYS_OF_CLOCK_CHANGES:
        midnight = dt.datetime.combine(day, dt.time(), ZoneInfo("Europe/London"))
        found = list(islice(schedule_ticks(schedule, midnight), 2))
        assert [tick.date() for tick in found] == [day, day + dt.timedelta(days=1)]
        assert all(tick.hour == 2 for tick in found)


def schedule_ticks(schedule: dg.ScheduleDefinition, start: dt.datetime) -> Iterator[dt.datetime]:
    """Dagster's own iterator over the ticks of a schedule."""
    from dagster._utils.schedules import schedule_execution_time_iterator

    return schedule_execution_time_iterator(start.timestamp(), str(schedule.cron_schedule), schedule.execution_timezone)


def test_a_failed_night_raises_an_alarm(definitions: dg.Definitions) -> None:
    sensor = definitions.resolve_sensor_def("alert_on_failure")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


def test_the_shipped_instance_sends_nothing_and_runs_one_night_at_a_time() -> None:
    import yaml

    shipped = yaml.safe_load(
        (Path(__file__).parents[2] / "dagster_project" / "dagster.yaml").read_text(encoding="utf-8")
    )
    assert shipped["telemetry"] == {"enabled": False}
    assert shipped["concurrency"]["runs"]["tag_concurrency_limits"] == [
        {"key": "duckdb", "value": "warehouse", "limit": 1}
    ]
    assert shipped["run_monitoring"]["enabled"]
    assert shipped["retention"]["schedule"]["purge_after_days"]


def test_returns_come_in_before_the_models_in_the_night_and_on_their_own_when_a_file_lies_in_the_inbox(
    definitions: dg.Definitions,
) -> None:
    night = definitions.resolve_job_def("nightly_refresh").dependencies
    needed = {source.node for node, inputs in night.items() if node.name == "dbt_models" for source in inputs.values()}
    assert "returns" in needed
    sensor = definitions.resolve_sensor_def("returns_inbox")
    assert (sensor.default_status, sensor.job_name) == (dg.DefaultSensorStatus.RUNNING, "returns_intake")
    partitions = definitions.resolve_asset_graph().get(dg.AssetKey("returns_by_period")).partitions_def
    assert isinstance(partitions, dg.DynamicPartitionsDefinition)


@pytest.mark.usefixtures("definitions")
def test_a_table_made_by_part_reads_nothing_that_its_parts_do_not_name(run: Run) -> None:
    """What it reads besides (seeds, views of staging) changes with the project, or with the files that its parts are made of."""
    manifest = json.loads((run.lake.dbt_target / "manifest.json").read_text(encoding="utf-8"))
    nodes, ours = manifest["nodes"], {one["name"]: one["macro_sql"] for one in manifest["macros"].values()}
    made_by_part = [node for node in nodes.values() if node["config"].get("materialized") == "by_part"]
    assert len(made_by_part) >= 3
    for node in made_by_part:
        macros = {name: text for name, text in ours.items() if "_parts" in name or name.startswith("parts_")}
        (until,) = re.findall(r"^(.*wanted_parts\(.*?\)) %}", node["raw_code"], re.DOTALL)
        texts, called = [until], set(re.findall(r"(\w+)\(", until)) & set(macros)
        while called:  # also what the macros name that it calls there, such as parts_beside_england
            texts.append(macros.pop(called.pop()))
            called = {name for text in texts for name in re.findall(r"(\w+)\(", text)} & set(macros)
        named = {name for text in texts for name in re.findall(r"ref\(\"(\w+)\"\)", text)}
        if "ref(model)" in until:
            named |= set(re.findall(r"\"(int_\w+)\"", SUBJECTS.read_text(encoding="utf-8")))
        for above in (nodes[name] for name in node["depends_on"]["nodes"]):
            is_staging = above["fqn"][1] == "staging" and above["config"]["materialized"] == "view"
            assert above["resource_type"] == "seed" or is_staging or above["name"] in named, (
                f"{node['name']} reads {above['name']}: name it in made_of (dbt/macros/materializations/by_part.sql)"
            )
