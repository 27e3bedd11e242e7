"""Talking Therapies: the real extract, the publisher's format as far as it is known, and their rules on small files."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.files import LakeError
from dagster_project.lake.links import read_name
from dagster_project.sample import nhse_talking_therapies as sample
from dagster_project.sample import organisations as org
from dagster_project.sample.estate import DEFAULT_SEED
from tests.fixtures.sheets import judge

SLUG = "nhse_talking_therapies"
REAL = "files.digital.nhs.uk/9A/1B2C3D/england_trust_iapt.csv"


@pytest.mark.requires_mirror
def test_thirteen_months_of_36_trusts(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "trust", mirror_file(REAL), "2023")
    assert parsed.row(
        "select count(*), count(distinct organisation_code), count(distinct period_start), count(*) filter (where value_status = 'suppressed') from clean"
    ) == (5_016, 36, 13, 95)
    assert parsed.rows(
        "select measure, value from clean where organisation_code = 'R1A' and period_start = date '2023-05-01' "
        "and measure in ('Percentage_Recovery', 'Percentage_ReliableRecovery', 'Count_FinishedCourseTreatment') order by 1"
    ) == [("Count_FinishedCourseTreatment", 470), ("Percentage_Recovery", 53), ("Percentage_ReliableRecovery", 51)]


def _changed(original: Path, path: Path, lost: int | None = None, **cells: str) -> Path:
    """The extract without its row of that number, or with other cells in its tenth."""
    with original.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    rows[9] |= cells
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for number, row in enumerate(rows) if number != lost)
    return path


@pytest.mark.requires_mirror
@pytest.mark.parametrize("value", ["-45", "-0.5", "-1e2", "(45)", "45-", "\u221245", "\u201345"])
def test_people_and_percentages_are_not_below_nothing(
    value: str, parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    with pytest.raises(LakeError, match="row 11, column value: must be a number that is not negative"):
        parse_file(SLUG, "trust", _changed(mirror_file(REAL), tmp_path / "minus.csv", value=value), "2023")


@pytest.mark.requires_mirror
@pytest.mark.parametrize("lost", [0, 2_500, 5_015])
def test_row_that_every_other_trust_and_month_has_is_missed_without_an_earlier_file(
    lost: int, parse_file: Any, mirror_file: Any, tmp_path: Path
) -> None:
    """All 11 measures stand beside each of the 456 trusts and months."""
    original = mirror_file(REAL)
    assert judge(SLUG, "trust", parse_file(SLUG, "trust", original, "2023").clean) == ()
    with original.open(encoding="utf-8-sig", newline="") as lines:
        row = list(csv.DictReader(lines))[lost]
    (failure,) = judge(
        SLUG, "trust", parse_file(SLUG, "trust", _changed(original, tmp_path / "short.csv", lost), "2023").clean
    )
    assert failure.startswith("1 rows are lacking that are next to every other period_start and organisation_level and")
    assert f" / provider / {row['nhs_trust22_code']} / {row['name']})" in failure


def test_sample_extract_hides_what_was_planted(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("england_trust_iapt.csv")
    parsed = parse_file(SLUG, "trust", path, "2023")
    assert parsed.rows("select organisation_code, measure, value from clean where value_status <> 'published'") == [
        (sample.HIDDEN[0], sample.HIDDEN[2], None)
    ]
    assert parsed.value(
        "select value from clean where organisation_code = 'R9T' and measure = 'Percentage_Recovery' and period_start = date '2023-05-01'"
    ) == sample.percent(DEFAULT_SEED, "R9T", "May 2023", "Percentage_Recovery")


def test_monthly_file_has_england_and_sets_regions_aside(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("nhstalkingtherapies_month_*.csv")
    parsed = parse_file(SLUG, "monthly", path, "2025-09")
    assert list(parsed.report.set_aside.values()) == [len(sample.SHARES) + len(sample.BY_ETHNIC_GROUP)]
    assert parsed.rows(
        "select measure, value, period_start::varchar from clean where organisation_code = 'ENG' and measure in ('Percentage_Recovery', 'Percentage_ReliableRecovery') order by 1"
    ) == [(measure, value, "2025-09-01") for measure, value in sample.RECOVERY.items()]
    trusts = parsed.rows(
        "select distinct organisation_code from clean where organisation_level = 'provider' order by 1"
    )
    assert [code for (code,) in trusts] == sorted(
        trust.code for trust in sample.trusts() if org.open_in(trust, "202509")
    )
    assert parsed.report.statuses == {"suppressed": 1 + len(trusts) * len(sample.BY_ETHNIC_GROUP)}


@pytest.mark.requires_mirror
def test_real_rows_of_one_provider_stand_under_its_own_code(parse_file: Any, mirror_file: Any) -> None:
    """ORG_CODE1 of a provider is the word `all`; figures read with Python's csv (M186, M192, M195, M206 to M210)."""
    path = mirror_file(
        "files.digital.nhs.uk/23/8B45A4/extract-RDY-nhstalkingtherapies_month_apr_2026_activity_performance.csv"
    )
    parsed = parse_file(SLUG, "monthly", path, "2026-04")
    assert parsed.report.set_aside == {"organisations of a kind that is not read": 458}
    assert parsed.rows("select distinct organisation_level, organisation_code from clean") == [("provider", "RDY")]
    found = dict(parsed.rows("select measure, value from clean where measure like 'Percentage_%Recovery%'"))
    prefix = "Percentage_ReliableRecovery_EthnicGroup"
    assert {key: found[key] for key in ("Percentage_Recovery", "Percentage_ReliableRecovery")} == {
        "Percentage_Recovery": 45,
        "Percentage_ReliableRecovery": 43,
    }
    assert [found[prefix + group] for group in sample.BY_ETHNIC_GROUP] == [44, 39, None, None, None]
    query = "select measure, value from clean where measure like '%ReliableImprovement' or measure = 'Count_FinishedCourseTreatment'"
    improved = dict(parsed.rows(query))
    assert improved == {
        "Count_FinishedCourseTreatment": 885,
        "Count_ReliableImprovement": 600,
        "Percentage_ReliableImprovement": round(100 * 600 / 885),
    }, "reliable improvement is of all who finished treatment"


@pytest.mark.parametrize("moved", [("R9T", "all"), ("all", ""), ("R9T", "")])
def test_a_provider_whose_code_stands_elsewhere_refuses_the_file(
    parse_file: Any, write_csv: Any, sample_estate: Path, tmp_path: Path, moved: tuple[str, str]
) -> None:
    (path,) = sample_estate.rglob("nhstalkingtherapies_month_*.csv")
    header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
    row = next(row for row in rows if row[2] == "Provider")
    row[3], row[5] = moved
    with pytest.raises(LakeError, match=r"an organisation without its code .*Provider"):
        parse_file(SLUG, "monthly", write_csv(tmp_path / "x.csv", header, rows), "2025-09")


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (3, "101", "a percentage outside 0 to 100 .*101"),
        (1, "Floreal 2023", "a month that is none: Floreal 2023"),
    ],
)
def test_extract_with_an_impossible_cell_is_refused(
    parse_file: Any, write_csv: Any, sample_estate: Path, tmp_path: Path, column: int, value: str, said: str
) -> None:
    (path,) = sample_estate.rglob("england_trust_iapt.csv")
    header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
    rows[1][column] = value
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "trust", write_csv(tmp_path / "x.csv", header, rows), "2023")


def test_monthly_file_of_another_month_is_refused(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("nhstalkingtherapies_month_*.csv")
    with pytest.raises(LakeError, match="listed as 2025-08 but holds another period"):
        parse_file(SLUG, "monthly", path, "2025-08")


@pytest.mark.parametrize(
    "name",
    [
        "iapt-activity-data-sep-2025-final.csv",
        "nhstalkingtherapies_month_sep_2025_activity_performance.csv",
        "nhstalkingtherapies_month_sep_2025_activity_final.csv",
        "NHS-TT-activity-September-2025.csv",
        "nhs-talking-therapies-sep-2025.csv",
    ],
)
def test_names_of_monthly_files_that_are_recognised(name: str) -> None:
    wanted = load_sources()[SLUG].entity("monthly").link
    facts = read_name(wanted, f"https://files.digital.nhs.uk/AA/{name}") if wanted else None
    assert facts is not None and facts.period == "2025-09"


def test_a_kind_of_organisation_under_another_name_is_refused(
    parse_file: Any, write_csv: Any, sample_estate: Path, tmp_path: Path
) -> None:
    """`Sub-ICB` would be set aside with the kinds that are not read, and every sub-ICB location would be gone."""
    (path,) = sample_estate.rglob("nhstalkingtherapies_month_*.csv")
    header, *rows = csv.reader(path.open(encoding="utf-8", newline=""))
    place = header.index("GROUP_TYPE")
    rows[-1][place] = "Providers"
    with pytest.raises(LakeError, match=r"a kind of organisation that is not known .*Providers"):
        parse_file(SLUG, "monthly", write_csv(tmp_path / "x.csv", header, rows), "2025-09")
