"""WL01 from open pathways: the command's return against a count of the same records in plain Python, and the rules one by one."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import duckdb
import pytest

from dagster_project.extract.mapping import load_mapping
from dagster_project.extract.references import make_references
from dagster_project.extract.statements import statements
from dagster_project.lake.run import Run
from dagster_project.settings import load_settings
from tests.fixtures import extracts as own
from tests.fixtures.extracts import run
from tests.warehouses import MIRROR

RETURN = "HIW-WL01_R9A_2026-09_v01.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files and a mapping."""
    made = tmp_path_factory.mktemp("extract")
    own.write_public_files(made)
    (made / "mapping.yml").write_text(own.MAPPING)
    return made


def make(
    folder: Path, records: list[own.Record], *options: str, out: str
) -> tuple[int, str, dict[tuple[str, ...], str]]:
    """The return of these records: exit code, what was said, the rows."""
    extract = folder / f"{out}.csv"
    extract.write_text(own.csv_text(own.WLMDS_HEADER, map(own.wlmds_row, records)))
    code, said = run("make", str(folder / "mapping.yml"), str(extract), "--out", str(folder / out), *options)
    made = folder / out / RETURN
    return code, said, own.cells_of(made, "pathway_count") if made.exists() else {}


@pytest.fixture(scope="module")
def records(folder: Path) -> list[own.Record]:
    """Three thousand pathways, the edges of bands and birthdays among them."""
    return own.pathways(3_000, own.deciles(folder))


def test_the_return_is_the_count_of_the_records(folder: Path, records: list[own.Record]) -> None:
    code, said, rows = make(folder, records, out="whole")
    assert code == 0, said
    wanted = own.count_pathways(records, own.deciles(folder))
    assert {key: int(text) for key, text in rows.items() if text != "0"} == dict(wanted)
    sums = {
        name: sum(int(text) for key, text in rows.items() if key[:3] == ("2", "ALL", name))
        for name in ("G0", "G1", "G2", "G3", "G4", "G5", "G9")
    }
    assert set(sums.values()) == {len(records)}
    note = (folder / "whole" / RETURN.replace(".csv", ".methods.md")).read_text()
    assert "Records that count: 3,000." in note and "[O]" in note
    assert (folder / "whole" / RETURN).stat().st_mode & 0o077 == 0


def rows_of(folder: Path, name: str, texts: list[str], mapping: str = own.MAPPING) -> bytes:
    """The return of an extract in parts, as bytes."""
    (folder / f"{name}.yml").write_text(mapping)
    files = []
    for place, text in enumerate(texts):
        files.append(str(folder / f"{name}{place}.csv"))
        Path(files[-1]).write_text(text)
    code, said = run("make", str(folder / f"{name}.yml"), *files, "--out", str(folder / name))
    assert code < 2, said
    return (folder / name / RETURN).read_bytes()


def test_order_parts_other_months_and_names_change_nothing(folder: Path, records: list[own.Record]) -> None:
    some = [own.wlmds_row(one) for one in records[:400]]
    twice = [
        own.wlmds_row(records[0] | {"DATE_AND_TIME_DATA_SET_CREATED": "01/10/2026 06:00:00", "sex": sex})
        for sex in "12"
    ]
    whole = rows_of(folder, "one", [own.csv_text(own.WLMDS_HEADER, [*some, *twice])])
    other = [own.wlmds_row(one | {"Week_Ending_Date": "31/08/2026"}) for one in records[400:500]]
    header = [*own.WLMDS_HEADER[1:], own.WLMDS_HEADER[0]]
    turned = [[*row[1:], row[0]] for row in reversed([*some, *twice])]
    parts = [
        own.csv_text(header, turned[:100]),
        own.csv_text(own.WLMDS_HEADER, [*other, *([row[-1], *row[:-1]] for row in turned[100:])]),
    ]
    assert rows_of(folder, "parts", parts) == whole
    renamed = [f"col {place}" for place in range(len(own.WLMDS_HEADER))]
    names = "".join(f"      {name}: {column}\n" for name, column in zip(ELEMENTS, renamed, strict=True))
    mapping = own.MAPPING.replace('{dates: "%d/%m/%Y"}', f'\n    dates: "%d/%m/%Y"\n    elements:\n{names}')
    assert rows_of(folder, "renamed", [own.csv_text(renamed, [*some, *twice])], mapping) == whole


ELEMENTS = [
    "DATE_AND_TIME_DATA_SET_CREATED",
    "WEEK_ENDING_DATE",
    "WAITING_LIST_TYPE",
    "NHS_NUMBER",
    "PERSON_BIRTH_DATE",
    "PERSON_STATED_GENDER_CODE",
    "ETHNIC_CATEGORY",
    "PATIENT_PATHWAY_IDENTIFIER",
    "ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER",
    "ORGANISATION_IDENTIFIER_CODE_OF_PROVIDER",
    "ACTIVITY_TREATMENT_FUNCTION_CODE",
    "REFERRAL_TO_TREATMENT_PERIOD_START_DATE",
    "REFERRAL_TO_TREATMENT_PERIOD_END_DATE",
    "LSOA_2021",
]


UNTIDY = {
    "bytes and lines of a spreadsheet": ("utf-8-sig", ",", "%d/%m/%Y", "\r\n"),
    "an export of a local system": ("latin-1", ";", "%d-%b-%Y", "\n\n"),
    "wide text": ("utf-16", "\t", "%Y-%m-%d", "\r\n"),
}
"""Encoding, separator, dates, what ends a line."""


@pytest.mark.parametrize("name", UNTIDY)
def test_an_untidy_file_gives_the_same_return(folder: Path, records: list[own.Record], name: str) -> None:
    """Blanks around cells, blank lines, quotes, small letters, letters of names in columns that are not read, a column without a name."""
    encoding, separator, form, ending = UNTIDY[name]
    some = [own.wlmds_row(one) for one in records[:200]]
    whole = rows_of(folder, "tidy", [own.csv_text(own.WLMDS_HEADER, some)])
    dates = {
        place for place, title in enumerate(own.WLMDS_HEADER) if "DATE" in title.upper() and "CREATED" not in title
    }

    def untidy(row: list[str], number: int) -> list[str]:
        cells = [
            f"{own.dt.datetime.strptime(text, '%d/%m/%Y'):{form}}" if text and place in dates else text
            for place, text in enumerate(row)
        ]
        cells[0] = f"{own.dt.date(2026, 10, 1):{form}} 06:00:00{'' if number % 2 else '.000'}"
        around = ["", " ", "\u00a0", "\t" if separator != "\t" else "  "][number % 4]
        return [
            f'"{around if place % 2 else ""}{text.lower() if number % 3 else text}{" " * (number % 2)}"'
            for place, text in enumerate(cells)
        ]

    lines = [[f'"{title}"' for title in own.WLMDS_HEADER], *(untidy(row, number) for number, row in enumerate(some))]
    text = ending.join(
        separator.join([*line, '"Zo\u00eb O\u2019Neil"' if encoding != "latin-1" else '"Zo\u00eb"', '""'])
        for line in lines
    )
    (folder / "untidy.csv").write_bytes((text + ending).encode(encoding))
    said = f'dates: "{form}", separator: "{separator}", encoding: {encoding.removesuffix("-sig")}'.replace("\t", "\\t")
    (folder / "untidy.yml").write_text(own.MAPPING.replace('dates: "%d/%m/%Y"', said))
    code, words = run("make", folder / "untidy.yml", folder / "untidy.csv", "--out", folder / "untidy")
    assert code < 2, words
    assert (folder / "untidy" / RETURN).read_bytes() == whole


def test_a_list_of_another_day_is_never_re_dated_silently(folder: Path, records: list[own.Record]) -> None:
    some = [
        one | {"Week_Ending_Date": "27/09/2026", "start": own.CENSUS - own.dt.timedelta(days=129)}
        for one in records[:50]
    ]
    code, said, _ = make(folder, some, out="none_of_the_day")
    assert code == 2 and "the list of another day" in said
    code, said, _ = make(folder, some, "--census", "2026-09-27", out="refused")
    assert code == 2 and "--census-differs" in said
    code, said, rows = make(folder, some, "--census", "2026-09-27", "--census-differs", out="sunday")
    assert code < 2, said
    # 129 days to the end of the month are over 18 weeks, 126 to the Sunday are not.
    assert rows["2", "ALL", "G0", "ALL", "ALL", "ALL", "ALL", "W000_018"] == "50"
    manifest = (folder / "sunday" / RETURN.replace(".csv", ".manifest.csv")).read_text()
    assert "2026-09-27" in manifest and ",2026-09-30," in manifest


def test_safe_is_the_rounding_of_the_true_counts(folder: Path, records: list[own.Record]) -> None:
    code, said, rows = make(folder, records, "--profile", "safe", out="safe")
    assert code == 0, said
    true = own.count_pathways(records, own.deciles(folder))
    assert not any(key[2] == "G9" for key in rows)
    for key, text in rows.items():
        count = true.get(key, 0)
        assert text == ("[c]" if 0 < count < 8 else str((count + 2) // 5 * 5)), key


def test_a_database_and_parquet_are_read_as_the_csv_is(folder: Path, records: list[own.Record]) -> None:
    text = own.csv_text(own.WLMDS_HEADER, [own.wlmds_row(one) for one in records[:300]])
    whole = rows_of(folder, "csv", [text])
    start = "REFERRAL_TO_TREATMENT_PERIOD_START_DATE"
    typed = (
        "try_strptime(PERSON_BIRTH_DATE, '%d/%m/%Y')::date as PERSON_BIRTH_DATE, "
        # Midnight in England, in summer the day before in UTC; what pandas makes of whole numbers where cells are blank; a category.
        f"timezone('Europe/London', try_strptime({start}, '%d/%m/%Y')) as {start}, "
        "try_cast(PERSON_STATED_GENDER_CODE as double) as PERSON_STATED_GENDER_CODE, "
        "cast(ACTIVITY_TREATMENT_FUNCTION_CODE as decimal(9, 2)) as ACTIVITY_TREATMENT_FUNCTION_CODE, "
        "cast(Waiting_List_Type as enum('ORTT', 'IRTT')) as Waiting_List_Type"
    )
    source = f"(select * replace ({typed}) from read_csv('{folder / 'csv0.csv'}', all_varchar = true))"
    with duckdb.connect(str(folder / "pas.duckdb")) as con:
        con.execute(f"create table lists as select * from {source}")
        con.execute(f"copy lists to '{folder / 'list.parquet'}' (format parquet)")
    for form, name, query in (
        ("parquet", "list.parquet", ""),
        ("database", "pas.duckdb", "select * from source.main.lists -- all of them"),
    ):
        mapping = own.MAPPING.replace('{dates: "%d/%m/%Y"}', f'{{dates: "%d/%m/%Y", format: {form}, query: "{query}"}}')
        (folder / f"{form}.yml").write_text(mapping)
        code, said = run("make", str(folder / f"{form}.yml"), str(folder / name), "--out", str(folder / form))
        assert code < 2, said
        assert (folder / form / RETURN).read_bytes() == whole


def test_a_second_database_is_refused(folder: Path, records: list[own.Record]) -> None:
    """The queries of all files say `source`: the second file would count the first one's records again."""
    (folder / "half.csv").write_text(own.csv_text(own.WLMDS_HEADER, map(own.wlmds_row, records[:100])))
    for name in ("north", "south"):
        with duckdb.connect(str(folder / f"{name}.duckdb")) as con:
            con.execute(f"create table lists as from read_csv('{folder / 'half.csv'}', all_varchar = true)")
    form = '{dates: "%d/%m/%Y", format: database, query: "select * from source.main.lists"}'
    (folder / "two.yml").write_text(own.MAPPING.replace('{dates: "%d/%m/%Y"}', form))
    files = (folder / "north.duckdb", folder / "south.duckdb")
    code, said = run("make", folder / "two.yml", *files, "--out", folder / "two")
    assert code == 2 and "south.duckdb is a second one" in " ".join(said.split()), said


def test_a_date_that_stands_for_nothing_is_missing(folder: Path, records: list[own.Record]) -> None:
    """Systems write a day such as 01/01/1950 for a birth date that they do not have; it is no age of 76."""
    default = own.dt.date(1950, 1, 1)
    some = [one | {"born": None if place % 3 else one["born"]} for place, one in enumerate(records[:90])]
    written = [one | {"born": one["born"] or default} for one in some]
    mapping = own.MAPPING.replace('"%d/%m/%Y"', '"%d/%m/%Y", missing: ["01/01/1950"]')
    blank, named = (own.csv_text(own.WLMDS_HEADER, map(own.wlmds_row, rows)) for rows in (some, written))
    whole = rows_of(folder, "blank", [blank])
    assert rows_of(folder, "named", [named], mapping) == whole
    typed = f"(select * replace (strptime(PERSON_BIRTH_DATE, '%d/%m/%Y')::date as PERSON_BIRTH_DATE) from read_csv('{folder / 'named0.csv'}', all_varchar = true))"
    duckdb.sql(f"copy {typed} to '{folder / 'typed.parquet'}' (format parquet)")
    (folder / "typed.yml").write_text(
        own.MAPPING.replace('"%d/%m/%Y"', '"%d/%m/%Y", format: parquet, missing: ["1950-01-01"]')
    )
    code, said = run("make", folder / "typed.yml", folder / "typed.parquet", "--out", folder / "typed")
    assert code < 2, said
    assert (folder / "typed" / RETURN).read_bytes() == whole


def test_a_text_that_stands_for_no_identifier_is_no_pathway(folder: Path, records: list[own.Record]) -> None:
    """All but one of these pathways would be older versions of it; 50 older versions of a pathway are what they say."""
    same = own.csv_text(own.WLMDS_HEADER, [own.wlmds_row(one | {"pathway": "NULL"}) for one in records[:60]])
    (folder / "same.csv").write_text(same)
    code, said = run("make", folder / "mapping.yml", folder / "same.csv", "--out", folder / "same")
    words = "PATIENT_PATHWAY_IDENTIFIER: 60 records with a pathway or referral identifier that more than 50 older versions of a pathway share"
    assert code == 2 and words in " ".join(said.split()) and "write what stands for an unknown identifier" in said, said
    named = own.MAPPING.replace('"%d/%m/%Y"', '"%d/%m/%Y", missing: ["NULL"]')
    blank = own.csv_text(own.WLMDS_HEADER, [own.wlmds_row(one | {"pathway": ""}) for one in records[:60]])
    assert rows_of(folder, "named_id", [same], named) == rows_of(folder, "blank_id", [blank])
    one = own.wlmds_row(records[0])
    many = own.csv_text(own.WLMDS_HEADER, [one] * 51)
    assert rows_of(folder, "many", [many]) == rows_of(folder, "one", [own.csv_text(own.WLMDS_HEADER, [one])])


def test_somebody_born_on_29_february_is_18_on_1_march(folder: Path, records: list[own.Record]) -> None:
    """2008-02-29: 17 on 28 February 2026, 18 on 1 March; the list of 1 March is reported for the month's end."""
    born = [own.dt.date(2008, 2, 29), own.dt.date(2008, 2, 28), own.dt.date(2008, 3, 1)]
    for census, ages in (
        (own.dt.date(2026, 2, 28), ["05_17", "18_18", "05_17"]),
        (own.dt.date(2026, 3, 1), ["18_18"] * 3),
    ):
        (folder / "march.yml").write_text(own.MAPPING.replace("2026-09", f"{census:%Y-%m}"))
        rows = [
            own.wlmds_row(
                records[0]
                | {"born": day, "pathway": str(place), "Week_Ending_Date": f"{census:%d/%m/%Y}", "start": None}
            )
            for place, day in enumerate(born)
        ]
        (folder / "march.csv").write_text(own.csv_text(own.WLMDS_HEADER, rows))
        day = ("--census", census.isoformat(), "--census-differs")
        code, said = run(
            "make", str(folder / "march.yml"), str(folder / "march.csv"), "--out", str(folder / "march"), *day
        )
        assert code < 2, said
        made = own.cells_of(folder / "march" / RETURN.replace("2026-09", f"{census:%Y-%m}"), "pathway_count")
        assert [own.age_band(one, census) for one in born] == ages
        found = {key[5]: int(text) for key, text in made.items() if key[:3] == ("2", "ALL", "G3") and text != "0"}
        assert found == {age: ages.count(age) for age in ages}


def test_what_may_not_be_guessed_is_asked_for(folder: Path, records: list[own.Record]) -> None:
    """Each with the words that say what to do."""
    (folder / "one.csv").write_text(own.csv_text(own.WLMDS_HEADER, map(own.wlmds_row, records[:60])))
    american = own.MAPPING.replace("%d/%m/%Y", "%m/%d/%Y")
    asked = {
        own.MAPPING.replace('dates: "%d/%m/%Y"', ""): "nobody guesses it",
        own.MAPPING.replace("imd2025.csv", "imd2019.csv"): "IMD2025 stands on the LSOAs of 2021",
        own.MAPPING.replace(
            '"%d/%m/%Y"', '"%d/%m/%Y", elements: {LSOA_2021: none, WAITING_LIST_TYPE: "My List"}'
        ): "there is no column My List",
        own.MAPPING.replace("wlmds_open:", "cds_020:"): "cds_020 is no layout of WL01",
        own.MAPPING.replace("organisation: R9A", ""): "organisation: Field required",
        own.MAPPING.replace("organisation: R9A", "organisation: RXX"): "no record counts (another provider",
        american: "no date in the format of the mapping",
        own.MAPPING.replace("%d/%m/%Y", "%d/%m/%y"): "26 is 1926 or 2026",
    }
    for mapping, words in asked.items():
        (folder / "asked.yml").write_text(mapping)
        code, said = run("make", str(folder / "asked.yml"), str(folder / "one.csv"), "--out", str(folder / "asked"))
        assert code == 2 and words in " ".join(said.split()), (words, said)
    without = [[*row[:-1]] for row in map(own.wlmds_row, records[:60])]
    (folder / "no_area.csv").write_text(own.csv_text(own.WLMDS_HEADER[:-1], without))
    code, said = run("make", str(folder / "mapping.yml"), str(folder / "no_area.csv"), "--out", str(folder / "asked"))
    assert code == 2 and "does not say where patients live" in said
    assert not (folder / "asked").exists()


@pytest.mark.requires_mirror
def test_an_lsoa_of_2011_has_a_decile_of_2025_where_its_parts_agree(tmp_path: Path) -> None:
    """The real files: of 837 English LSOAs of 2011 that became several, 181 have one decile of 2025; each unchanged one has its own."""
    files = [
        next(MIRROR.rglob(name))
        for name in ("File_7_IoD2025_*.csv", "LSOA_(2011)_to_LSOA_(2021)_to_Local_Authority*.csv")
    ]
    decile, parts = {}, {}
    with files[0].open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.reader(stream):
            decile[row[0]] = row[6]
    with files[1].open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            parts.setdefault(row["lsoa11_code"], set()).add(row["lsoa21_code"])
    split = {code: new for code, new in parts.items() if len(new) > 1 and code.startswith("E")}
    agreeing = {code for code, new in split.items() if len({decile[one] for one in new}) == 1}
    assert (len(split), len(agreeing)) == (837, 181)

    installation = Run.of(load_settings())
    named = f"files: {{imd: '{files[0]}', lsoa_change: '{files[1]}'}}"
    (tmp_path / "real.yml").write_text(re.sub("files: .*", lambda _: named, own.MAPPING))
    with duckdb.connect() as con:
        make_references(con, load_mapping(tmp_path / "real.yml"), tmp_path, installation)
        of_2011 = f"from ({statements(installation)['decile_of_lsoa']}) where lsoa_year = 2011"
        rows = con.execute(f"select lsoa_code, imd_decile {of_2011}").fetchall()
    found = {code: None if number is None else str(number) for code, number in rows}
    assert {code for code in split if found[code] is not None} == agreeing
    wanted = {code: {decile[one] for one in new} for code, new in parts.items() if code.startswith("E")}
    assert found == {code: values.pop() if len(values) == 1 else None for code, values in wanted.items()}
