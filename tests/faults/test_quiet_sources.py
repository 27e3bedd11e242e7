"""A source that is held or has gone quiet is told, with the day since when, in `hiw status` and in meta.source_status; and no longer than that."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.calendar import due_since
from dagster_project.lake.run import Run
from dagster_project.lake.snapshots import fetch_source
from dagster_project.lake.transport import MirrorTransport
from dagster_project.operate.status import read_status
from dagster_project.release.inputs import SourceStatus, source_statuses
from dagster_project.settings import Settings
from tests.fixtures.ae_site import PAGE, TODAY, AeLake, csv_bytes, month_lines

PERIOD = "2026-01"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>checking</body></html>"
BEFORE_THE_NEXT = dt.date(2026, 3, 12)
"""February 2026 comes out on this day, with four days of grace (second Thursday)."""


@pytest.fixture
def ae(tmp_path: Path) -> AeLake:
    """A lake with December 2025 and January 2026."""
    lake = AeLake.begin(tmp_path)
    for period in ("2025-12", PERIOD):
        lake.site.publish(period, csv_bytes(month_lines(period)))
    assert lake.run().messages == []
    return lake


def standing(ae: AeLake, today: dt.date = BEFORE_THE_NEXT) -> SourceStatus:
    """How the A&E source stands."""
    (found,) = source_statuses(ae.lake, [load_sources()["nhse_ae"]], "published", today)
    return found


def said_by_status(ae: AeLake) -> str:
    """What `hiw status` says of the source."""
    run = Run.of(Settings(data_lake=ae.lake.root, sources="mirror", mirror=ae.site.root))
    return "\n".join(problem for problem in read_status(run).problems if problem.startswith("nhse_ae"))


def test_a_source_that_speaks_is_neither_held_nor_quiet(ae: AeLake) -> None:
    found = standing(ae)
    assert (found.held, found.held_since, found.quiet, found.quiet_reason, found.quiet_since) == (
        False,
        None,
        False,
        None,
        None,
    )


def test_a_refused_file_is_held_since_it_came_and_its_month_not_materialised(ae: AeLake) -> None:
    broken = [*month_lines(PERIOD, raised_by=900)[:-1], month_lines(PERIOD)[-1]]
    ae.site.publish(PERIOD, csv_bytes(broken), tail="revised", uploaded="2026/04")
    night = ae.run()
    since = [entry.at for entry in ae.entries() if entry.event == "refused"]
    ae.run()
    found = standing(ae)
    assert (found.held, found.held_since) == (True, since[0])
    assert found.held_reason is not None and "do not sum to the TOTAL row" in found.held_reason
    assert f"nhse_ae monthly is held since {since[0]}" in said_by_status(ae)
    assert night.parsed.periods_accepted == set()


def test_a_refused_download_is_held_until_the_same_content_comes_again(ae: AeLake) -> None:
    """The address gives a login page for two nights, then what it gave before: nothing new, and no trouble either."""
    ae.site.publish(PERIOD, LOGIN_PAGE)
    ae.run()
    first = standing(ae)
    ae.run()
    assert (first.held, standing(ae).held_since) == (True, first.held_since)
    assert first.held_reason is not None and "is a web page" in first.held_reason
    ae.site.publish(PERIOD, csv_bytes(month_lines(PERIOD)))
    ae.run()
    assert not standing(ae).held
    ledger = ae.lake.ledger.read_bytes()
    ae.run()
    assert ae.lake.ledger.read_bytes() == ledger, "a night with nothing new writes nothing"


def test_pages_whose_links_match_nothing_make_it_quiet_with_their_names(ae: AeLake) -> None:
    links, page = list(ae.site.links), ae.site.path_of(PAGE) / "index.html"
    page.write_text('<a href="https://www.england.nhs.uk/uploads/ED-Attendance-Jan.csv">Monthly</a>')
    ae.run()
    found = standing(ae)
    assert found.quiet and found.quiet_reason is not None and "ED-Attendance-Jan.csv" in found.quiet_reason
    assert found.quiet_since == next(entry.at for entry in ae.entries() if entry.event == "missing")[:10]
    assert "is quiet since" in said_by_status(ae) and not found.held
    ae.site.links = links
    ae.site.publish(PERIOD, csv_bytes(month_lines(PERIOD)))
    ae.run()
    assert not standing(ae).quiet


@pytest.mark.parametrize(
    ("today", "is_quiet"), [(dt.date(2026, 3, 15), False), (dt.date(2026, 3, 16), True), (TODAY, True)]
)
def test_a_period_that_is_due_makes_it_quiet_from_its_day_on(today: dt.date, is_quiet: bool, ae: AeLake) -> None:
    """Second Thursday of March 2026: the 12th; four days of grace."""
    found = standing(ae, today)
    assert (found.quiet, found.quiet_since) == ((True, "2026-03-16") if is_quiet else (False, None))
    if is_quiet:
        assert found.quiet_reason == (
            "2026-02 is due since 2026-03-16 by the publisher's calendar, and nothing newer than 2026-01 is in use"
        )


def test_invented_files_are_due_on_no_day(ae: AeLake) -> None:
    assert due_since(load_sources()["nhse_ae"], dt.date(2026, 1, 31), TODAY) is not None
    (found,) = source_statuses(ae.lake, [load_sources()["nhse_ae"]], "synthetic", TODAY)
    assert not found.quiet


def test_a_file_without_a_usable_row_is_held(tmp_path: Path) -> None:
    """Header and TOTAL of nothing: no provider, no row."""
    ae = AeLake.begin(tmp_path)
    header, *_, total = month_lines(PERIOD)
    ae.site.publish(PERIOD, csv_bytes([header, [cell if place < 4 else "0" for place, cell in enumerate(total)]]))
    assert ae.run().messages != []
    assert standing(ae).held and ae.links() == {}


def test_want_of_space_holds_the_source_once_and_passes_by_itself(ae: AeLake) -> None:
    """A file of a petabyte is wanted: no disk has room, and that is no fault of any file."""
    source = load_sources()["nhse_ae"]
    entity = source.entities[0].model_copy(update={"max_bytes": 10**15})
    greedy = source.model_copy(update={"entities": (entity, *source.entities[1:])})
    report = fetch_source(greedy, MirrorTransport(ae.site.root), ae.lake, today=TODAY)
    assert len(report.problems) == 1 and "bytes are needed" in report.problems[0]
    found = standing(ae)
    assert found.held and found.held_reason is not None and "not enough room" in found.held_reason
    assert [entry.event for entry in ae.entries() if not entry.entity] == ["refused"]
    ae.run()
    assert not standing(ae).held
