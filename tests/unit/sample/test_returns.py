"""The sample's returns: the same bytes every time, whole files, and the story that returns_story.py tells."""

from __future__ import annotations

import collections
import csv
import datetime as dt
import hashlib
import io
import stat
from pathlib import Path

import pytest

from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.calendar import close_at, read_participants, soft_deadline
from dagster_project.sample import organisations as org
from dagster_project.sample import returns_story as story
from dagster_project.sample.returns import drop_sample_returns, sample_participants, sample_returns
from dagster_project.sample.returns_bad import bad_returns
from dagster_project.sample.returns_files import SampleReturn

BAD = frozenset(bad.sent.stem for bad in bad_returns().values())


@pytest.fixture(scope="module")
def sent() -> list[SampleReturn]:
    return list(sample_returns())


def of(
    sent: list[SampleReturn], collection: str, org_code: str, month: dt.date = story.NEWEST_MONTH
) -> list[SampleReturn]:
    key = (collection, org_code, month)
    return [one for one in sent if (one.collection_code, one.org_code, one.period_end) == key and one.stem not in BAD]


def test_the_same_files_come_out_every_time(sent: list[SampleReturn]) -> None:
    again = {name: content for one in sample_returns() for name, content in one.files().items()}
    assert again == {name: content for one in sent for name, content in one.files().items()}
    assert len({one.stem for one in sent}) == len(sent)


def test_every_manifest_describes_its_file(sent: list[SampleReturn]) -> None:
    for one in sent:
        if one.stem in BAD or (one.org_code == story.REJECTED and one.period_end == story.NEWEST_MONTH):
            continue
        (manifest,) = csv.DictReader(io.StringIO(one.manifest().decode()))
        rows = list(csv.DictReader(io.StringIO(one.data().decode())))
        counted = [row.get("pathway_count") or row.get("appointment_count") or row.get("value") for row in rows]
        total = sum(
            int(count)
            for row, count in zip(rows, counted, strict=True)
            if count and count.isdigit() and row.get("measure_code") != "EPC_GROWTH_STATED"
        )
        assert int(manifest["row_count"]) == len(rows)
        if one.collection_code in {"WL01", "OP01", "UC01"}:
            assert int(manifest["control_total"]) == total, one.stem
        assert manifest["file_sha256"] == hashlib.sha256(one.data()).hexdigest()
        assert dt.date.fromisoformat(manifest["signed_off_date"]) < one.received.date()


@pytest.mark.parametrize("collection", ["WL01", "OP01"])
def test_grouping_sets_of_true_counts_each_sum_to_the_total(sent: list[SampleReturn], collection: str) -> None:
    for one in sent:
        if one.collection_code != collection or one.disclosure_profile == "SAFE" or one.stem in BAD:
            continue
        sums: collections.Counter[tuple[object, ...]] = collections.Counter()
        for row in csv.DictReader(io.StringIO(one.data().decode())):
            outcome = row.get("wait_band") or row["attended_or_did_not_attend_code"]
            sums[row.get("rtt_part"), row["grouping_set"], outcome] += int(
                row.get("pathway_count") or row["appointment_count"]
            )
        for part, grouping_set, outcome in sums:
            assert sums[part, grouping_set, outcome] == sums[part, "G0", outcome], (one.stem, grouping_set, outcome)


def test_the_story_of_the_newest_month(sent: list[SampleReturn]) -> None:
    soft, close = soft_deadline("WL01", story.NEWEST_MONTH), close_at("WL01", story.NEWEST_MONTH)
    assert of(sent, "WL01", story.MISSING) == of(sent, "WL01", story.SUSPENDED) == []
    assert [one.submission_type for one in of(sent, "WL01", story.RESUBMITTED)] == ["P", "R", "V"]
    first, refresh, revision = of(sent, "WL01", story.RESUBMITTED)
    assert first.received < soft < refresh.received < close < revision.received
    (late,), (after,) = of(sent, "WL01", story.LATE), of(sent, "WL01", story.AFTER_CLOSE)
    assert soft < late.received < close < after.received
    (safe,) = of(sent, "WL01", story.SAFE)
    assert all(row[-1] == "[c]" or (int(row[-1] or 0) % 5 == 0 and not 0 < int(row[-1] or 0) < 8) for row in safe.rows)
    (nil,) = of(sent, "WL01", story.NIL)
    assert nil.nil_return and not nil.rows


def test_long_series_have_fourteen_months_of_which_twelve_share_their_deciles(sent: list[SampleReturn]) -> None:
    for code in story.LONG_SERIES:
        versions = collections.Counter(
            one.imd_version for one in sent if one.collection_code == "WL01" and one.org_code == code
        )
        assert versions == ({"IMD2019": 2, "IMD2025": 12} if code == "R9K" else {"IMD2025": 14})


def test_senders_are_invented_trusts_and_none_lies_in_the_future(sent: list[SampleReturn]) -> None:
    known = {trust.code for trust in org.TRUSTS}
    assert {one.org_code for one in sent if one.stem not in BAD} <= known
    assert max(one.received for one in sent) < dt.datetime.fromisoformat("2026-11-20")


def test_files_are_dropped_once_and_are_private(tmp_path: Path) -> None:
    area = ReturnsArea(tmp_path / "returns")
    data = drop_sample_returns(area)
    assert len(list(area.inbox.iterdir())) == 3 * len(data)
    assert {stat.S_IMODE(path.stat().st_mode) for path in area.inbox.iterdir()} == {0o600}
    assert read_participants(area.participants) == sample_participants()
    data[0].unlink()
    assert drop_sample_returns(area) == []
    assert not data[0].exists()
