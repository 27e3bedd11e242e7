"""WLMDS demographics: the real release of 29 June 2025 against figures counted in it by hand, and the rules of labels."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from tests.fixtures.sheets import judge

SLUG, PERIOD = "nhse_wlmds", "2025-06-29"
FOLDER = "www.england.nhs.uk/statistics/wp-content/uploads/sites/2/2025/07/"


def release(entity: str) -> str:
    return f"{FOLDER}WLMDS-Demographics-{entity.capitalize()}-to-29-June-2025-v1.csv"


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("entity", "rows", "suppressed"),
    [("geography", 24_612, 1_797), ("specialty", 3_683, 351), ("timeseries", 4_950, 0)],
)
def test_every_row_and_every_asterisk_is_kept(
    parse_file: Any, mirror_file: Any, entity: str, rows: int, suppressed: int
) -> None:
    parsed = parse_file(SLUG, entity, mirror_file(release(entity)), PERIOD)
    assert (parsed.report.records_in, parsed.report.clean_rows) == (rows, rows)
    assert parsed.row(
        "select count(*) filter (where pathways_status = 'suppressed'), count(*) filter (where pathways is null), "
        "count(*) filter (where pathways % 5 <> 0) from clean"
    )[:2] == (suppressed, suppressed)


@pytest.mark.requires_mirror
def test_each_metric_has_its_own_total_for_england(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "geography", mirror_file(release("geography")), PERIOD)
    assert parsed.rows(
        "select metric, sum(pathways) from clean where organisation_code = 'ENG' and sector = 'ENGLAND' "
        "and waiting_band = 'total' group by all order by all"
    ) == [("age", 7_201_115), ("ethnicity", 7_321_885), ("imd", 7_088_955), ("sex", 6_855_290)]


@pytest.mark.requires_mirror
def test_levels_come_from_the_codes(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "geography", mirror_file(release("geography")), PERIOD)
    assert parsed.rows(
        "select organisation_level, count(distinct organisation_code) from clean group by all order by all"
    ) == [
        ("england", 1),
        ("icb", 42),
        ("region", 7),
        ("trust", 133),
    ]


@pytest.fixture
def sample_rows(sample_estate: Path) -> tuple[list[str], list[list[str]]]:
    (path,) = sample_estate.rglob("WLMDS-Demographics-Geography-*.csv")
    header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
    return header, rows


Change = Callable[[list[str]], None]


@pytest.mark.parametrize(
    ("metric", "change", "words"),
    [
        (
            "Ethnicity",
            lambda row: row.__setitem__(4, "Y: Martian"),
            "a category that is not in the code list .*Y: Martian",
        ),
        ("IMD", lambda row: row.__setitem__(4, "11"), "a category that is not in the code list .*11"),
        ("Sex", lambda row: row.__setitem__(4, "Unknown"), "a category that is not in the code list .*Unknown"),
        ("Age", lambda row: row.__setitem__(0, "X123"), "an organisation code whose level is not known .*X123"),
    ],
)
def test_unknown_label_refuses_the_file_and_names_it(
    parse_file: Any, write_csv: Any, sample_rows: Any, tmp_path: Path, metric: str, change: Change, words: str
) -> None:
    header, rows = sample_rows
    change(next(row for row in rows if row[3] == metric))
    with pytest.raises(LakeError, match=words):
        parse_file(SLUG, "geography", write_csv(tmp_path / "x.csv", header, rows), PERIOD)


def test_other_wording_of_a_known_code_is_the_same_category(
    parse_file: Any, write_csv: Any, sample_rows: Any, tmp_path: Path
) -> None:
    """Labels drift between releases ("A: British", "A British"): the leading code decides."""
    header, rows = sample_rows
    expected = parse_file(SLUG, "geography", write_csv(tmp_path / "a.csv", header, rows), PERIOD).rows()
    for row in rows:
        if row[3] == "Ethnicity":
            row[4] = row[4].replace(":", "", 1)
    drifted = parse_file(SLUG, "geography", write_csv(tmp_path / "b.csv", header, rows), PERIOD).rows()
    assert [row[:-1] for row in drifted] == [row[:-1] for row in expected]


@pytest.mark.requires_mirror
def test_both_spellings_of_a_week_give_the_same_figures_and_a_mix_is_refused(
    parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    """The releases from August 2025 to February 2026 write dd/mm/yyyy, those of June and July 2025 an ISO moment."""
    iso = mirror_file(release("timeseries")).read_text(encoding="utf-8-sig")
    british = re.sub(r"(\d{4})-(\d\d)-(\d\d)T00:00:00\.000Z", r"\3/\2/\1", iso)
    (tmp_path / "british.csv").write_text(british, encoding="utf-8")
    (tmp_path / "mixed.csv").write_text(
        re.sub(r"(\d{4})-(\d\d)-(\d\d)T00:00:00\.000Z", r"\3/\2/\1", iso, count=9), encoding="utf-8"
    )
    (tmp_path / "no_day.csv").write_text(re.sub(r"\d\d/\d\d/(\d{4})", r"31/06/\1", british, count=1), encoding="utf-8")
    rows = "select * exclude (snapshot_sha256) from clean order by all"
    published = parse_file(SLUG, "timeseries", mirror_file(release("timeseries")), PERIOD).rows(rows)
    assert british != iso
    assert parse_file(SLUG, "timeseries", tmp_path / "british.csv", PERIOD).rows(rows) == published
    for name, words in (("mixed", "two spellings of Week Ending Date"), ("no_day", "no day of the calendar")):
        with pytest.raises(LakeError, match=words):
            parse_file(SLUG, "timeseries", tmp_path / f"{name}.csv", PERIOD)


BOUNDS = "The bands add up to their total"


def _change_counts(path: Path, target: Path, change: Callable[[dict[str, str]], str | None]) -> Path:
    """The release with other counts; a row whose count becomes None is left out."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"Count": count} for row in rows if (count := change(row)) is not None)
    return target


def _is_gynaecology_over_52(row: dict[str, str]) -> bool:
    return (
        row["Treatment Function Code"] == "Gynaecology Service"
        and row["Metric"] == "IMD"
        and row["Waiting Bands"] == "Over 52 Weeks"
    )


@pytest.mark.requires_mirror
def test_thousands_marks_change_no_figure(parse_file: Any, mirror_file: Any, tmp_path: Path) -> None:
    """2,390 of 65,940 women of the most deprived tenth waited over 52 weeks; read as nothing, it would be 0.0 %."""

    def mark(row: dict[str, str]) -> str:
        return f"{int(row['Count']):,}" if _is_gynaecology_over_52(row) else row["Count"]

    original = mirror_file(release("specialty"))
    marked = parse_file(SLUG, "specialty", _change_counts(original, tmp_path / "marked.csv", mark), PERIOD)
    assert marked.report.thousands_marks == {"pathways": 10}
    assert marked.rows() == [
        (*row[:-1], marked.report.sha256) for row in parse_file(SLUG, "specialty", original, PERIOD).rows()
    ]
    deciles = (
        "select cast(category_code as int), max(pathways) filter (where waiting_band = 'weeks_over_52'), "
        "max(pathways) filter (where waiting_band = 'total') from clean where metric = 'imd' "
        "and treatment_function_name = 'Gynaecology Service' group by all order by all"
    )
    found = marked.rows(deciles)
    assert len(found) == 10
    assert [found[0], found[1], found[7]] == [(1, 2390, 65940), (2, 2320, 64055), (8, 1705, 51135)]


@pytest.mark.requires_mirror
@pytest.mark.parametrize("cell", ["2.390", "<10", "c", "-", "-5", ""])
def test_one_cell_that_is_no_count_refuses_the_file(
    cell: str, parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    def spoil(row: dict[str, str]) -> str:
        return cell if _is_gynaecology_over_52(row) and row["Category"].startswith("2") else row["Count"]

    spoiled = _change_counts(mirror_file(release("specialty")), tmp_path / "spoiled.csv", spoil)
    with pytest.raises(LakeError, match="column pathways"):
        parse_file(SLUG, "specialty", spoiled, PERIOD)


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("entity", "code"), [("specialty", "Treatment Function Code"), ("geography", "Code")])
def test_lost_band_beside_a_hidden_cell_holds_the_file(
    entity: str, code: str, parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    """The real release passes; without one shown band of a group that also has a hidden one, the rest is above 7 a hidden cell."""
    original = mirror_file(release(entity))
    assert judge(SLUG, entity, parse_file(SLUG, entity, original, PERIOD).clean) == ()
    with original.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    group = [name for name in rows[0] if name not in {"Waiting Bands", "Count"}]
    hidden = {
        tuple(row[name] for name in group) for row in rows if row["Count"] == "*" and row["Waiting Bands"] != "Total"
    }
    lost = next(
        row
        for row in rows
        if tuple(row[name] for name in group) in hidden
        and row["Waiting Bands"] != "Total"
        and row["Count"] not in {"*"}
        and int(row["Count"]) > 100
    )
    short = _change_counts(original, tmp_path / "short.csv", lambda row: None if row == lost else row["Count"])
    failures = judge(SLUG, entity, parse_file(SLUG, entity, short, PERIOD).clean)
    assert any(BOUNDS in failure and lost[code] in failure for failure in failures)


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("band", "factor", "said"),
    [
        ("Total", 1.5, BOUNDS),
        ("Total", 0.99, BOUNDS),
        ("Over 52 Weeks", 1.5, BOUNDS),
        ("Unknown Clock Start", 10, BOUNDS),
        ("18 To 52 Weeks", None, "1 rows are lacking"),
        ("Unknown Clock Start", None, "1 rows are lacking"),
        ("Total", None, "has its total"),
    ],
)
def test_bands_of_every_week_add_up_to_its_total(
    band: str, factor: float | None, said: str, parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    """All 990 groups of the time series do, within the rounding of five numbers."""

    def spoil(row: dict[str, str]) -> str | None:
        if (row["Week Ending Date"][:10], row["Category"], row["Waiting Bands"]) != ("2025-06-29", "Male", band):
            return row["Count"]
        return None if factor is None else str(round(int(row["Count"]) * factor / 5) * 5)

    spoiled = _change_counts(mirror_file(release("timeseries")), tmp_path / "spoiled.csv", spoil)
    failures = judge(SLUG, "timeseries", parse_file(SLUG, "timeseries", spoiled, PERIOD).clean)
    assert any(said in failure and "male" in failure for failure in failures), failures


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("NHS THAMES VALLEY ICB", "icb"),
        ("NHS Thames Valley Integrated Care Board", "icb"),
        ("SAMPLE NHS FOUNDATION TRUST", "trust"),
        ("SAMPLE NHS TRUST", "trust"),
        ("SAMPLE HOSPITAL", None),
    ],
)
def test_level_of_a_five_character_code_comes_from_the_end_of_its_name(
    name: str, level: str | None, parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    text = mirror_file(release("geography")).read_text(encoding="utf-8-sig")
    with io.StringIO(text, newline="") as lines:
        rows = list(csv.DictReader(lines))
    path = tmp_path / "renamed.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"Code": "D7T5G", "Name": name} if row["Code"] == "QOP" else row for row in rows)
    if level is None:
        with pytest.raises(LakeError, match="D7T5G, SAMPLE HOSPITAL"):
            parse_file(SLUG, "geography", path, PERIOD)
    else:
        found = parse_file(SLUG, "geography", path, PERIOD)
        assert found.rows("select distinct organisation_level from clean where organisation_code = 'D7T5G'") == [
            (level,)
        ]


@pytest.mark.requires_mirror
def test_renamed_treatment_function_holds_the_file_and_is_named(
    parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    """The name as the RTT file writes it: 165 of 3,683 rows, which no treatment function of the seed would take."""
    text = mirror_file(release("specialty")).read_text(encoding="utf-8")
    path = tmp_path / "renamed.csv"
    path.write_text(text.replace("Trauma and Orthopaedics Service", "Trauma and Orthopaedic Service"), encoding="utf-8")
    failures = judge(SLUG, "specialty", parse_file(SLUG, "specialty", path, PERIOD).clean)
    assert len(failures) == 1
    assert "treatment_function_name: an unknown label: 'Trauma and Orthopaedic Service' (165 rows)" in failures[0]
    assert "dbt/seeds/waiting_list/treatment_functions.csv" in failures[0]
