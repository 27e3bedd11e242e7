"""Annual outpatient activity to counts by group: the dimension is unpacked from MEASURE, totals prove the sums and go.

Three shapes: groups (deprivation and ethnicity, CSV and workbooks), ages (age and sex by specialty, CSV and workbook),
specialties (CSV). Each has a table of cells or groups, its proofs, and the SELECT of its clean rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from dagster_project.duck import quote_identifier, quote_literal
from dagster_project.lake.clean import ParseJob
from dagster_project.lake.headings import fold
from dagster_project.lake.tables import count_again

KINDS = (
    "attended_first",
    "attended_first_tele",
    "attended_subsequent",
    "attended_subsequent_tele",
    "attended_kind_unknown",
)
MEASURES = ("attendances", *KINDS)
RATIO = "ratio"
MEASURE_OF_WORDS = {
    "all attendances": "attendances",
    # The ethnicity rows of 2023-24 leave out the word "first", the deprivation rows of the same file have it.
    "attended appointment": "attended_first",
    "attended first appointment": "attended_first",
    "attended tele consultation": "attended_first_tele",
    "attended first tele consultation": "attended_first_tele",
    "attended subsequent appointment": "attended_subsequent",
    "attended subsequent tele consultation": "attended_subsequent_tele",
    "attended but first/subsequent/tele unknown": "attended_kind_unknown",
    "percentage of all attendances": RATIO,
    "follow-up attendances for each first attendance": RATIO,
}
DECILE_OF_LABEL = {
    "most deprived 10%": "1",
    "more deprived 10-20%": "2",
    "more deprived 20-30%": "3",
    "more deprived 30-40%": "4",
    "more deprived 40-50%": "5",
    "less deprived 40-50%": "6",
    "less deprived 30-40%": "7",
    "less deprived 20-30%": "8",
    "less deprived 10-20%": "9",
    # The CSV of 2023-24 calls the last decile LESS DEPRIVED 10%, the workbook of 2024-25 Least deprived 10%.
    "less deprived 10%": "10",
    "least deprived 10%": "10",
    "unknown/non-uk country": "unknown",
    "total activity": "total",
}
ETHNIC_CATEGORY_OF_LABEL = {
    "british (white)": "A",
    "irish (white)": "B",
    "any other white background": "C",
    "white and black caribbean (mixed)": "D",
    "white and black african (mixed)": "E",
    "white and asian (mixed)": "F",
    "any other mixed background": "G",
    "indian (asian or asian british)": "H",
    "pakistani (asian or asian british)": "J",
    "bangladeshi (asian or asian british)": "K",
    "any other asian background": "L",
    "caribbean (black or black british)": "M",
    "african (black or black british)": "N",
    "any other black background": "P",
    "chinese (other ethnic group)": "R",
    "any other ethnic group": "S",
    "not stated": "Z",
    "not known": "99",
    "all ethnic groups": "total",
    "total activity": "total",
}
LABELS = {"imd_decile": DECILE_OF_LABEL, "ethnic_group": ETHNIC_CATEGORY_OF_LABEL}
# fmt: off
AGE_BANDS = (
    "0", "1-4", "5-9", "10-14", "15", "16", "17", "18", "19", "20-24", "25-29", "30-34", "35-39", "40-44", "45-49", "50-54",
    "55-59", "60-64", "65-69", "70-74", "75-79", "80-84", "85-89", "90-120", "unknown",
)
# fmt: on
NEW_LABEL = "look whether the publisher changed its labels; add them to parse.py"
HEADER_ROWS = 30
BROKEN_SUM = "ask the publisher; the year stays at its last good vintage"
Cells = tuple[int, dict[str, str | None]]


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over what the file's proofs have passed."""
    return PARSERS[job.entity.name](job)


# -- deprivation and ethnicity -------------------------------------------------------------------------------------


def _parse_ethnicity_and_deprivation(job: ParseJob) -> str:
    job.read_csv()
    _require_reporting_period(job)
    _make_labels(job, ("ethnic_group", "imd_decile"))
    job.connection.execute("""
        create temp table cells as
        with
            split as (
                select
                    measure_type,
                    measure as packed,
                    measure_value,
                    case measure_type when 'Activity by IMD Decile' then 'imd_decile' else 'ethnic_group' end as dimension,
                    -- The last dash with blanks round it: LESS DEPRIVED 10-20% has one of its own.
                    regexp_extract(measure, '^(.*) - (.*)$', ['words', 'label']) as parts
                from typed
            )
        select measure_type, packed, measure_value, split.dimension, parts.label as group_label, measure, group_code
        from split
        left join measure_words on words = lower(parts.words)
        left join labels on labels.dimension = split.dimension and labels.label = lower(parts.label)
    """)
    _require_known_cells(job, "group_code")
    pivoted = ", ".join(f"{_one_measure(name)} as {name}" for name in MEASURES)
    job.connection.execute(f"""
        create temp table groups as
        select dimension, group_code, any_value(group_label) as group_label, {pivoted} from cells group by all
    """)
    _check_groups(job, total_of=("ethnic_group",))
    _check_reconciliation(job)
    return _select_groups(job)


def _parse_deprivation_workbook(job: ParseJob) -> str:
    return _parse_groups_workbook(job, "imd_decile")


def _parse_ethnicity_workbook(job: ParseJob) -> str:
    select = _parse_groups_workbook(job, "ethnic_group")
    job.require_none(
        "select coalesce(ethnic_category_code, 'no code'), group_label from groups "
        "where coalesce(ethnic_category_code, 'total') <> group_code",
        "an ethnic category code that does not belong to its label (code, label)",
        NEW_LABEL,
    )
    return select


def _parse_groups_workbook(job: ParseJob, dimension: str) -> str:
    """Both workbooks: one sheet, one row a group, a row of totals."""
    title, rows = max(_sheets(job), key=lambda sheet: len(_match_best(job, sheet[1])[1]))
    count_again(job, [(title, rows)])
    place, columns = _find_header(job, rows)
    if "ethnic_category_code" in columns:
        columns["group_label"] = columns["ethnic_category_code"] + 1
    _require_columns(job, rows[place], columns)
    job.read_rows(_cells(rows, place, columns))
    _make_labels(job, (dimension,))
    job.connection.execute(
        "create temp table groups as select ?::varchar as dimension, group_code, typed.* exclude (percentage) "
        "from typed left join labels on labels.dimension = ? and label = lower(group_label)",
        [dimension, dimension],
    )
    job.require_none(
        "select group_label from groups where group_code is null", "a group that is not in the code list", NEW_LABEL
    )
    _check_groups(job, total_of=(dimension,))
    return _select_groups(job)


def _make_labels(job: ParseJob, dimensions: Sequence[str]) -> None:
    _make_words(job)
    rows = [(dimension, *pair) for dimension in dimensions for pair in LABELS[dimension].items()]
    _make_table(job, "labels", ("dimension", "label", "group_code"), rows)


def _make_words(job: ParseJob) -> None:
    _make_table(job, "measure_words", ("words", "measure"), list(MEASURE_OF_WORDS.items()))


def _make_table(job: ParseJob, name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    definitions = ", ".join(f"{quote_identifier(column)} varchar" for column in columns)
    job.connection.execute(f"create temp table {quote_identifier(name)} ({definitions})")
    places = ", ".join("?" for _ in columns)
    job.connection.executemany(f"insert into {quote_identifier(name)} values ({places})", [list(row) for row in rows])


def _one_measure(name: str) -> str:
    return f"cast(max(measure_value) filter (where measure = '{name}') as bigint)"


def _require_known_cells(job: ParseJob, group: str) -> None:
    """Every cell has a known measure and group, stands once, and counts are whole; ratios are set aside."""
    job.require_none(
        "select distinct measure_type, packed from cells where measure is null order by all",
        "a measure that is not in the list (MEASURE_TYPE, MEASURE)",
        NEW_LABEL,
    )
    job.require_none(
        f"select distinct measure_type, packed from cells where {group} is null order by all",
        "a group that is not in the code list (MEASURE_TYPE, MEASURE)",
        NEW_LABEL,
    )
    job.require_none(
        f"select measure_type, {group}, measure, count(*) from cells where measure <> '{RATIO}' group by all having count(*) > 1",
        "a cell that stands more than once (MEASURE_TYPE, group, measure, times)",
        "look whether the file holds two editions of the same rows",
    )
    job.require_none(
        f"select measure_type, packed, {group}, measure_value from cells "
        f"where measure <> '{RATIO}' and (measure_value < 0 or measure_value <> floor(measure_value))",
        "a count that is not a whole number (MEASURE_TYPE, MEASURE, group, value)",
        BROKEN_SUM,
    )
    job.set_aside("percentages and ratios of the counts beside them", job.count("cells", f"measure = '{RATIO}'"))
    totals = job.count("cells", f"{group} = 'total' and measure <> '{RATIO}'")
    job.set_aside("totals, used as a checksum", totals)


def _check_groups(job: ParseJob, total_of: Sequence[str]) -> None:
    """Every group of the code list is there, in full, and adds up: its kinds, and to the total where there is one."""
    job.require_none(
        f"select dimension, group_code from labels where group_code <> 'total' or dimension in ({_literals(total_of)}) "
        "except select dimension, group_code from groups order by all",
        "a group of the code list that the file does not have (dimension, group)",
        "look whether the publisher cut the file",
    )
    for name in MEASURES:
        job.require_none(
            f"select dimension, group_label from groups where {name} is null",
            f"a group without a value of {name} (dimension, group)",
            "look whether the publisher cut the file",
        )
        job.require_none(
            f"select dimension, sum({name}) filter (where group_code <> 'total') as groups, "
            f"sum({name}) filter (where group_code = 'total') as total from groups "
            "group by dimension having groups <> total",
            f"the groups do not sum to the total of {name} (dimension, groups, total)",
            BROKEN_SUM,
        )
    job.require_none(
        f"select dimension, group_label, attendances, {' + '.join(KINDS)} from groups where attendances <> {' + '.join(KINDS)}",
        "the kinds of attendance do not sum to all attendances (dimension, group, all, kinds)",
        BROKEN_SUM,
    )
    if job.entity.format == "xlsx":
        job.set_aside("totals, used as a checksum", job.count("groups", "group_code = 'total'"))


def _check_reconciliation(job: ParseJob) -> None:
    """Deprivation, unknown included, has no total row of its own: 104,634,817 in 2023-24 by both dimensions."""
    for name in MEASURES:
        job.require_none(
            f"select sum({name}) filter (where dimension = 'imd_decile') as deprivation, "
            f"sum({name}) filter (where dimension = 'ethnic_group') as ethnicity "
            "from groups where group_code <> 'total' having deprivation is distinct from ethnicity",
            f"{name} by deprivation and by ethnicity do not reconcile (deprivation, ethnicity)",
            BROKEN_SUM,
        )


def _select_groups(job: ParseJob) -> str:
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            dimension,
            group_code,
            group_label,
            {", ".join(MEASURES)}
        from groups
        where group_code <> 'total'
    """


# -- age and sex ---------------------------------------------------------------------------------------------------

AGES = """
    create temp table ages as
    select
        attendance_kind,
        code,
        any_value(code_description) as code_description,
        age_band,
        max(attendances) filter (where sex = 'All Genders') as attendances,
        coalesce(max(attendances) filter (where sex = 'Female'), 0) as attendances_female,
        coalesce(max(attendances) filter (where sex = 'Male'), 0) as attendances_male
    from cells
    group by attendance_kind, code, age_band
"""


def _parse_ages(job: ParseJob) -> str:
    job.read_csv()
    _require_reporting_period(job)
    job.connection.execute("""
        create temp table cells as
        select
            measure_type,
            measure,
            case measure_type when 'All Attendances by Age and Gender' then 'all' else 'first' end as attendance_kind,
            code,
            code_description,
            replace(regexp_extract(measure, '^(.+) (?:All Genders|Female|Male)$', 1), 'Age Unknown', 'unknown') as age_band,
            regexp_extract(measure, ' (All Genders|Female|Male)$', 1) as sex,
            measure_value as attendances
        from typed
    """)
    job.require_none(
        f"select distinct measure_type, measure from cells where age_band not in ({_literals(AGE_BANDS)}) or sex = '' order by all",
        "an age band or sex that is not in the list (MEASURE_TYPE, MEASURE)",
        NEW_LABEL,
    )
    _check_ages(job, ("all", "first"))
    return _select_ages(job)


def _rows_of_the_sexes(job: ParseJob) -> Iterator[Cells]:
    sheets = _sheets(job)
    count_again(job, sheets)
    for title, sheet in sheets:
        sex = re.fullmatch(r"All Attendances - (All|Male|Female)", title.strip())
        if sex is None:
            _require_year(job, title, sheet)
            continue
        place, columns = _find_header(job, sheet)
        _require_columns(job, sheet[place], columns, besides=("sheet_sex",))
        for number, cells in _cells(sheet, place, columns):
            yield number, cells | {"sheet_sex": sex[1]}


def _parse_ages_workbook(job: ParseJob) -> str:
    job.read_rows(_rows_of_the_sexes(job))
    ages = [column.name for column in job.entity.file_columns if column.name.startswith("age_")]
    job.require_none(
        f"select sheet_sex, code, {' + '.join(ages)}, total from typed where {' + '.join(ages)} <> total",
        "the ages of a row do not sum to its total (sheet, main specialty, ages, total)",
        BROKEN_SUM,
    )
    job.connection.execute(f"""
        create temp table cells as
        select
            'the sheet of ' || sheet_sex as measure_type,
            'all' as attendance_kind,
            code,
            code_description,
            replace(replace(age, 'age_', ''), '_', '-') as age_band,
            case sheet_sex when 'All' then 'All Genders' else sheet_sex end as sex,
            attendances
        from typed unpivot (attendances for age in ({", ".join(ages)}))
    """)
    _check_ages(job, ("all",))
    return _select_ages(job)


def _check_ages(job: ParseJob, kinds: Sequence[str]) -> None:
    """Every kind, age and sex has its row of all specialties, each cell stands once, and the specialties sum to that row.

    The sum also proves that a row which is absent stands for 0: 12,162 of 13,050 possible rows are there in 2023-24.
    """
    _make_table(job, "expected_ages", ("age_band",), [(band,) for band in AGE_BANDS])
    job.require_none(
        f"select kind, sex, age_band from (select unnest([{_literals(kinds)}]) as kind) "
        "cross join (values ('All Genders'), ('Female'), ('Male')) as sexes (sex) cross join expected_ages "
        "except select attendance_kind, sex, age_band from cells where code = 'All' order by all",
        "an age and sex without its row of all specialties (kind, sex, age)",
        "look whether the publisher cut the file",
    )
    job.require_none(
        "select measure_type, code, age_band, sex, count(*) from cells group by all having count(*) > 1",
        "a cell that stands more than once (measure type, main specialty, age, sex, times)",
        "look whether the file holds two editions of the same rows",
    )
    job.require_none(
        "select measure_type, age_band, sex, sum(attendances) filter (where code <> 'All') as specialties, "
        "sum(attendances) filter (where code = 'All') as total from cells group by all having specialties is distinct from total",
        "the main specialties do not sum to All (measure type, age, sex, specialties, total)",
        BROKEN_SUM,
    )


def _select_ages(job: ParseJob) -> str:
    """One row an age band with the sexes beside each other, once nobody is counted twice."""
    job.connection.execute(AGES)
    job.require_none(
        "select attendance_kind, code, age_band, attendances, attendances_female, attendances_male from ages "
        "where attendances is null or attendances_female + attendances_male > attendances",
        "women and men are more than everyone (kind, main specialty, age, everyone, female, male)",
        BROKEN_SUM,
    )
    job.set_aside("rows of all specialties, used as a checksum", job.count("typed", "code = 'All'"))
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            attendance_kind,
            replace(code, '&', 'unknown') as main_specialty_code,
            code_description as main_specialty_name,
            age_band,
            attendances,
            attendances_female,
            attendances_male
        from ages
        where code <> 'All'
    """


def _require_year(job: ParseJob, title: str, sheet: list[list[Any]]) -> None:
    """The introduction is the only place of the workbook that names its year."""
    text = " ".join(str(cell) for row in sheet for cell in row)
    year = re.search(r"Hospital Outpatient Activity,? (20\d\d-\d\d)", text)
    if year is None:
        raise job.error(
            f"sheet {title!r} is neither the introduction nor a sheet of attendances", "look at the workbook"
        )
    if year[1] != job.snapshot.period.removeprefix("fy"):
        raise job.error(
            f"it is listed as {job.snapshot.period} but its introduction says {year[1]}", "look at the page"
        )


# -- specialties ---------------------------------------------------------------------------------------------------

SPECIALTY_CELLS = """
    create temp table cells as
    select
        measure_type,
        typed.measure as packed,
        case code when 'All' then 'total' when '&' then 'unknown' else code end as code,
        code_description,
        measure_words.measure,
        measure_value
    from typed
    left join measure_words on words = lower(typed.measure)
"""


def _parse_specialties(job: ParseJob) -> str:
    job.read_csv()
    _require_reporting_period(job)
    _make_words(job)
    job.connection.execute(SPECIALTY_CELLS)
    _require_known_cells(job, "code")
    # A specialty without such an attendance has no row; the totals prove that it stands for 0.
    pivoted = ", ".join(f"coalesce({_one_measure(name)}, 0) as {name}" for name in MEASURES)
    job.connection.execute(f"""
        create temp table specialties as
        select measure_type, code, any_value(code_description) as code_description, {pivoted}
        from cells
        group by measure_type, code
    """)
    _check_specialties(job)
    return f"""
        select
            date '{job.period_start.isoformat()}' as period_start,
            case measure_type when 'Activity by Treatment Function' then 'treatment_function' else 'main_specialty' end
                as breakdown,
            code as specialty_code,
            code_description as specialty_name,
            {", ".join(MEASURES)}
        from specialties
        where code <> 'total'
    """


def _check_specialties(job: ParseJob) -> None:
    for name in MEASURES:
        job.require_none(
            f"select measure_type, sum({name}) filter (where code <> 'total') as specialties, "
            f"sum({name}) filter (where code = 'total') as total "
            "from specialties group by measure_type having specialties is distinct from total",
            f"the specialties do not sum to All in {name} (MEASURE_TYPE, specialties, total)",
            BROKEN_SUM,
        )
    job.require_none(
        f"select measure_type, code, attendances, {' + '.join(KINDS)} from specialties where attendances <> {' + '.join(KINDS)}",
        "the kinds of attendance do not sum to all attendances (MEASURE_TYPE, code, all, kinds)",
        BROKEN_SUM,
    )


# -- what several of them need -------------------------------------------------------------------------------------


def _require_reporting_period(job: ParseJob) -> None:
    """REPORTING_PERIOD is 2324 for 2023-24: four digits, but not a year."""
    expected = job.snapshot.period[4:6] + job.snapshot.period[7:9]
    job.require_none(
        f"select distinct reporting_period from typed where reporting_period <> '{expected}'",
        f"it is listed as {job.snapshot.period}, so REPORTING_PERIOD should be {expected}, but the file holds",
        "look whether the publisher linked the wrong file; the snapshot is kept",
    )


def _literals(values: Sequence[str]) -> str:
    return ", ".join(map(quote_literal, values))


def _sheets(job: ParseJob) -> list[tuple[str, list[list[Any]]]]:
    try:
        workbook = CalamineWorkbook.from_path(str(job.snapshot.path))
    except CalamineError as error:
        raise job.error(f"it cannot be read as a workbook: {error}", "look at the file") from error
    return [(name, workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in workbook.sheet_names]


def _find_header(job: ParseJob, rows: list[list[Any]]) -> tuple[int, dict[str, int]]:
    """The row that holds most headings of the contract, and the column of each heading."""
    place, columns = _match_best(job, rows)
    if not columns:
        raise job.error("no row of a sheet holds the headings of the contract", "compare the file with source.yml")
    return place, columns


def _match_best(job: ParseJob, rows: list[list[Any]]) -> tuple[int, dict[str, int]]:
    matches = [_match_headings(job, row) for row in rows[:HEADER_ROWS]]
    place = max(range(len(matches)), key=lambda number: len(matches[number]), default=0)
    return place, matches[place] if matches else {}


def _match_headings(job: ParseJob, row: list[Any]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for place, cell in enumerate(row):
        heading = " ".join((_text(cell) or "").replace("\u00a0", " ").split())
        for column in job.entity.file_columns:
            matched = fold(heading) == fold(column.header)
            if matched or (column.header_pattern and re.search(column.header_pattern, heading)):
                columns.setdefault(column.name, place)
    return columns


def _require_columns(job: ParseJob, header: list[Any], columns: Mapping[str, int], besides: Sequence[str] = ()) -> None:
    for column in job.entity.file_columns:
        if column.name not in columns and column.name not in besides:
            raise job.error(f"column {column.header!r} is missing", "fix the heading in source.yml if it was renamed")
    for place, cell in enumerate(header):
        if _text(cell) and place not in columns.values():
            raise job.error(f"column {place + 1}, {_text(cell)!r}, is not in the contract", "add it to source.yml")


def _cells(rows: list[list[Any]], header: int, columns: Mapping[str, int]) -> Iterator[Cells]:
    """The rows under the header that are not blank, with their number in the sheet (as Excel counts, from 1)."""
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = {name: _text(row[place]) for name, place in columns.items()}
        if any(cells.values()):
            yield number, cells


def _text(cell: Any) -> str | None:
    """A cell as text; whole numbers without `.0` (codes 99 and 100, ages 0 and 15 to 19 are numbers in the sheet)."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip(" \u00a0") or None


PARSERS: dict[str, Callable[[ParseJob], str]] = {
    "ethnicity_deprivation": _parse_ethnicity_and_deprivation,
    "deprivation_workbook": _parse_deprivation_workbook,
    "ethnicity_workbook": _parse_ethnicity_workbook,
    "age_sex_specialty": _parse_ages,
    "age_sex_workbook": _parse_ages_workbook,
    "main_specialty": _parse_specialties,
}
