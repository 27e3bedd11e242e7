"""What publishers do to files that were out already: revisions, silent changes, flapping, bad issues and mended ones.

Every content that ever came stays in the lake; the rows in use are those of the newest edition that passed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from dagster_project.contracts.source import Entity, Source, load_sources
from dagster_project.lake.acceptance import Verdict
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import fetch_source
from dagster_project.lake.transport import MirrorTransport
from tests.fixtures.ae_site import PAGE, TODAY, AeLake, csv_bytes, month_lines, retotal

PERIOD = "2026-01"
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>checking</body></html>"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def issue(raised_by: int = 0, period: str = PERIOD) -> bytes:
    return csv_bytes(month_lines(period, raised_by=raised_by))


def broken_issue() -> bytes:
    """The TOTAL row was forgotten in the revision: it no longer fits."""
    lines = month_lines(PERIOD, raised_by=900)
    return csv_bytes([*lines[:-1], month_lines(PERIOD)[-1]])


@pytest.fixture
def ae(tmp_path: Path) -> AeLake:
    """A site and a lake with January 2026 and the month before it."""
    lake = AeLake.begin(tmp_path)
    lake.site.publish("2025-12", issue(period="2025-12"))
    lake.site.publish(PERIOD, issue())
    assert lake.run().messages == []
    return lake


def test_revised_month_is_used_and_both_vintages_are_kept(ae: AeLake) -> None:
    first, revised = issue(), issue(7)
    other_month = ae.links()["2025-12"]
    ae.site.publish(PERIOD, revised, tail="revised", uploaded="2026/04")
    night = ae.run()
    assert night.fetched.new == ["monthly 2026-01: January-2026-CSV-revised.csv"]
    assert ae.sha256_in_use(PERIOD) == sha256_of(revised)
    assert ae.kept_contents() >= {first, revised}
    assert ae.links()["2025-12"] == other_month
    vintages = ae.lake.clean("nhse_ae", "monthly") / "vintages" / PERIOD
    assert len(list(vintages.glob("*.parquet"))) == 2


def test_second_revision_outranks_the_first_whatever_stands_higher_on_the_page(ae: AeLake) -> None:
    ae.site.publish(PERIOD, issue(2), tail="revised-2", uploaded="2026/04")
    ae.site.publish(PERIOD, issue(1), tail="revised", uploaded="2026/04")
    ae.run()
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(2))


def test_silent_change_under_the_same_address_is_a_new_vintage(ae: AeLake) -> None:
    """N8: the newest content is used, the one before is kept with the day on which it came."""
    address = ae.site.publish(PERIOD, issue(3))
    night = ae.run()
    assert (len(night.fetched.new), night.fetched.unchanged) == (1, 1)
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(3))
    for content in (issue(), issue(3)):
        folder = ae.lake.snapshot("nhse_ae", PERIOD, sha256_of(content))
        provenance = json.loads((folder / "provenance.json").read_text())
        assert (provenance["url"], provenance["sha256"]) == (address, sha256_of(content))
        assert provenance["retrieved_at"] and provenance["licence"] == "OGL-UK-3.0"


def test_mirror_that_flaps_is_followed_each_time_and_stores_each_content_once(ae: AeLake) -> None:
    """N9: two servers behind one name, one of them behind the times. Always what was seen last."""
    for raised_by in (4, 0, 4, 0):
        ae.site.publish(PERIOD, issue(raised_by))
        ae.run()
        assert ae.sha256_in_use(PERIOD) == sha256_of(issue(raised_by))
    seen = [entry.sha256 for entry in ae.entries() if entry.event == "seen" and entry.period == PERIOD]
    assert seen == [sha256_of(issue(n)) for n in (0, 4, 0, 4, 0)]
    assert len(list(ae.lake.raw("nhse_ae").glob(f"{PERIOD}/*"))) == 2


def test_unchanged_site_changes_nothing(ae: AeLake) -> None:
    ledger, links = ae.lake.ledger.read_bytes(), ae.links()
    night = ae.run()
    assert (night.fetched.new, night.fetched.unchanged, night.parsed.reports) == ([], 2, [])
    assert not night.parsed.changed
    assert (ae.lake.ledger.read_bytes(), ae.links()) == (ledger, links)


def test_broken_revision_leaves_the_older_in_use_and_a_mended_one_takes_over(ae: AeLake) -> None:
    broken = ae.site.publish(PERIOD, broken_issue(), tail="revised", uploaded="2026/04")
    assert "do not sum to the TOTAL row" in ae.run().message
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue())
    again = ae.run()
    assert "do not sum to the TOTAL row" in again.message, "a refusal is said every night until the file is mended"
    assert again.parsed.reports == []
    ae.site.withdraw(broken)
    ae.site.publish(PERIOD, issue(901), tail="revised-2", uploaded="2026/05")
    assert ae.run().messages == []
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(901))
    assert broken_issue() in ae.kept_contents()


def hold_large_first_provider(_: Source, __: Entity, clean: Path) -> Verdict:
    """A gate with one rule, so that a held vintage can be told from a refused one."""
    from dagster_project.duck import connection

    with connection(None) as con:
        row = con.execute("select max(attendances_type_1) from read_parquet(?)", [str(clean)]).fetchone()
    assert row is not None
    return Verdict(row[0] < 50_000, () if row[0] < 50_000 else ("attendances_type_1: too large; rows: TA0",))


def test_held_vintage_leaves_the_older_in_use_and_a_mended_one_takes_over(ae: AeLake) -> None:
    ae = replace(ae, gate=hold_large_first_provider, suite="one rule")
    ae.site.publish(PERIOD, issue(60_000))
    night = ae.run()
    assert night.message.endswith("attendances_type_1: too large; rows: TA0")
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue())
    ae.site.publish(PERIOD, issue(8))
    assert ae.run().messages == []
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(8))


def test_clean_tables_made_again_from_the_snapshots_are_the_same_while_a_revision_is_held(ae: AeLake) -> None:
    """The clean tables are a cache: thrown away, the month comes back at its last good vintage, not at none."""
    ae = replace(ae, gate=hold_large_first_provider, suite="one rule")
    ae.site.publish(PERIOD, issue(60_000))
    ae.run()
    links, rows = ae.links(), ae.rows(PERIOD)
    shutil.rmtree(ae.lake.root / "clean")
    ae.run(offline=True)
    assert (ae.links(), ae.rows(PERIOD)) == (links, rows)


def test_changed_suite_judges_again_once_and_can_release_what_was_held(ae: AeLake) -> None:
    strict = replace(ae, gate=hold_large_first_provider, suite="one rule")
    strict.site.publish(PERIOD, issue(60_000))
    assert len(strict.run().messages) == 1
    lenient = replace(ae, suite="no rule")
    assert len(lenient.run().parsed.reports) == 3
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(60_000))
    assert lenient.run().parsed.reports == [], "a verdict under the new suite is written down"
    assert len(strict.run(again=True).messages) == 1
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue())
    assert strict.run().parsed.reports == [], "so is a verdict that was given before"


def test_offline_night_needs_no_site(ae: AeLake) -> None:
    links = ae.links()
    shutil.rmtree(ae.site.root)
    shutil.rmtree(ae.lake.root / "clean")
    night = ae.run(offline=True)
    assert len(night.parsed.reports) == 2
    assert ae.links() == links


def test_site_that_is_gone_is_reported_and_everything_kept_stays_in_use(ae: AeLake) -> None:
    """N1 and N17: the landing page is not there; nothing is lost and the message says what to do."""
    links = ae.links()
    ae.site.path_of(PAGE).joinpath("index.html").unlink()
    night = ae.run()
    assert not night.fetched.reachable
    assert "no landing page of nhse_ae" in night.message and "source.yml" in night.message
    assert ae.links() == links


def test_page_without_a_known_link_is_said_to_have_moved(ae: AeLake) -> None:
    for address in list(ae.site.links):
        ae.site.withdraw(address)
    night = ae.run()
    assert not night.fetched.reachable
    assert "links to a file that its patterns know" in night.message
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue())


def test_file_that_a_page_names_but_the_site_has_not_holds_back_only_itself(ae: AeLake) -> None:
    missing = ae.site.publish("2026-02", issue(period="2026-02"))
    ae.site.path_of(missing).unlink()
    ae.site.publish(PERIOD, issue(6), tail="revised", uploaded="2026/04")
    night = ae.run()
    assert missing in night.message
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(6))
    assert "2026-02" not in ae.links()


def test_login_page_under_the_address_of_a_csv_is_refused_and_kept_as_evidence(ae: AeLake) -> None:
    """N6, where the file was good before: the month stays, and the next good night follows by itself."""
    ae.site.publish(PERIOD, LOGIN_PAGE)
    assert "is a web page titled 'Just a moment...'" in ae.run().message
    (entry,) = [entry for entry in ae.entries() if entry.event == "refused"]
    assert (ae.lake.root / entry.detail["evidence"]).read_bytes() == LOGIN_PAGE
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue())
    ae.site.publish(PERIOD, issue(9))
    assert ae.run().messages == []
    assert ae.sha256_in_use(PERIOD) == sha256_of(issue(9))


def test_login_page_under_the_address_of_a_zip_is_refused_and_kept_as_evidence(
    sample_estate: Path, tmp_path: Path
) -> None:
    mirror, lake = tmp_path / "mirror", Lake(tmp_path / "data_lake")
    shutil.copytree(sample_estate, mirror)
    victim = next(mirror.rglob("Full-CSV-data-file-Jan26*.zip"))
    victim.write_bytes(LOGIN_PAGE)
    report = fetch_source(load_sources()["nhse_rtt"], MirrorTransport(mirror), lake, today=TODAY)
    assert len(report.problems) == 1
    assert (
        victim.name in report.problems[0] and "is a web page titled 'Just a moment...', not zip" in report.problems[0]
    )
    kept = [path for path in lake.refused("nhse_rtt").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [LOGIN_PAGE]
    assert not lake.raw("nhse_rtt").joinpath("2026-01").exists()
    others = list(lake.raw("nhse_rtt").glob("20*/*/*.zip"))
    assert others and all(zipfile.is_zipfile(path) for path in others)


def test_order_in_which_editions_come_does_not_matter(tmp_path: Path) -> None:
    """T6 for publishers: first issue, revision and second revision in every order, and the same month in use."""
    editions = [("K7F4Sp", "2026/02", 0), ("revised", "2026/04", 1), ("revised-2", "2026/04", 2)]
    for place, order in enumerate(permutations(editions)):
        lake = AeLake.begin(tmp_path / str(place))
        for tail, uploaded, raised_by in order:
            lake.site.publish(PERIOD, issue(raised_by), tail=tail, uploaded=uploaded)
            lake.run()
        assert lake.sha256_in_use(PERIOD) == sha256_of(issue(2)), order


def test_period_without_any_good_vintage_is_absent_and_not_empty(tmp_path: Path) -> None:
    lake = AeLake.begin(tmp_path)
    lake.site.publish(PERIOD, broken_issue())
    assert len(lake.run().messages) == 1
    assert lake.links() == {}
    assert (lake.current / "_empty.parquet").is_file()


def test_renamed_provider_keeps_its_code_and_both_names(ae: AeLake) -> None:
    """U1 in the lake: names change for a constant code; each month keeps the name it was published with."""
    lines = month_lines("2026-02")
    lines[1][3] = "HOSPITAL ZERO, RENAMED (INVENTED)"
    ae.site.publish("2026-02", csv_bytes(lines))
    assert ae.run().messages == []
    names = [ae.rows(period, "organisation_code, organisation_name")[0] for period in (PERIOD, "2026-02")]
    assert names == [("TA0", "HOSPITAL 0 (INVENTED)"), ("TA0", "HOSPITAL ZERO, RENAMED (INVENTED)")]


def test_zero_that_stands_for_no_collection_becomes_not_collected_and_never_zero(tmp_path: Path) -> None:
    """U4 and U6: the field test trusts wrote 0 until May 2023; the guard holds the file once one of them reports."""
    lake = AeLake.begin(tmp_path)
    lines = month_lines("2023-05")
    lines[1][1], lines[1][10] = "RQM", "0"
    lake.site.publish("2023-05", csv_bytes(retotal(lines)))
    after = month_lines("2023-06")
    after[1][1], after[1][10] = "RQM", "0"
    lake.site.publish("2023-06", csv_bytes(retotal(after)))
    assert lake.run().messages == []
    as_used = lake.links()
    columns = "organisation_code, over_4_hours_type_1, over_4_hours_type_1_status"
    assert {row[0]: row[1:] for row in lake.rows("2023-05", columns)}["RQM"] == (None, "not_collected")
    assert {row[0]: row[1:] for row in lake.rows("2023-06", columns)}["RQM"] == (0, "published")

    mended = [list(line) for line in lines]
    mended[1][10] = "31"
    lake.site.publish("2023-05", csv_bytes(retotal(mended)), tail="revised", uploaded="2023/09")
    assert "the publisher seems to have fixed it: RQM, 31" in lake.run().message
    assert lake.links() == as_used
