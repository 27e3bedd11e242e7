"""ODS, deprivation, geography and census files of the estate, and the proof that no code of it is anybody's."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import python_calamine
from estate_files import find_file, read_csv, read_records

from dagster_project.sample import organisations as org
from dagster_project.sample.rtt_months import COMMISSIONERS, PROVIDERS, write_rtt_months

TOKEN = re.compile(r"[0-9A-Z]{3,9}")
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
RANK = "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived)"
DECILE = "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)"
SAME_HEADERS = (  # sample file, real file of the same kind
    ("Full-CSV-data-file-Jan26-*.zip", "Full-CSV-data-file-Jan26-*.zip"),
    ("WLMDS-Demographics-Geography-*.csv", "WLMDS-Demographics-Geography-*.csv"),
    ("WLMDS-Demographics-Specialty-*.csv", "WLMDS-Demographics-Specialty-*.csv"),
    ("WLMDS-Demographics-Timeseries-*.csv", "WLMDS-Demographics-Timeseries-*.csv"),
    ("January-2026-CSV-*.csv", "January-2026-CSV-*.csv"),
    ("Monthly-AE-December-2024.csv", "Monthly-AE-September-2024.csv"),
    ("*eth-imd-dec-2023-24-data.csv", "*eth-imd-dec-2023-24-data.csv"),
    ("*all-firs-atte-2023-24-data.csv", "*all-firs-atte-2023-24-data.csv"),
    ("*main-spec-tret_spec-2023-24-data.csv", "*main-spec-tret_spec-2023-24-data.csv"),
    ("HES MAR 2020-21 M13.csv", "HES MAR 2020-21 M13.csv"),
    ("HES_M13_2021_OPEN_DATA_AGE_BANDS.csv", "HES_M13_2021_OPEN_DATA_AGE_BANDS.csv"),
    ("HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv", "HES_M13_2021_OPEN_DATA_TREATMENT_FUNCTION.csv"),
    ("File_7_-_All_IoD2019*.csv", "File_7_-_All_IoD2019*.csv"),
    ("File_7_IoD2025*.csv", "File_7_IoD2025*.csv"),
    ("LSOA_(2011)*.csv", "LSOA_(2011)*.csv"),
    ("LSOA_(2021)*.csv", "LSOA_(2021)*.csv"),
    ("trust_catchment_icb22.csv", "trust_catchment_icb22.csv"),
    ("esp_2013.csv", "esp_2013.csv"),
)
WLMDS_LABELS = ("Metric", "Category", "Waiting Bands")
RTT_LABELS = ("RTT Part Type", "RTT Part Description", "Treatment Function Code", "Treatment Function Name")
SAME_LABELS = (  # file, columns whose values must be the real file's, all of them
    ("*eth-imd-dec-2023-24-data.csv", ("REPORTING_PERIOD", "MEASURE_TYPE", "MEASURE")),
    ("*all-firs-atte-2023-24-data.csv", ("MEASURE_TYPE", "MEASURE")),
    ("*main-spec-tret_spec-2023-24-data.csv", ("MEASURE_TYPE", "MEASURE")),
    ("WLMDS-Demographics-Geography-*.csv", (*WLMDS_LABELS, "Geography")),
    ("WLMDS-Demographics-Specialty-*.csv", ("Treatment Function Code",)),
    ("WLMDS-Demographics-Timeseries-*.csv", WLMDS_LABELS),
    ("HES MAR 2020-21 M13.csv", ("Financial Year", "Reporting Period", "Activity Month", "Organisation breakdown")),
    ("HES_M13_2021_OPEN_DATA_AGE_BANDS.csv", ("Month_Ending", "FY_Start_Date", "FY_End_Date", "PARTYEAR", "Age_Band")),
    ("Full-CSV-data-file-Jan26-*.zip", ("Period", *RTT_LABELS)),
    ("January-2026-CSV-*.csv", ("Period",)),
    ("LSOA_(2011)*.csv", ("change_code",)),
    ("esp_2013.csv", ("age_band_esp", "esp_weight", "esp_proportion")),
)
SAME_LAYOUT = ("TS021_ethnic_group_lsoa.csv", "TS007A_age_by_five_year_age_bands_lsoa.csv")


def report(estate: Path, name: str) -> list[list[str]]:
    return read_csv(estate / f"www.odsdatasearchandexport.nhs.uk/api/getReport?report={name}")


def test_ods_reports_have_no_header_and_the_documented_columns(estate: Path) -> None:
    assert {len(row) for row in report(estate, "etr")} == {27}
    assert {len(row) for row in report(estate, "eccg")} == {27}
    assert {len(row) for row in report(estate, "succ")} == {5}
    for row in report(estate, "etr"):
        assert re.fullmatch(r"R9[A-Z]|G9V9S", row[0])
        assert re.fullmatch(r"\d{8}", row[10])
    roles = Counter(row[13] for row in report(estate, "eccg"))
    assert roles == {"RO319": 7, "RO327": 1, "": 1}


def test_ods_closed_trusts_are_in_etr_and_their_successors_are_dated_the_day_after(estate: Path) -> None:
    closed = {row[0]: row[11] for row in report(estate, "etr") if row[11]}
    successions = {row[0]: row[3] for row in report(estate, "succ")}
    assert closed.keys() == {"R9V", "R9X", "R9Y", "R9Z"}
    for code, date in closed.items():
        assert date < successions[code]
        assert successions[code].endswith("01")


def test_ods_successions_hold_a_merger_and_splits_of_trusts_and_icbs(estate: Path) -> None:
    successors = defaultdict(set)
    predecessors = defaultdict(set)
    for old, new, *_ in report(estate, "succ"):
        successors[old].add(new)
        predecessors[new].add(old)
    assert successors["R9X"] == {"R9B"}
    assert successors["R9Y"] == {"R9C", "R9D"}
    assert successors["Q9C"] == {"V9N4K", "Q9D"}
    assert predecessors["Z9M1X"] == {"Q9A", "Q9B"}


@pytest.mark.parametrize(("pattern", "lsoas"), [("File_7_-_All_IoD2019*.csv", 400), ("File_7_IoD2025*.csv", 403)])
def test_imd_ranks_run_from_one_and_deciles_are_tenths_of_them(estate: Path, pattern: str, lsoas: int) -> None:
    rows = read_records(find_file(estate, pattern))
    deciles = {int(row[RANK]): int(row[DECILE]) for row in rows}
    assert sorted(deciles) == list(range(1, lsoas + 1))
    assert [deciles[rank] for rank in sorted(deciles)] == sorted(deciles.values())
    sizes = Counter(deciles.values())
    assert sizes.keys() == set(range(1, 11))
    assert max(sizes.values()) - min(sizes.values()) <= 1


def test_the_two_imd_vintages_do_not_agree_lsoa_by_lsoa(estate: Path) -> None:
    old, new = (
        {row[next(iter(row))]: row[DECILE] for row in read_records(find_file(estate, pattern))}
        for pattern in ("File_7_-_All_IoD2019*.csv", "File_7_IoD2025*.csv")
    )
    shared = old.keys() & new.keys()
    assert len(shared) == 380
    assert any(old[code] != new[code] for code in shared)


def test_lookup_of_2021_covers_the_lsoas_of_imd_2025_and_the_census(estate: Path) -> None:
    lookup = {row["LSOA21CD"] for row in read_records(find_file(estate, "LSOA_(2021)*.csv"))}
    deprivation = {row["LSOA code (2021)"] for row in read_records(find_file(estate, "File_7_IoD2025*.csv"))}
    assert lookup == deprivation == census_totals(estate, SAME_LAYOUT[0]).keys()
    assert find_file(estate, "LSOA_(2021)*.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_lsoa_changes_mean_what_their_codes_say(estate: Path) -> None:
    rows = read_records(find_file(estate, "LSOA_(2011)*.csv"))
    new_of, old_of = defaultdict(set), defaultdict(set)
    for row in rows:
        new_of[row["lsoa11_code"]].add(row["lsoa21_code"])
        old_of[row["lsoa21_code"]].add(row["lsoa11_code"])
    for row in rows:
        old, new = row["lsoa11_code"], row["lsoa21_code"]
        shape = (len(new_of[old]), len(old_of[new]))
        assert {"U": shape == (1, 1) and old == new, "S": shape == (2, 1), "M": shape == (1, 2), "X": True}[
            row["change_code"]
        ]
    assert len(new_of) == 400
    assert Counter(row["change_code"] for row in rows) == {"U": 380, "S": 16, "M": 8, "X": 5}


def census_rows(estate: Path, name: str) -> list[list[str]]:
    return [row for row in read_csv(find_file(estate, name)) if len(row) > 3]


def census_totals(estate: Path, name: str) -> dict[str, int]:
    return {row[1]: int(row[2]) for row in census_rows(estate, name)[1:]}


@pytest.mark.parametrize("name", SAME_LAYOUT)
def test_census_groups_add_up_to_the_residents_of_each_lsoa(estate: Path, name: str) -> None:
    for row in census_rows(estate, name)[1:]:
        assert sum(int(cell) for cell in row[3:]) == int(row[2])


def test_both_census_tables_count_the_same_residents(estate: Path) -> None:
    assert census_totals(estate, SAME_LAYOUT[0]) == census_totals(estate, SAME_LAYOUT[1])


def test_trust_catchments_add_up_to_one(estate: Path) -> None:
    shares: dict[str, float] = defaultdict(float)
    for row in read_records(find_file(estate, "trust_catchment_icb22.csv")):
        shares[row["nhs_trust22_code"]] += float(row["proportion_trust_came_from_icb"])
    assert len(shares) > 10
    assert all(share == pytest.approx(1) for share in shares.values())


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("ours", "real"), SAME_HEADERS)
def test_header_is_the_real_file_s(estate: Path, real_mirror: Path, ours: str, real: str) -> None:
    assert read_header(find_file(estate, ours)) == read_header(find_file(real_mirror, real))


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("pattern", "columns"), SAME_LABELS)
def test_labels_are_the_real_file_s(estate: Path, real_mirror: Path, pattern: str, columns: tuple[str, ...]) -> None:
    ours, real = (read_labels(find_file(folder, pattern), columns) for folder in (estate, real_mirror))
    assert ours == real


@pytest.mark.requires_mirror
@pytest.mark.parametrize(("ours", "real"), SAME_HEADERS)
def test_line_ends_and_byte_order_mark_are_the_real_file_s(
    estate: Path, real_mirror: Path, ours: str, real: str
) -> None:
    assert style(find_file(estate, ours)) == style(find_file(real_mirror, real))


@pytest.mark.requires_mirror
@pytest.mark.parametrize("table", ["all-atte", "ethn-cat", "imd-dec"])
def test_workbook_has_the_sheets_headings_and_labels_of_the_real_one(
    estate: Path, real_mirror: Path, table: str
) -> None:
    name = f"hosp-epis-stat-outp-{table}-2024-25-tab.xlsx"
    ours, real = (read_workbook(find_file(folder, name)) for folder in (estate, real_mirror))
    assert ours.keys() == real.keys()
    for sheet in ours.keys() - {"Introduction"}:
        assert ours[sheet][0] == real[sheet][0]
        labels = [[[type(cell) for cell in row[:2]] for row in rows[1:4]] for rows in (ours[sheet], real[sheet])]
        assert labels[0] == labels[1]
        known = {str(row[:2]) if table == "all-atte" else str(row[0]) for row in real[sheet]}
        assert {str(row[:2]) if table == "all-atte" else str(row[0]) for row in ours[sheet]} <= known


@pytest.mark.requires_mirror
@pytest.mark.parametrize("name", SAME_LAYOUT)
def test_census_layout_is_the_real_file_s(estate: Path, real_mirror: Path, name: str) -> None:
    ours, real = (find_file(folder, name).read_text(encoding="utf-8").split("\n") for folder in (estate, real_mirror))
    header = next(place for place, line in enumerate(real) if '"mnemonic"' in line)
    assert ours[header] == real[header]
    assert [bool(line) for line in ours[: header + 3]] == [bool(line) for line in real[: header + 3]]
    footer = 9 if "TS021" in name else 5
    assert [bool(line) for line in ours[-footer:]] == [bool(line) for line in real[-footer:]]


@pytest.mark.requires_mirror
def test_ods_reports_are_written_as_the_real_ones(estate: Path, real_mirror: Path) -> None:
    for name in ("etr", "eccg", "succ"):
        place = f"www.odsdatasearchandexport.nhs.uk/api/getReport?report={name}"
        assert style(estate / place) == style(real_mirror / place)
        assert len(read_csv(estate / place)[0]) == len(read_csv(real_mirror / place)[0])


@pytest.fixture(scope="module")
def real_codes(real_mirror: Path) -> set[str]:
    """Every run of 3 to 9 capitals and digits in the files of the mirror; of RTT rows the identity columns.

    A file is read as what its first bytes say that it is: compressed bytes hold any short run of letters by chance.
    """
    found: set[str] = set()
    for path in filter(Path.is_file, real_mirror.rglob("*")):
        if is_workbook(path):
            found |= {code for cell in cells_of(path) for code in TOKEN.findall(cell)}
        elif path.suffix == ".zip":
            found |= {cell for row in read_csv(path) for cell in row[:12]}
        else:
            found |= set(TOKEN.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found


@pytest.mark.requires_mirror
def test_no_code_of_the_sample_stands_in_a_real_file(real_codes: set[str], tmp_path: Path) -> None:
    write_rtt_months(tmp_path, 1, 2000, seed=1)
    bench = {row[place] for row in read_csv(find_file(tmp_path, "*.zip"))[1:] for place in (3, 7)}
    codes = org.all_codes() | bench
    assert len(bench) > 20
    assert codes.isdisjoint(real_codes)


@pytest.mark.requires_mirror
def test_the_search_for_real_codes_finds_those_that_are_there(real_codes: set[str]) -> None:
    assert {"RXR", "G6V2S", "QE1", "Y62", "D7T5G", "E01000001", "E54000008", "NONC", "00Q"} <= real_codes
    assert {"R0A66", "R1H12"} <= real_codes  # sites of two trusts: in the workbook of MSDS alone


def test_bench_codes_are_invented_ones(tmp_path: Path) -> None:
    write_rtt_months(tmp_path, 1, 2000, seed=1)
    rows = read_csv(find_file(tmp_path, "*.zip"))[1:]
    known = org.all_codes()
    assert {row[3] for row in rows} <= known | {f"N9{number:03d}" for number in range(PROVIDERS)}
    assert {row[7] for row in rows} <= known | {f"M9{number:03d}" for number in range(COMMISSIONERS)}


def read_workbook(path: Path) -> dict[str, list[list[object]]]:
    """The rows of every sheet of a workbook."""
    # By its bytes, because a path is judged by its suffix and IoD 2019's File 6 is an xlsx with the name of an xls.
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
    sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    return {name: [list(row) for row in rows] for name, rows in sheets.items()}


def is_workbook(path: Path) -> bool:
    """Whether a file is a workbook by its content: xls (OLE), or a zip with the parts of xlsx or ods."""
    if path.read_bytes()[:8] == OLE:
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return not {"[Content_Types].xml", "content.xml"}.isdisjoint(archive.namelist())


def cells_of(path: Path) -> set[str]:
    """The texts of all cells of a workbook, headings included."""
    return {str(cell) for rows in read_workbook(path).values() for row in rows for cell in row}


def first_bytes(path: Path, limit: int = 100_000) -> bytes:
    """The first bytes of a text, or of the one text inside a zip."""
    if path.suffix != ".zip":
        return path.read_bytes()[:limit]
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as member:
        return member.read(limit)


def read_labels(path: Path, columns: tuple[str, ...]) -> dict[str, set[str]]:
    """The values of some columns; of a large file those in its first 8 MB, which have all of RTT's."""
    rows = csv.DictReader(first_bytes(path, 8_000_000).decode("utf-8-sig", errors="ignore").splitlines()[:-1])
    values: dict[str, set[str]] = {column: set() for column in columns}
    for row in rows:
        for column in columns:
            values[column].add(row[column].strip())
    return {column: found - {"TOTAL"} for column, found in values.items()}


def read_header(path: Path) -> list[str]:
    """The cells of the first line."""
    return next(csv.reader([first_bytes(path).decode("utf-8-sig", errors="ignore").split("\n")[0].rstrip("\r")]))


def style(path: Path) -> tuple[bool, bool]:
    """Whether a text begins with a byte order mark, and whether its lines end with CR LF."""
    return first_bytes(path).startswith(b"\xef\xbb\xbf"), b"\r\n" in first_bytes(path)
