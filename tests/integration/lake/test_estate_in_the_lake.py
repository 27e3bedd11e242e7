"""The activity sources of the sample estate through the lake with their real suites: first night, second night, a bad month.

Whole nights with every source, dbt and the release are in tests/end_to_end.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dagster_project.assets.transports import open_transport
from dagster_project.contracts.source import load_sources
from dagster_project.contracts.suite import landing_fingerprint
from dagster_project.duck import connection, quote_literal
from dagster_project.lake.acceptance import Acceptance, CleanReport
from dagster_project.lake.files import hash_file
from dagster_project.lake.ledger import Ledger
from dagster_project.lake.paths import Lake
from dagster_project.lake.run import Run
from dagster_project.lake.snapshots import FetchReport, fetch_source, read_provenance
from dagster_project.lake.transport import MirrorTransport
from dagster_project.quality.landing import landing_gate
from dagster_project.sample.broken_month import break_month, mend_month
from dagster_project.sample.estate import plant_answers, write_estate
from tests.fixtures.ae_site import let_all_pass
from tests.fixtures.runs import SMALL, run_at
from tests.warehouses import MIRROR

TODAY = dt.date(2026, 4, 20)
SLUGS = ("nhse_ae", "nhse_rtt", "nhse_wlmds")
ATTENDANCES = "sum(attendances_type_1 + attendances_type_2 + attendances_other)"


@dataclass
class Estate:
    """A lake that reads an estate."""

    mirror: Path
    lake: Lake

    def take_in(self, *slugs: str) -> dict[str, tuple[FetchReport, CleanReport]]:
        return {slug: self._take_in(slug) for slug in slugs or SLUGS}

    def _take_in(self, slug: str) -> tuple[FetchReport, CleanReport]:
        source, transport = load_sources()[slug], MirrorTransport(self.mirror)
        fetched = fetch_source(source, transport, self.lake, today=TODAY)
        gate, suite = landing_gate(SMALL), landing_fingerprint(slug)
        acceptance = Acceptance(source, run_at(self.lake, transport.origin), gate, suite)
        return fetched, acceptance.run()

    def ae(self, period: str) -> int:
        link = self.lake.current("nhse_ae", "monthly", "synthetic") / f"{period}.parquet"
        with connection(None) as con:
            row = con.execute(f"select {ATTENDANCES} from read_parquet({quote_literal(str(link))})").fetchone()
        assert row is not None
        return int(row[0])

    def state(self) -> dict[str, str]:
        """Every link and the ledger: what a night may change."""
        links = {str(p): str(p.readlink()) for p in self.lake.root.rglob("*.parquet") if p.is_symlink()}
        return links | {"ledger": hash_file(self.lake.ledger)}


@pytest.fixture(scope="module")
def first_night(sample_estate: Path, tmp_path_factory: pytest.TempPathFactory) -> Estate:
    folder = tmp_path_factory.mktemp("first_night")
    shutil.copytree(sample_estate, folder / "mirror")
    estate = Estate(folder / "mirror", Lake(folder / "data_lake"))
    for slug, (fetched, parsed) in estate.take_in().items():
        assert (fetched.problems, parsed.refused, parsed.held) == ([], [], []), slug
        assert parsed.rows_in_use > 0, slug
    return estate


@pytest.fixture
def estate(first_night: Estate, tmp_path: Path) -> Estate:
    """The same on the morning after, to be changed."""
    shutil.copytree(first_night.mirror, tmp_path / "mirror")
    shutil.copytree(first_night.lake.root, tmp_path / "data_lake", symlinks=True)
    return Estate(tmp_path / "mirror", Lake(tmp_path / "data_lake"))


def test_every_record_of_every_file_is_loaded_or_rejected(first_night: Estate) -> None:
    reports = [
        json.loads(path.read_text()) for path in first_night.lake.root.glob("clean/*/*/vintages/*/*.report.json")
    ]
    assert len(reports) > 20
    for report in reports:
        assert report["records_in"] == report["records_loaded"] + report["records_rejected"], report["file"]
    assert sum(report["records_rejected"] for report in reports) == 0


def test_every_snapshot_has_its_provenance_and_its_own_sha256(first_night: Estate) -> None:
    folders = [path.parent for path in first_night.lake.root.glob("raw/*/*/*/provenance.json")]
    assert len(folders) > 20
    for folder in folders:
        provenance = read_provenance(folder)
        file = folder / provenance["file"]
        assert provenance["sha256"] == folder.name == hash_file(file)
        assert (provenance["bytes"], provenance["origin"]) == (file.stat().st_size, "synthetic")
        assert provenance["url"].startswith("https://") and provenance["period"] == folder.parent.name
        assert provenance["licence"] and provenance["publisher"] and provenance["attribution"]
        assert dt.datetime.fromisoformat(provenance["retrieved_at"]).tzinfo is not None


def test_ledger_tells_of_every_file_that_it_was_seen_kept_parsed_and_accepted(first_night: Estate) -> None:
    events: dict[str, set[str]] = {}
    for entry in Ledger(first_night.lake.ledger).entries():
        events.setdefault(entry.sha256, set()).add(entry.event)
    assert all(told == {"seen", "kept", "parsed", "accepted"} for told in events.values())


def test_synthetic_files_are_linked_under_their_own_origin_only(first_night: Estate) -> None:
    folders = {path.parent.name for path in first_night.lake.root.glob("clean/*/*/current_*/*.parquet")}
    assert folders == {"current_synthetic"}


def test_second_night_over_the_same_estate_changes_nothing(estate: Estate) -> None:
    before = estate.state()
    for slug, (fetched, parsed) in estate.take_in().items():
        assert (fetched.new, parsed.reports, parsed.changed) == ([], [], False), slug
    assert estate.state() == before


def test_new_month_and_revised_month_of_the_second_edition_are_taken_in(estate: Estate) -> None:
    first, second = plant_answers(), plant_answers(edition=2)
    assert estate.ae("2026-01") == first.ae["2026-01"].attendances
    write_estate(estate.mirror, edition=2)
    (fetched, parsed) = estate.take_in("nhse_ae")["nhse_ae"]
    assert (len(fetched.new), parsed.refused, parsed.held) == (2, [], [])
    assert {period: estate.ae(period) for period in second.ae} == {
        p: total.attendances for p, total in second.ae.items()
    }
    assert second.ae["2026-01"] != first.ae["2026-01"] and "2026-03" not in first.ae


def test_broken_month_stays_at_its_first_issue_until_the_mended_one_comes(estate: Estate) -> None:
    before = estate.ae("2026-02")
    break_month(estate.mirror)
    (_, parsed) = estate.take_in("nhse_ae")["nhse_ae"]
    assert len(parsed.refused) == 1 and "do not sum to the TOTAL row" in parsed.refused[0]
    assert estate.ae("2026-02") == before
    mend_month(estate.mirror)
    (_, parsed) = estate.take_in("nhse_ae")["nhse_ae"]
    assert (parsed.refused, parsed.held) == ([], [])
    assert estate.ae("2026-02") == before + 100


def test_month_that_is_asked_for_is_fetched_and_judged_again_and_no_other(estate: Estate) -> None:
    source, transport = load_sources()["nhse_ae"], MirrorTransport(estate.mirror)
    asked = frozenset({"2025-12"})
    fetched = fetch_source(source, transport, estate.lake, today=TODAY, periods=asked)
    assert (fetched.located, fetched.unchanged, fetched.new) == (1, 1, [])
    suite = landing_fingerprint("nhse_ae")
    gate = landing_gate(SMALL)
    acceptance = Acceptance(source, run_at(estate.lake, "synthetic"), gate, suite)
    before = estate.state()
    report = acceptance.run(periods=asked)
    assert [parsed.period for parsed in report.reports] == ["2025-12"]
    assert estate.state() == before


def test_settings_lead_to_the_sample_estate_and_a_marked_mirror_is_synthetic(
    lake: Lake, run_for: Callable[..., Run], sample_estate: Path, tmp_path: Path
) -> None:
    sample = run_for(lake)
    transport = open_transport(sample, ())
    assert (sample.origin, transport.origin) == ("synthetic", "synthetic")
    assert "A&E" in transport.read_page(
        "https://www.england.nhs.uk/statistics/statistical-work-areas/ae-waiting-times-and-activity/"
        "ae-attendances-and-emergency-admissions-2025-26/"
    ).replace("&amp;", "&")
    assert run_for(lake, mirror=sample_estate).origin == "synthetic"
    assert run_for(lake, mirror=tmp_path).origin == "published"


@pytest.mark.requires_mirror
def test_real_months_of_accident_and_emergency_are_all_taken_in_and_none_has_an_unusual_volume(lake: Lake) -> None:
    source = load_sources()["nhse_ae"]
    fetched = fetch_source(source, MirrorTransport(MIRROR), lake, today=TODAY)
    acceptance = Acceptance(source, run_at(lake, "published"), let_all_pass, "all pass")
    parsed = acceptance.run()
    assert (fetched.problems, parsed.refused, parsed.held) == ([], [], [])
    assert len(parsed.in_use["monthly"]) == len(parsed.reports) == 47
