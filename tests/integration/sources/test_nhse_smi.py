"""Physical health checks: the real series against sums made by hand, and each rule that it taught, on small files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import load_sources
from dagster_project.lake.files import LakeError
from dagster_project.sample import nhse_smi as sample
from dagster_project.sample.estate import DEFAULT_SEED

SLUG, PERIOD = "nhse_smi", "fy2023-24"
FILE = "www.england.nhs.uk/statistics/wp-content/uploads/sites/2/2024/05/Physical-Health-Checks-SMI Raw Data.xlsx"
HEADER = ["Period", "CCG Code", "Question", "Answer"]
QUESTIONS = ["Alcohol", "All6PHC", "BloodGlucose", "BloodLipid", "BloodPressure", "BMIWeight", "SMIRegister", "Smoking"]


@pytest.mark.requires_mirror
def test_england_had_29_5_percent_at_first_and_68_5_at_last(parse_file: Any, mirror_file: Any) -> None:
    """A peer says 51 % for the last quarter; its own file sums to 68.5 %."""
    parsed = parse_file(SLUG, "sdcs", mirror_file(FILE), PERIOD)
    assert (parsed.report.records_in, parsed.report.clean_rows) == (23_728, 2_966)
    assert parsed.rows(
        "select cast(period_start as varchar), sum(all_six_checks), sum(register), "
        "round(100 * sum(all_six_checks) / sum(register), 1), count(*) from clean "
        "where period_start in (date '2019-04-01', date '2024-01-01') group by 1 order by 1"
    ) == [("2019-04-01", 144_160, 489_185, 29.5, 191), ("2024-01-01", 361_210, 527_556, 68.5, 106)]


@pytest.mark.requires_mirror
def test_real_series_has_224_commissioners_and_registers_of_nobody_are_no_answer(
    parse_file: Any, mirror_file: Any
) -> None:
    parsed = parse_file(SLUG, "sdcs", mirror_file(FILE), PERIOD)
    assert parsed.row("select count(distinct organisation_code), count(distinct period_start) from clean") == (224, 22)
    assert parsed.report.statuses == {"missing": 3 + 72}
    assert parsed.row(
        "select count(*), count(register) from clean where answer_status = 'missing' and period_start = date '2020-01-01'"
    ) == (30, 0)


def _rows(**changes: Any) -> list[list[Any]]:
    answers = dict.fromkeys(QUESTIONS, 50) | {"SMIRegister": 100, "All6PHC": 40} | changes
    rows = [
        [f"SMI-Q{q}-2019-2020", code, name, answers[name]]
        for q in (1, 4)
        for code in ("9QA", "9QB")
        for name in QUESTIONS
    ]
    return rows


def test_quarters_of_a_financial_year(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    lines = [["Physical-Health-Checks-SMI Raw Data", "", "", ""], HEADER, *_rows()]
    parsed = parse_file(SLUG, "sdcs", write_csv(tmp_path / "x.csv", lines[0], lines[1:]), PERIOD)
    assert parsed.rows(
        "select distinct cast(period_start as varchar), register, all_six_checks from clean order by 1"
    ) == [
        ("2019-04-01", 100, 40),
        ("2020-01-01", 100, 40),
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (_rows()[:-1], r"does not answer each question once, or all or none of them .*SMI-Q4-2019-2020, 9QB, 7"),
        (_rows(Smoking=""), r"does not answer each question once, or all or none of them"),
        (_rows(All6PHC=101), r"more people were checked than are on the register .*9QA, 100, 101"),
        (
            [["SMI-Q1-2019-2021", *row[1:]] for row in _rows()[:16]] + _rows()[16:],
            "no financial year: SMI-Q1-2019-2021",
        ),
    ],
)
def test_answers_that_cannot_be_are_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path, rows: list[list[Any]], said: str
) -> None:
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "sdcs", write_csv(tmp_path / "x.csv", HEADER, rows), PERIOD)


def test_extract_of_the_sample_is_another_series(parse_file: Any, sample_estate: Path) -> None:
    (path,) = sample_estate.rglob("phsmi-*.csv")
    parsed = parse_file(SLUG, "phsmi", path, "fy2025-26-q1")
    register, checked = parsed.row("select register, all_six_checks from clean where organisation_code = 'ENG'")
    assert checked / register == pytest.approx(sample.EXTRACT_SHARE, abs=0.04)
    assert parsed.rows("select distinct cast(period_start as varchar) from clean") == [("2025-04-01",)]
    last = [
        sample.counts(DEFAULT_SEED, p, code, s)
        for p, s in list(sample.SHARES.items())[-1:]
        for code in sample.commissioners(p)
    ]
    assert sum(part[1] for part in last) / sum(part[0] for part in last) > checked / register


def test_what_has_been_seen_and_what_has_not_is_said() -> None:
    source = load_sources()[SLUG]
    assert (source.stated_format_status, source.entity("phsmi").format_status) == ("partly_confirmed", "unconfirmed")


def test_a_figure_that_stands_twice_in_the_gp_extract_refuses_the_file(
    parse_file: Any, sample_estate: Path, tmp_path: Path
) -> None:
    """The larger of the two was taken: 7 more people checked than the first row says."""
    (path,) = sample_estate.rglob("phsmi-*.csv")
    lines = path.read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in lines if ",National," in line and ",All6PHC," in line)
    cells = row.split(",")
    place = lines[0].split(",").index("VALUE")
    cells[place] = str(int(cells[place]) + 7)
    (tmp_path / path.name).write_text("\n".join([*lines, ",".join(cells)]) + "\n", encoding="utf-8")
    with pytest.raises(LakeError, match=r"stands more than once .*National, .*, All6PHC, 2"):
        parse_file(SLUG, "phsmi", tmp_path / path.name, "fy2025-26-q1")
