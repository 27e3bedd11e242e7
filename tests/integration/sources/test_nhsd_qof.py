"""Vaccination achievement by practice: the real file, and the rule that percentages are percentages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError
from dagster_project.sample import nhsd_qof as sample

SLUG, PERIOD = "nhsd_qof", "fy2023-24"
HEADER = sample._HEADER.split(",")


@pytest.mark.requires_mirror
def test_every_practice_is_kept_and_a_colon_is_no_zero(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "vaccination", mirror_file("files.digital.nhs.uk/9B/1B2C3E/qof_vaccine_2324.csv"), PERIOD)
    assert parsed.row(
        "select count(*), count(distinct practice_code), count(sub_icb_code), "
        "count(*) filter (where achievement_percent_status = 'not_applicable'), count(*) filter (where achievement_percent = 0) > 0 from clean"
    ) == (6_267, 6_267, 0, 27, True)
    assert parsed.value("select achievement_percent from clean where practice_code = 'A84006'") == 89.62962963


def _rows(value: Any) -> list[list[Any]]:
    return [[*[""] * 5, f"Y99{place:03d}", "Sample practice", value if place == 0 else 90] for place in range(12)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (100.5, "is no percentage .*Y99000, 100.5"),
        (-1, "row 2, column achievement_percent: must be a number that is not negative"),
    ],
)
def test_what_is_no_percentage_is_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path, value: Any, said: str
) -> None:
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "vaccination", write_csv(tmp_path / "x.csv", HEADER, _rows(value)), PERIOD)


def test_sample_has_a_practice_with_nobody_to_count(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("qof_vaccine_2324.csv")
    parsed = parse_file(SLUG, "vaccination", path, PERIOD)
    assert parsed.row("select count(*), count(achievement_percent) from clean") == (
        sample.PRACTICES,
        sample.PRACTICES - 1,
    )
