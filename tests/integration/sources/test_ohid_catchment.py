"""Trust catchments: the real file, and each rule that it taught, on small files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagster_project.lake.files import LakeError

SLUG = "ohid_catchment"
FILE = "app.box.com/trust_catchment_icb22.csv"
HEADER = ["nhs_trust22_code", "icb22_code", "proportion_trust_came_from_icb"]


@pytest.mark.requires_mirror
def test_shares_of_138_trusts_add_up_to_one(parse_file: Any, mirror_file: Any) -> None:
    parsed = parse_file(SLUG, "trust_icb", mirror_file(FILE), "2022")
    assert parsed.row(
        "select count(*), count(distinct organisation_code), count(distinct icb_gss_code) from clean"
    ) == (1_321, 138, 42)
    sums = "select sum(catchment_share) as share from clean group by organisation_code"
    assert parsed.value(f"select max(abs(share - 1)) < 1e-12 from ({sums})") is True
    assert parsed.value(
        "select catchment_share from clean where organisation_code = 'R0A' and icb_gss_code = 'E54000008'"
    ) == (0.042787135463149134)


def _rows(last: float = 0.25) -> list[list[Any]]:
    rows = [[f"R9{letter}", f"E5499000{icb}", share] for letter in "ABCDEF" for icb, share in ((1, 0.75), (2, 0.25))]
    rows[-1][2] = last
    return rows


def test_small_shares_in_scientific_notation_are_read(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    rows = [*_rows(), ["R9G", "E54990001", "9.99998e-01"], ["R9G", "E54990002", "2e-06"]]
    parsed = parse_file(SLUG, "trust_icb", write_csv(tmp_path / "catchment.csv", HEADER, rows), "2022")
    assert (
        parsed.value("select catchment_share from clean where organisation_code = 'R9G' and icb_gss_code = 'E54990002'")
        == 2e-06
    )


@pytest.mark.parametrize(
    ("last", "said"),
    [
        (0.24, r"shares of a trust do not add up to 1 .*R9F, 0.99"),
        (25, "a share that is not between 0 and 1 .*R9F, E54990002, 25"),
        ("", "row 13, column catchment_share: the cell must not be empty"),
    ],
)
def test_shares_that_are_not_whole_are_refused(
    parse_file: Any, write_csv: Any, tmp_path: Path, last: Any, said: str
) -> None:
    with pytest.raises(LakeError, match=said):
        parse_file(SLUG, "trust_icb", write_csv(tmp_path / "catchment.csv", HEADER, _rows(last)), "2022")


def test_a_missing_icb_of_a_trust_is_noticed(parse_file: Any, write_csv: Any, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match=r"shares of a trust do not add up to 1 .*R9F, 0.75"):
        parse_file(SLUG, "trust_icb", write_csv(tmp_path / "catchment.csv", HEADER, _rows()[:-1]), "2022")
