"""The ledger: what was appended is read back in order, whatever a kill cut off, and nothing is written twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lake.files import LakeError
from dagster_project.lake.ledger import Entry, Ledger

ENTRIES = st.builds(
    Entry,
    event=st.sampled_from(["seen", "kept", "refused", "parsed", "held", "accepted", "missing"]),
    source=st.sampled_from(["nhse_ae", "nhse_rtt"]),
    entity=st.just("monthly"),
    period=st.sampled_from(["2026-01", "fy2023-24"]),
    address=st.sampled_from(["https://a/1.csv", "https://a/2.csv"]),
    sha256=st.sampled_from(["", "a" * 64, "b" * 64]),
    reason=st.text(max_size=12) | st.sampled_from(["line\nbreak", "\u2028", "’ Ã©", '"quoted"', "\x00"]),
    detail=st.dictionaries(st.sampled_from(["parser", "suite", "revision"]), st.text(max_size=4), max_size=3),
)


def told(entries: list[Entry]) -> list[tuple[object, ...]]:
    """Everything but the time."""
    return [(*entry.sameness, tuple(sorted(entry.detail.items()))) for entry in entries]


@given(entries=st.lists(ENTRIES, max_size=6), more=st.lists(ENTRIES, max_size=3), cut=st.integers(0, 10_000))
def test_ledger_cut_at_any_byte_reads_as_its_whole_lines_and_goes_on(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], more: list[Entry], cut: int
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    ledger = Ledger(path)
    for entry in entries:
        ledger.append(entry)
    written = path.read_bytes() if entries else b""
    kept = written[: cut % (len(written) + 1)]
    path.write_bytes(kept)
    whole = kept.count(b"\n")
    assert told(list(ledger.entries())) == told(entries[:whole])
    for entry in more:
        ledger.append(entry)
    assert told(list(ledger.entries())) == told(entries[:whole] + more)
    assert all(json.loads(line)["at"] for line in path.read_bytes().splitlines() if more)


@given(entries=st.lists(ENTRIES, max_size=8))
def test_asking_twice_writes_once_and_the_newest_answer_stays_the_newest(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.jsonl")
    for entry in entries:
        ledger.append_if_new(entry)
        assert not ledger.append_if_new(entry), "the same thing was written twice in a row"
        alike = [known for known in ledger.entries() if known.question == entry.question]
        assert alike[-1].sameness == entry.sameness


@given(entries=st.lists(ENTRIES, min_size=1, max_size=6), place=st.integers(0, 5))
def test_two_writers_that_take_turns_lose_nothing(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Entry], place: int
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    writers = (Ledger(path), Ledger(path))
    for number, entry in enumerate(entries):
        writers[(number + place) % 2].append(entry)
    assert told(list(writers[0].entries())) == told(entries)


def entry(event: str, sha256: str = "a" * 64, **detail: str) -> Entry:
    return Entry(event, "nhse_ae", "monthly", "2026-01", "https://a/1.csv", sha256, detail=detail)  # type: ignore[arg-type]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "folder" / "ledger.jsonl")


def test_no_ledger_is_an_empty_one(ledger: Ledger) -> None:
    assert list(ledger.entries()) == []


def test_address_that_flaps_is_written_down_each_time(ledger: Ledger) -> None:
    contents = ["a" * 64, "b" * 64, "a" * 64, "a" * 64]
    assert [ledger.append_if_new(entry("seen", sha256)) for sha256 in contents] == [True, True, True, False]


def test_verdict_that_returns_after_another_is_written_down_again(ledger: Ledger) -> None:
    """Accepted, held by a stricter look, accepted again: the last line must be the last verdict."""
    assert ledger.append_if_new(entry("accepted", parser="p", suite="s"))
    assert ledger.append_if_new(entry("held", parser="p", suite="s"))
    assert ledger.append_if_new(entry("accepted", parser="p", suite="s"))
    assert [known.event for known in ledger.entries()] == ["accepted", "held", "accepted"]


@pytest.mark.parametrize("changed", [{"parser": "new", "suite": "s"}, {"parser": "p", "suite": "new"}])
def test_same_verdict_under_other_rules_is_another_verdict(ledger: Ledger, changed: dict[str, str]) -> None:
    ledger.append_if_new(entry("accepted", parser="p", suite="s"))
    assert ledger.append_if_new(entry("accepted", **changed))


def test_damaged_line_in_the_middle_is_named(ledger: Ledger, tmp_path: Path) -> None:
    for event in ("seen", "kept", "parsed"):
        ledger.append(entry(event))
    path = tmp_path / "folder" / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"event": "kept"\n' + lines[2])
    with pytest.raises(LakeError, match=r"ledger\.jsonl, line 2: it is damaged"):
        list(ledger.entries())


def test_write_that_the_disk_takes_in_pieces_is_written_whole(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    real_write = os.write
    monkeypatch.setattr("os.write", lambda descriptor, payload: real_write(descriptor, payload[:7]))
    ledger.append(entry("seen"))
    monkeypatch.undo()
    assert told(list(ledger.entries())) == told([entry("seen")])
