"""Intake: what comes in is kept as it came, judged, answered and taken into the clean tables; the register tells of it."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import os
import shutil
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dagster_project.lake.files import hash_file
from dagster_project.lake.paths import Lake
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.calendar import close_at
from dagster_project.returns.clean_tables import load_clean_tables, write_empty_returns
from dagster_project.sample.returns_files import SampleReturn
from dagster_project.settings import PROJECT_ROOT
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.returns_inbox import (
    COUNTS,
    MOMENT,
    MONTH,
    drop,
    drop_bytes,
    last_month,
    left_in_inbox,
    open_modes,
    receipts,
    rows_of,
    take_in,
    wl01,
)

IN_USE = PROJECT_ROOT / "dbt" / "models" / "intermediate" / "returns" / "int_returns__ranked.sql"


def kept_files(lake: Lake) -> dict[str, bytes]:
    """Name -> content of every original that is kept."""
    root = ReturnsArea.of(lake).received_root
    return {p.name: p.read_bytes() for p in root.rglob("*") if p.is_file() and not p.name.endswith(".json")}


def test_a_good_return_is_kept_as_it_came_and_its_rows_are_in_the_clean_tables(lake: Lake) -> None:
    sent = wl01()
    drop(lake, sent)
    report = take_in(lake)
    assert report.count("accepted", "accepted_with_warnings") == 1 and report.partitions == ["WL01|2026-10"]
    assert kept_files(lake) == {f"{sent.stem}.csv": sent.data(), f"{sent.stem}.manifest.csv": sent.manifest()}
    (receipt,) = receipts(lake)
    accepted = ReturnsArea.of(lake).accepted("WL01", receipt.submission_id)
    described = duckdb.execute("describe select * from read_parquet(?)", [str(accepted)]).fetchall()
    assert {row[0]: row[1] for row in described} == load_clean_tables()["wl01"]
    rows = rows_of(lake, "wl01", "pathway_count, wait_band")
    assert sorted(rows) == sorted((row[-1], row[-2]) for row in sent.rows)
    assert left_in_inbox(lake) == []


def test_the_row_of_the_submission_says_what_the_tracker_needs(lake: Lake) -> None:
    drop(lake, wl01(received=MOMENT))
    take_in(lake)
    (row,) = rows_of(
        lake, "submission", "submission_id, org_code, period_end, submission_type, sequence_no, received_at"
    )
    (receipt,) = receipts(lake)
    assert row == (receipt.submission_id, "R9A", MONTH, "P", 1, MOMENT)
    assert receipt.submission_id == f"WL01_R9A_2026-10_P01_{receipt.file_sha256[:8]}"
    counts = rows_of(lake, "submission", "row_count, rows_accepted, rows_quarantined, route, data_origin, nil_return")
    assert counts == [(24, 24, 0, "inbox", "synthetic", False)]


def test_what_is_published_on_the_day_is_told_to_the_sender_and_changes_nothing_that_is_kept(tmp_path: Path) -> None:
    """W05 is asked again in every build (int_returns__far_from_published)."""
    before, after = Lake(tmp_path / "before"), Lake(tmp_path / "after")
    after.published.mkdir(parents=True)
    duckdb.connect(str(after.marts)).execute(
        f"""create table fct_indicator_value as select 'rtt_waiting' as indicator_id, 'R9A' as organisation_code,
        date '{MONTH}' as period_end, 'all' as treatment_function_code, 'all' as dimension, 'as_reported' as geography_basis,
        'published' as value_status, 2 * {sum(COUNTS)}e0 as numerator"""
    ).close()
    told, kept = {}, {}
    for one in (before, after):
        drop(one, wl01(received=MOMENT))
        take_in(one)
        (answer,) = ReturnsArea.of(one).answers("R9A").glob("*.json")
        findings = json.loads(answer.read_text(encoding="utf-8"))["findings"]
        told[one] = [finding["rule"] for finding in findings if not finding["not_checked"]]
        (receipt,) = receipts(one)
        kept[one] = (receipt.outcome, receipt.warned_rules, rows_of(one, "submission"))
    assert "W05" in told[after] and "W05" not in told[before]
    assert kept[before] == kept[after] and "W05" not in str(kept[after])


def test_a_real_sender_cannot_say_when_the_file_came(lake: Lake) -> None:
    (path,) = drop(lake, wl01(month=last_month(), received=dt.datetime.fromisoformat("2016-01-04T09:00:00")))
    os.utime(path, (0, 0))
    take_in(lake, "published")
    ((received, origin),) = rows_of(lake, "submission", "received_at, data_origin")
    assert abs(received - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(minutes=5)
    assert origin == "return"


def test_a_workbook_brings_its_manifest_with_it(lake: Lake) -> None:
    sent = wl01()

    def fill(book: Any, sheet: Any) -> None:
        for number, row in enumerate([sent.header, *sent.rows]):
            sheet.write_row(number, 0, row)
        manifest = book.add_worksheet("manifest")
        lines = sent.manifest().decode("utf-8-sig").splitlines()
        cells = [line.split(",") for line in lines]
        named = dict(zip(*cells, strict=True)) | {"file_name": f"{sent.stem}.xlsx", "file_sha256": ""}
        manifest.write_row(0, 0, list(named))
        manifest.write_row(1, 0, list(named.values()))

    drop_bytes(lake, f"{sent.stem}.xlsx", planted.plain(fill))
    report = take_in(lake)
    assert [receipt.outcome for receipt in report.receipts] in (["accepted"], ["accepted_with_warnings"]), [
        vars(receipt) for receipt in report.receipts
    ]
    assert sorted(rows_of(lake, "wl01", "pathway_count")) == sorted((row[-1],) for row in sent.rows)


def test_the_same_submission_again_changes_nothing_and_is_answered_with_the_day(lake: Lake) -> None:
    sent = wl01(received=MOMENT)
    drop(lake, sent)
    take_in(lake)
    before = _state(lake)
    drop(lake, sent)
    report = take_in(lake)
    assert report.receipts == [] and report.repeats == [f"{sent.stem}.csv: already received 2026-11-12"]
    assert _state(lake) == before and left_in_inbox(lake) == []


def test_the_same_rows_with_a_mended_manifest_are_another_submission(lake: Lake) -> None:
    wrong = wl01(overrides=(("control_total", "1"),))
    drop(lake, wrong)
    assert take_in(lake).count("rejected") == 1
    drop(lake, wl01())
    assert take_in(lake).count("accepted", "accepted_with_warnings") == 1
    assert len(rows_of(lake, "wl01")) == 24
    assert [row[0] for row in rows_of(lake, "submission", "verdict")] != ["rejected"]


def test_a_file_refused_for_its_name_is_judged_when_it_comes_under_the_right_one(lake: Lake) -> None:
    content = planted.plain()
    drop_bytes(lake, "waiting list.xlsx", content)
    assert take_in(lake).count("refused") == 1
    drop_bytes(lake, f"{wl01().stem}.xlsx", content)
    report = take_in(lake)
    assert report.repeats == [] and report.count("rejected") == 1
    drop_bytes(lake, f"{wl01().stem}.xlsx", content)
    assert len(take_in(lake).repeats) == 1


def test_a_rejected_file_is_kept_with_its_verdict_and_gives_no_rows(lake: Lake) -> None:
    sent = wl01(overrides=(("control_total", "1"),))
    drop(lake, sent)
    take_in(lake)
    assert kept_files(lake)[f"{sent.stem}.csv"] == sent.data()
    assert rows_of(lake, "submission", "verdict, failed_rules, rows_accepted") == [("rejected", "C02", 0)]
    assert rows_of(lake, "wl01") == []
    (receipt,) = ReturnsArea.of(lake).received_root.rglob("receipt.json")
    said = json.loads(receipt.read_text(encoding="utf-8"))
    assert said["outcome"] == "rejected" and {finding["rule"] for finding in said["findings"]} >= {"C02"}


def test_a_row_set_aside_stands_in_the_quarantine_with_its_rule(lake: Lake) -> None:
    sent = wl01()
    rows = [(*row[:8], "Q", *row[9:]) if index == 1 else row for index, row in enumerate(sent.rows)]
    drop(lake, SampleReturn(**(vars(sent) | {"rows": rows})))
    take_in(lake)
    (receipt,) = receipts(lake)
    path = ReturnsArea.of(lake).quarantined("WL01", receipt.submission_id)
    found = duckdb.execute("select row_number, rules from read_parquet(?)", [str(path)]).fetchall()
    assert (2, "C08") in found
    ((accepted, aside),) = rows_of(lake, "submission", "rows_accepted, rows_quarantined")
    assert aside == len(found) and accepted == len(rows_of(lake, "wl01"))


def test_answers_lie_in_the_folder_of_the_trust_and_name_the_rule_that_was_broken(lake: Lake) -> None:
    drop(lake, wl01(), wl01("R9B", overrides=(("control_total", "1"),)))
    take_in(lake)
    good = [path.suffix for path in sorted(ReturnsArea.of(lake).answers("R9A").iterdir())]
    bad = sorted(ReturnsArea.of(lake).answers("R9B").iterdir())
    assert good == [".html", ".json"] and [path.suffix for path in bad] == [".html", ".json", ".xlsx"]
    assert "C02" in bad[0].read_text(encoding="utf-8")
    assert json.loads(bad[1].read_text(encoding="utf-8"))["outcome"] == "rejected"


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_read_anything_whatever_the_umask(lake: Lake, umask: int) -> None:
    before = os.umask(umask)
    try:
        drop(lake, wl01(), wl01("R9B", overrides=(("control_total", "1"),)))
        drop_bytes(lake, "letter.csv", b"a,b\n1,2\n")
        take_in(lake)
        write_empty_returns(ReturnsArea.of(lake))
    finally:
        os.umask(before)
    root = ReturnsArea.of(lake).root
    assert open_modes(root) == [] and root.stat().st_mode & 0o077 == 0


# -- the order of arrival ----------------------------------------------------------------------------------------------

CLOSE = close_at("WL01", MONTH)


def five() -> list[SampleReturn]:
    """P1, P2 (more), R3, a rejected R4, and V5 after the close; each with other counts, the moments fixed."""
    counts = [(*COUNTS[:-1], last) for last in (2, 4, 6, 10, 12)]
    early = CLOSE - dt.timedelta(days=4)
    return [
        wl01(number=1, counts=counts[0], received=early),
        wl01(number=2, counts=counts[1], received=early + dt.timedelta(hours=1)),
        wl01(number=3, kind="R", counts=counts[2], received=early + dt.timedelta(hours=2)),
        wl01(number=4, kind="R", counts=counts[3], received=CLOSE, overrides=(("control_total", "1"),)),
        wl01(number=5, kind="V", counts=counts[4], received=CLOSE + dt.timedelta(days=30)),
    ]


def in_use(lake: Lake) -> tuple[list[Any], str]:
    """The rule of dbt on the clean tables: submissions in use, and the hash of their rows."""
    area = ReturnsArea.of(lake)
    write_empty_returns(area)
    _write_close(area)
    jinja = jinja2.Environment(autoescape=False)
    template = jinja.from_string(IN_USE.read_text(encoding="utf-8"))
    tables = {
        f"stg_returns__{name}": f"read_parquet('{area.clean(name)}/*.parquet', union_by_name = true)"
        for name in load_clean_tables()
    }
    sql = template.render(
        ref=lambda model: f"(select * from {tables[model]})",
        env_var=lambda name, default="": "synthetic",
        config=lambda **options: "",
    )
    used = duckdb.execute(f"select submission_id, is_revised from ({sql}) where is_in_use order by all").fetchall()
    ids = [one[0] for one in used]
    rows = duckdb.execute(
        f"select * exclude (submission_id) from {tables['stg_returns__wl01']} where submission_id in (select unnest(?)) order by all",
        [ids],
    ).fetchall()
    return used, json.dumps(rows, default=str)


def _write_close(area: ReturnsArea) -> None:
    duckdb.execute(
        f"""copy (select 'WL01' as collection_code, 'R9A' as org_code, date '2026-10-01' as period_start,
        date '{MONTH}' as period_end, timestamp '{CLOSE}' as soft_deadline, timestamp '{CLOSE}' as close_at,
        false as suspended, cast(null as varchar) as suspension_url)
        to '{area.clean("expected") / "expected.parquet"}' (format parquet)"""
    )


def _state(lake: Lake) -> dict[str, str]:
    root = ReturnsArea.of(lake).root
    return {str(p.relative_to(root)): hash_file(p) for p in sorted(root.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def arrivals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`arrivals(nights)`: a lake after nights that each bring some of the five; what is in use then."""
    numbers = itertools.count()
    root = tmp_path_factory.mktemp("arrivals")

    def run(nights: tuple[tuple[int, ...], ...]) -> tuple[list[Any], str]:
        lake, sent = Lake(root / str(next(numbers))), five()
        for night in nights:
            drop(lake, *(sent[number] for number in night))
            take_in(lake)
        result = in_use(lake)
        shutil.rmtree(lake.root)
        return result

    yield cache(run)


@st.composite
def nights(draw: st.DrawFn) -> tuple[tuple[int, ...], ...]:
    """The five in any order, cut into nights, some of them sent again later."""
    order = draw(st.permutations(range(5)))
    cuts = sorted(draw(st.sets(st.integers(1, 4))))
    parts = [tuple(order[start:end]) for start, end in pairwise([0, *cuts, 5])]
    again = draw(st.lists(st.integers(0, 4), max_size=2, unique=True))
    return (*parts, tuple(again))


ONE_BY_ONE = tuple((number,) for number in range(5))


@settings(max_examples=12)
@given(nights())
@example(tuple((number,) for number in reversed(range(5))))
@example((tuple(range(5)),))
def test_every_order_of_arrival_gives_the_same_rows_in_use(arrivals: Any, sent: tuple[tuple[int, ...], ...]) -> None:
    used, rows = arrivals(sent)
    assert (used, rows) == arrivals(ONE_BY_ONE)
    assert len(used) == 1 and used[0][0].startswith("WL01_R9A_2026-10_V05_") and used[0][1] is True


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
def test_before_the_revision_the_refresh_is_in_use_in_every_order(arrivals: Any, order: tuple[int, ...]) -> None:
    ((submission, is_revised),), _ = arrivals(tuple((number,) for number in order))
    assert submission.startswith("WL01_R9A_2026-10_R03_") and is_revised is False


def test_a_lower_number_that_comes_late_is_kept_and_a_used_number_with_other_rows_is_refused(lake: Lake) -> None:
    first, second = five()[:2]
    drop(lake, second)
    take_in(lake)
    drop(lake, first)
    assert take_in(lake).count("accepted", "accepted_with_warnings") == 1
    drop(lake, wl01(number=2, counts=(*COUNTS[:-1], 14), received=second.received))
    assert take_in(lake).count("rejected") == 1
    assert receipts(lake)[-1].failed_rules == "C06"
    assert len(rows_of(lake, "submission")) == 3
    assert Path(ReturnsArea.of(lake).register).read_text(encoding="utf-8").count("\n") == 3
