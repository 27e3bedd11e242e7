"""Nights one after the other: what moves the published marts, and what does not."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from dagster_project.lake.paths import Lake
from dagster_project.release.dbt_artifacts import read_statuses, read_tests
from tests.end_to_end.conftest import ATTENDANCES, BAD, RENAMED, Story
from tests.warehouses import HIW, Warehouse, files_of


@pytest.fixture(scope="module")
def warehouse(story: tuple[Story, Warehouse], tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """A copy of the warehouse of two releases, for further nights."""
    told, lived = story
    assert told.good_night["exit_code"] == 0, told.good_night
    folder = tmp_path_factory.mktemp("nights")
    shutil.copytree(lived.lake, folder / "lake", symlinks=True)
    shutil.copytree(lived.settings["HIW_MIRROR"], folder / "estate")
    return Warehouse(folder / "lake", {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(folder / "estate")})


def test_a_second_night_with_nothing_new_rewrites_no_file(warehouse: Warehouse) -> None:
    """But for its alert: the story holds files back, and each night says so until they are well."""
    before = files_of(warehouse.lake)
    night = warehouse.refresh()
    assert (night["exit_code"], night["outcome"]) == (0, "nothing new")
    after = files_of(warehouse.lake)
    assert set(after) - set(before) == {f"alerts/{night['run_id']}.json"}
    assert {name: after[name] for name in before} == before


def test_seeds_and_views_that_this_project_made_are_not_built_again(story: tuple[Story, Warehouse]) -> None:
    """The good night came after a whole night of the same project. Tests are asked all the same: those of gate 2's list, and no others."""
    target = Lake(story[1].lake).build / "dbt"
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    built = [name for name in read_statuses(target / "run_results.json") if name in nodes]
    assert {nodes[name]["config"]["materialized"] for name in built} == {"table", "by_part", "test"}
    asked = {name for name in built if nodes[name]["resource_type"] == "test"}
    assert asked == {test.unique_id for test in read_tests(target / "manifest.json")}


def test_a_broken_vintage_is_held_and_named_and_the_mended_one_publishes(story: tuple[Story, Warehouse]) -> None:
    told, warehouse = story
    assert told.bad_night["outcome"] == "nothing new"
    assert told.published_stayed
    named = [check for check in told.bad_night["failed_checks"] if "clean_nhse_ae.parsed_whole" in check]
    assert named, told.bad_night["failed_checks"]
    assert "do not sum to the TOTAL row" in named[0]
    assert "revised" in named[0]
    (said,) = [p for p in told.bad_night["problems"] if p["where"] == "clean_nhse_ae, check parsed_whole"]
    assert "do not sum to the TOTAL row" in said["sentence"] and ". Next: " in said["sentence"]
    alert = json.loads((warehouse.lake / "alerts" / f"{told.bad_night['run_id']}.json").read_text(encoding="utf-8"))
    assert alert["succeeded"] is True and said in alert["problems"]
    (held,) = [
        problem for problem in told.bad_status["problems"] if problem.startswith("nhse_ae monthly is held since 20")
    ]
    assert "do not sum to the TOTAL row" in held and not told.bad_status["fresh"]

    assert (told.good_night["exit_code"], told.good_night["outcome"]) == (0, "published")
    assert told.good_night["release"] != told.release_before
    assert warehouse.one(ATTENDANCES) == told.attendances_before + 100
    assert not [check for check in told.good_night["failed_checks"] if "clean_nhse_ae.parsed_whole" in check]


def test_a_file_with_an_unknown_label_is_held_and_everything_else_is_published(story: tuple[Story, Warehouse]) -> None:
    told, warehouse = story
    assert (told.good_night["outcome"], told.good_night["failed_steps"]) == ("published", [])
    (held,) = [check for check in told.good_night["failed_checks"] if "clean_nhse_wlmds.landing_suite" in check]
    assert "WLMDS-Demographics-Specialty-" in held
    assert f"treatment_function_name: an unknown label: '{RENAMED[1]}'" in held
    assert "dbt/seeds/waiting_list/treatment_functions.csv" in held
    orthopaedics = "indicator_id = 'wlmds_waiting' and treatment_function_code = 'C_110' and dimension = 'imd_decile'"
    assert warehouse.one(f"select count(*) from fct_indicator_value where {orthopaedics}") > 0, (
        "the last good vintage stays"
    )


OF_THE_BAD = (
    "select source_id, count(*), sum(hash(indicator_id, standardisation, organisation_code, period_end, dimension, group_code, "
    "geography_basis, treatment_function_code, value, numerator, denominator, value_status)::hugeint) from fct_indicator_value "
    f"where source_id in ({', '.join(repr(source) for source, _ in BAD)}, 'nhse_wlmds') group by 1 order by 1"
)


def test_bad_files_of_five_publishers_are_held_by_name_and_their_figures_stay(
    story: tuple[Story, Warehouse], sample_warehouse: Warehouse
) -> None:
    told, warehouse = story
    assert len(told.damaged) == len(BAD)
    for source, file in told.damaged.items():
        held = [check for check in told.good_night["failed_checks"] if f"clean_{source}." in check]
        assert any(file in check for check in held), (file, told.good_night["failed_checks"])
    still = {problem.partition(" is held since ")[0]: problem for problem in told.good_status["problems"]}
    assert set(still) == {"nhse_wlmds specialty", *map(" ".join, BAD)}
    assert "an unknown label" in still["nhse_wlmds specialty"]
    figures = warehouse.query(OF_THE_BAD)
    assert len(figures) == len(BAD) + 1 and figures == sample_warehouse.query(OF_THE_BAD)


def test_an_implausible_row_is_named_by_gate_1_and_nothing_moves(warehouse: Warehouse) -> None:
    published, estate = files_of(warehouse.lake / "published"), Path(warehouse.settings["HIW_MIRROR"])
    month = next((estate / "www.england.nhs.uk").rglob("October-2025-CSV-*.csv"))
    original = month.read_bytes()
    lines = original.decode("utf-8-sig").splitlines()
    header, place = lines[0].split(","), lines[0].split(",").index("Attendances over 4hrs Type 1")
    row = next(n for n, line in enumerate(lines) if line.split(",")[1] == "R9A")
    total = next(n for n, line in enumerate(lines) if line.upper().count("TOTAL") >= 3)
    cells, sums = lines[row].split(","), lines[total].split(",")
    assert len(cells) == len(header)
    cells[place], sums[place] = str(int(cells[place]) + 10_000_000), str(int(sums[place]) + 10_000_000)
    lines[row], lines[total] = ",".join(cells), ",".join(sums)
    month.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")

    night = warehouse.refresh()
    month.write_bytes(original)
    held = [check for check in night["failed_checks"] if "clean_nhse_ae.landing_suite" in check]
    assert held, night["failed_checks"]
    assert "rows: R9A" in held[0]
    (said,) = [p for p in night["problems"] if p["where"] == "clean_nhse_ae, check landing_suite"]
    assert "rows: R9A" in said["sentence"]
    assert files_of(warehouse.lake / "published") == published


def test_publish_started_alone_on_a_candidate_without_evidence_is_refused(warehouse: Warehouse) -> None:
    published = files_of(warehouse.lake / "published")
    candidate = next((warehouse.lake / "build" / "candidates").glob("*.duckdb"))
    evidence = warehouse.lake / "build" / "evidence" / f"{candidate.stem}.json"
    kept = evidence.read_bytes()
    evidence.unlink()
    by_hand = warehouse.hiw("publish", candidate.stem)
    evidence.write_bytes(kept)
    assert by_hand.returncode == 1
    assert "evidence" in by_hand.stderr
    assert files_of(warehouse.lake / "published") == published


def test_a_night_without_any_publisher_runs_from_what_is_kept(warehouse: Warehouse, tmp_path: Path) -> None:
    empty = tmp_path / "nothing"
    empty.mkdir()
    shutil.copy(Path(warehouse.settings["HIW_MIRROR"]) / "SYNTHETIC.txt", empty)
    down = Warehouse(warehouse.lake, {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(empty)})
    night = down.refresh()
    assert night["exit_code"] == 0
    assert len([check for check in night["failed_checks"] if "publisher_reachable" in check]) >= 5
    offline = Warehouse(warehouse.lake, down.settings | {"HIW_OFFLINE": "true"}).refresh()
    assert offline["exit_code"] == 0
    assert not [check for check in offline["failed_checks"] if "publisher_reachable" in check]


def test_a_night_killed_with_9_never_makes_the_next_one_wait(warehouse: Warehouse) -> None:
    published = files_of(warehouse.lake / "published")
    killed = subprocess.Popen(
        [HIW, "refresh"], env=warehouse.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    lock, deadline = warehouse.lake / "dagster" / "last_night.log", time.monotonic() + 60
    begun = lock.stat().st_mtime_ns
    while lock.stat().st_mtime_ns == begun and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    assert killed.poll() is None, "the night was over before it could be killed"
    killed.kill()
    killed.wait()
    night = warehouse.refresh()
    assert (night["exit_code"], night["outcome"]) == (0, "nothing new")
    assert len(night["reaped_runs"]) == 1
    assert files_of(warehouse.lake / "published") == published


def test_rollback_goes_back_to_the_release_before_and_forward_again(warehouse: Warehouse) -> None:
    releases = json.loads(warehouse.hiw("releases", "--json").stdout)
    assert len(releases) >= 2
    back = warehouse.hiw("rollback", "--json")
    assert back.returncode == 0, back.stderr
    assert json.loads(back.stdout)["release"] == releases[-2]["release"]
    forward = warehouse.hiw("rollback", releases[-1]["release"], "--json")
    assert forward.returncode == 0, forward.stderr
    assert json.loads(warehouse.hiw("status", "--json").stdout)["release"] == releases[-1]["release"]


def test_every_published_row_of_the_sample_estate_says_synthetic(sample_warehouse: Warehouse) -> None:
    tables = sample_warehouse.query(
        "select table_name from duckdb_columns() where schema_name = 'main' and column_name = 'data_origin' order by all"
    )
    assert len(tables) >= 8
    for (table,) in tables:
        origins = sample_warehouse.query(f'select distinct data_origin from "{table}"')
        assert origins == [("synthetic",)], table


def test_the_error_of_a_wrong_setting_says_what_and_where(tmp_path: Path) -> None:
    wrong = Warehouse(tmp_path / "lake", {"HIW_SOURCES": "mirror", "HIW_MIRROR": str(tmp_path / "absent")})
    finished: subprocess.CompletedProcess[str] = wrong.hiw("status")
    assert finished.returncode == 2
    assert "HIW_MIRROR" in finished.stderr
