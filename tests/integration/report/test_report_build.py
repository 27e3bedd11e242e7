"""The site as a folder: the same bytes each time, safe with hostile names, whole links, nothing from elsewhere."""

from __future__ import annotations

import base64
import csv
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from bs4 import BeautifulSoup

from dagster_project.report import build_report
from tests.integration.report.report_reader import Site
from tests.warehouses import Warehouse

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% for x in y %}",
    "=HYPERLINK(1)",
    "' onfocus='alert(1)",
    "\u202eevil ]]> --> </svg>",
]


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


BUILD = """
import sys
from pathlib import Path
from dagster_project.lake.run import Run
from dagster_project.release.project import ReleaseProject
from dagster_project.report import build_report
from dagster_project.report.lineage import Lineage
from dagster_project.settings import Settings

project = ReleaseProject.load(Run.of(Settings(data_lake=Path(sys.argv[1]), sources="sample")))
lineage = Lineage.read(project.manifest, project.read_columns())
print(*build_report(Path(sys.argv[2]), Path(sys.argv[3]), lineage), sep="\\n")
"""


def test_another_process_builds_the_bytes_of_the_night(
    sample_warehouse: Warehouse, sample_site: Site, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    arguments = map(str, (sample_warehouse.lake, sample_site.marts, tmp_path / "again"))
    built = subprocess.run(
        [sys.executable, "-c", BUILD, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    assert built.stdout.split() == list(sample_site.names)
    assert _bytes_of(tmp_path / "again") == _bytes_of(sample_site.folder)


def test_the_release_carries_the_report_listed_and_read_only(sample_warehouse: Warehouse, sample_site: Site) -> None:
    published = sample_warehouse.lake / "published"
    listed = json.loads((published / "manifest.json").read_text())["files"]
    assert {f"report/{name}" for name in sample_site.names} <= set(listed)
    assert (published / "report" / "index.html").stat().st_mode & 0o777 == 0o444


def test_every_link_leads_to_a_file_and_a_place_of_the_site(sample_site: Site) -> None:
    anchors = {name: {str(tag["id"]) for tag in sample_site.page(name).select("[id]")} for name in sample_site.pages}
    broken, looked_at = [], 0
    for name in sample_site.pages:
        for link in sample_site.page(name).select("a[href]"):
            address, _, anchor = str(link["href"]).partition("#")
            if address.startswith("https://"):
                continue
            looked_at += 1
            there = address or name
            if there not in sample_site.names or (anchor and anchor not in anchors.get(there, set())):
                broken.append((name, str(link["href"])))
    assert broken == []
    assert looked_at > 1000


def test_nothing_is_loaded_from_elsewhere_and_a_brief_runs_nothing(sample_site: Site) -> None:
    for name in sample_site.pages:
        soup = sample_site.page(name)
        policy = soup.select_one("meta[http-equiv='Content-Security-Policy']")
        assert policy is not None
        assert "default-src 'none'" in str(policy["content"])
        loaded = [
            str(tag.get("src") or tag.get("href"))
            for tag in soup.select("script, link, img, iframe, object, use, image")
        ]
        assert set(loaded) <= {"report.css", "report.js", "icon.svg"}, name
        assert ("report.js" in loaded) == (not name.startswith("brief-")), name
        assert not soup.select("[style], form"), name
        styles = [hashlib.sha256(style.get_text().encode()).digest() for style in soup.select("style")]
        assert len(styles) == name.startswith("brief-"), "a brief is whole by itself"
        assert all(f"'sha256-{base64.b64encode(digest).decode()}'" in str(policy["content"]) for digest in styles), name


def test_headings_are_in_order_and_every_table_has_its_caption_and_scopes(sample_site: Site) -> None:
    for name in sample_site.pages:
        soup = sample_site.page(name)
        levels = [int(tag.name[1]) for tag in soup.find_all(["h1", "h2", "h3", "h4"])]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), name
        regions = [str(region["aria-label"]) for region in soup.select("[role=region]")]
        assert len(regions) == len(set(regions)), name
        for table in soup.select("table"):
            assert table.caption is not None
            assert all(head.get("scope") in {"col", "row"} for head in table.select("th")), name


def test_synthetic_figures_carry_the_banner_on_every_page_and_in_every_chart(sample_site: Site) -> None:
    charts = 0
    for name in sample_site.pages:
        soup = sample_site.page(name)
        assert "invented" in soup.select_one(".synthetic").get_text()  # type: ignore[union-attr]
        if not name.startswith("table-"):
            for chart in soup.select("svg.chart"):
                charts += 1
                assert "Synthetic data" in chart.get_text(), name
                assert "Synthetic data" in str(chart["aria-label"]), name
    assert charts > 100


@pytest.fixture(scope="module")
def hostile_site(sample_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A file whose names were written by somebody who means harm, and nothing is known of its columns."""
    folder = tmp_path_factory.mktemp("hostile")
    marts_copy = folder / "marts.duckdb"
    shutil.copyfile(sample_site.marts, marts_copy)
    with duckdb.connect(str(marts_copy)) as con:
        con.execute(
            "create temp table evil as select unnest(?) as text, unnest(range(?)) as place", [HOSTILE, len(HOSTILE)]
        )
        for table, column in (
            ("dim_organisation", "organisation_name"),
            ("dim_indicator", "indicator_name"),
            ("dim_indicator", "caveats"),
            ("dim_group", "group_name"),
            ("dim_source", "documentation"),
            ("mart_priorities", "priority_reason"),
            ("mart_waiting_list", "value_status_reason"),
        ):
            con.execute(
                f"update {table} set {column} = (select text from evil where place = hash({table}.rowid) % {len(HOSTILE)}) || ' ' || coalesce({column}, '')"
            )
        con.execute(
            "update dim_organisation set organisation_code = '../../' || organisation_code where organisation_code = 'R9A'"
        )
        con.execute("update mart_priorities set organisation_code = '../../R9A' where organisation_code = 'R9A'")
    names = build_report(marts_copy, folder / "site")
    return Site(folder / "site", marts_copy, tuple(names))


def test_hostile_names_stay_text(hostile_site: Site, sample_site: Site) -> None:
    met = 0
    for name in hostile_site.pages:
        raw = (hostile_site.folder / name).read_text(encoding="utf-8")
        soup = BeautifulSoup(raw, "html.parser")
        assert not soup.select("img, iframe, object"), name
        assert all(tag.get("src") == "report.js" for tag in soup.select("script")), name
        for tag in soup.find_all(True):
            assert not any(attribute.startswith("on") for attribute in tag.attrs), (name, tag.name)
            assert not str(tag.get("href", "")).lower().startswith(("javascript:", "data:")), name
        met += raw.count("&lt;script&gt;") + raw.count("{{ 7 * 7 }}")
    assert met > 50
    assert sorted(path.name for path in hostile_site.folder.parent.iterdir()) == ["marts.duckdb", "site"]
    assert all("/" not in name and not name.startswith(".") for name in hostile_site.names)
    assert len(hostile_site.pages) == len(sample_site.pages)
    assert "could not be followed" in (hostile_site.folder / "table-mart_action.html").read_text(encoding="utf-8")


def test_a_download_holds_no_formula_and_says_what_is_hidden(hostile_site: Site) -> None:
    shorthand = 0
    for name in (name for name in hostile_site.names if name.endswith(".csv")):
        with (hostile_site.folder / name).open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                assert not any(value.startswith(("=", "@", "\t")) for value in row.values()), row
                assert (row["value"] == "") == (row["value_shorthand"] in {"[c]", "[x]", "[z]"})
                shorthand += row["value_shorthand"] == "[c]"
    assert shorthand > 100


def test_a_file_with_next_to_nothing_still_gives_a_site(tmp_path: Path) -> None:
    marts = tmp_path / "marts.duckdb"
    with duckdb.connect(str(marts)) as con:
        con.execute("create schema meta")
        con.execute(
            "create table meta.releases as select 'abc' as release_id, true as this_release, timestamp '2026-01-01' as built_at, "
            "'published' as data_origin, 'c' as code_version"
        )
    names = build_report(marts, tmp_path / "site")
    assert {"index.html", "find.html", "cite.html", "accessibility.html"} <= set(names)
    assert "Synthetic" not in (tmp_path / "site" / "index.html").read_text()
