"""One run over an extract: the relations are made, every record is judged, and what was found is counted.

Both `check` and `make` begin here. Counts that leave this module are told: fewer than 8, or to the nearest 5.
"""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier
from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb

from dagster_project.duck import connection
from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal as _t
from dagster_project.extract.databases import Server, given_place
from dagster_project.extract.layouts import Fault, Layout, load_layouts
from dagster_project.extract.mapping import AREA, NONE, Mapping, place_of
from dagster_project.extract.private import private_folder
from dagster_project.extract.reading import UNREAD, Found, as_written, make_records, unread_bits
from dagster_project.extract.references import make_references
from dagster_project.extract.refused import Refused, silent
from dagster_project.extract.statements import statements
from dagster_project.lake.run import Run

AREAS = ("POSTCODE_OF_USUAL_ADDRESS", "LSOA_2021", "LSOA_2011")
PERSON_KEYS = ("nhs_number", "local_patient_identifier")
DUPLICATE = "duplicate"
UNREAD_SHARE = 0.01
AREA_WORDS = {
    "no_address": "a postcode of ZZ99 (no fixed abode, not known, abroad)",
    "no_area": "neither postcode nor LSOA",
    "not_england": "an area outside England",
    "no_one_decile": "an LSOA that is not in the list, or whose parts have several deciles",
    "not_in_lookup": "a postcode that is not in the lookup, or whose LSOA has no one decile",
}


@dataclass(frozen=True)
class Wanted:
    """What a run is asked for, besides the mapping."""

    census: dt.date | None = None
    census_differs: bool = False
    is_safe: bool = False

    @property
    def profile(self) -> str:
        """Return the disclosure profile, as the manifest has it."""
        return "SAFE" if self.is_safe else "RESTRICTED"


@dataclass(frozen=True)
class Line:
    """One thing that was counted: which element, what, how many (as told), whether it stops the return."""

    element: str
    what: str
    told: str
    mend: str = ""
    stops: bool = False


@dataclass(frozen=True)
class Summary:
    """What was found in the records of one layout; counts as told."""

    found: Found
    read: str
    counted: str
    left_out: list[Line]
    faults: list[Line]
    without_decile: list[Line]


@dataclass
class ExtractRun:
    """An open run: the relations are in `con`."""

    con: duckdb.DuckDBPyConnection
    mapping: Mapping
    folder: Path
    wanted: Wanted
    sql: dict[str, str]
    summaries: list[Summary] = field(default_factory=list)

    def make_table(self, name: str, statement: str, kind: str = "table") -> None:
        """Make a table, or a view, from a statement of dbt."""
        with silent(f"the statement {statement} did not run over this extract"):
            self.con.execute(f"create or replace temp {kind} {_q(name)} as {self.sql[statement]}")

    def told(self, counts: Sequence[int]) -> list[str]:
        """Counts as they are told."""
        self.con.execute("create or replace temp table counts (place integer, n bigint)")
        if counts:
            self.con.executemany("insert into counts values (?, ?)", [list(pair) for pair in enumerate(counts)])
        return [str(text) for _, text in self.con.execute(self.sql["told"]).fetchall()]


@contextmanager
def open_run(
    mapping: Mapping, base: Path, given: Sequence[str], wanted: Wanted, installation: Run
) -> Iterator[ExtractRun]:
    """Make the relations and judge every record; `given` are the files as they were named, `base` the folder of the mapping."""
    files = _by_input(mapping, given)
    sql = statements(installation)
    with (
        private_folder() as folder,
        connection(None, limits=replace(installation.limits, spill=folder)) as con,
        silent("the extract cannot be worked on"),
    ):
        run = ExtractRun(con, mapping, folder, wanted, sql)
        _judge(run, base, files, installation)
        yield run


def _by_input(mapping: Mapping, given: Sequence[str]) -> dict[str, list[Path | Server]]:
    """Input -> its files or servers: `area=addresses.csv`, or the name alone where there is one layout of records."""
    files: dict[str, list[Path | Server]] = {name: [] for name in mapping.inputs}
    records = list(mapping.records)
    for text in given:
        name, mark, path = text.partition("=")
        if mark and name in files:
            files[name].append(given_place(path))
        elif len(records) == 1:
            files[records[0]].append(given_place(text))
        else:
            raise Refused(
                "it is not clear which file is which",
                f"{', '.join(mapping.inputs)} are in the mapping",
                f"write {records[0]}=FILE",
            )
    if lacking := [name for name, paths in files.items() if not paths]:
        raise Refused("a file is not named", f"the mapping has {', '.join(lacking)}", f"name it: {lacking[0]}=FILE")
    return files


def _judge(run: ExtractRun, base: Path, files: dict[str, list[Path | Server]], installation: Run) -> None:
    layouts = load_layouts()
    make_references(run.con, run.mapping, base, installation)
    run.make_table("decile_of_lsoa", "decile_of_lsoa")
    run.make_table("decile_of_postcode", "decile_of_postcode")
    if AREA in files:
        make_records(run.con, layouts[AREA], run.mapping.inputs[AREA], files[AREA], "area")
    else:
        columns = ", ".join(f"null::varchar as {_q(element.column)}" for element in layouts[AREA].elements)
        run.con.execute(f"create temp view area as select {columns} where false")
    run.make_table("area_of_person", "area_of_person")
    for name in run.mapping.records:
        found = make_records(run.con, layouts[name], run.mapping.inputs[name], files[name], name)
        _require_area(run, layouts[name], found)
        _make_parameters(run, found)
        _judge_records(run, found)
        run.make_table("tally", f"{name}_tally", "view")
        run.summaries.append(_count(run, layouts[name], found))
        run.make_table(f"cells of {name}", f"{name}_cells")
    cells = " union all ".join(f"from {_q(f'cells of {name}')}" for name in run.mapping.records)
    run.con.execute(f"create temp view cells as {cells}")


def _read_from(run: ExtractRun, layout: Layout, view: str) -> None:
    """Make `records` from a view; what only finds the area in the second input is not read where there is none."""
    has_no_use = AREA not in run.mapping.inputs and _is_placed(layout)
    replaced = f"replace ({', '.join(f'null::varchar as {name}' for name in PERSON_KEYS)})" if has_no_use else ""
    run.con.execute(f"create or replace temp view records as select * {replaced} from {_q(view)}")


def _judge_records(run: ExtractRun, found: Found) -> None:
    """Make what `tally` is of; where records are judged in groups, the file is read again only for versions of one record."""
    name = found.layout.name
    if f"{name}_grouped" not in run.sql:
        _read_from(run, found.layout, name)
        run.make_table("judged", f"{name}_judged")
        if f"{name}_repeated" in run.sql:
            run.make_table("repeated", f"{name}_repeated")
        return
    _read_from(run, found.layout, as_written(name))
    run.make_table(as_written("grouped"), f"{name}_grouped")
    meant = f"replace ({', '.join(f'{sql} as {_q(code)}' for code, sql in found.codes.items())})" if found.codes else ""
    run.con.execute(f"create or replace temp view grouped as select * {meant} from {_q(as_written('grouped'))}")
    _read_from(run, found.layout, name)
    run.make_table("judged", f"{name}_judged")
    run.make_table("repeated", f"{name}_repeated")
    if run.con.execute("select count(*) from repeated").fetchone() == (0,):
        run.con.execute(
            "create or replace temp table duplicates as select *, false as of_no_identifier from judged limit 0"
        )
    else:
        run.make_table("duplicates", f"{name}_duplicates")


def _is_placed(layout: Layout) -> bool:
    """Whether the layout asks for deciles: UC01 asks for the postcode only, as a sign of homelessness."""
    return all(layout.element(name) for name in AREAS)


def _require_area(run: ExtractRun, layout: Layout, found: Found) -> None:
    """Raise Refused where deciles are asked for and nothing says where patients live, or nothing says which decile that is."""
    given = run.mapping.inputs[layout.name]
    if not _is_placed(layout):
        return
    has_area = AREA in run.mapping.inputs or any(found.has(name) for name in AREAS)
    if not has_area and not any(place_of(given, layout, name) for name in AREAS):
        raise Refused(
            f"the extract of {layout.name} does not say where patients live",
            f"none of {', '.join(AREAS)} is there",
            f"name the column, add the input {AREA}, or write `{AREAS[0]}: {NONE}`: every record is then decile 99",
        )
    if has_area and run.con.execute("select count(*) from imd").fetchone() == (0,):
        raise Refused(
            f"the deciles of {run.mapping.imd_version} are not available",
            "neither the mapping nor this installation has them",
            "name File 7 of the Indices of Deprivation in the mapping (files, imd), or run `hiw refresh` first",
        )


def _make_parameters(run: ExtractRun, found: Found) -> None:
    mapping, wanted = run.mapping, run.wanted
    census = wanted.census or mapping.period_end
    if census != mapping.period_end and not wanted.census_differs:
        raise Refused(
            f"the census {census} is not the last day of the period, {mapping.period_end}",
            f"{mapping.collection} is of the last day of its month; nothing is re-dated silently",
            "add --census-differs where this list is the nearest that there is: both days then are in known_issues",
        )
    values = {
        "org_code": mapping.organisation,
        "provider_codes": [mapping.organisation, *mapping.provider_codes],
        "period_start": mapping.period_start,
        "period_end": mapping.period_end,
        "census_date": census,
        "is_safe": wanted.is_safe,
        "has_list_type": found.has("WAITING_LIST_TYPE"),
        "has_treatment_function": found.has("ACTIVITY_TREATMENT_FUNCTION_CODE"),
        "has_coded": found.has("ACCOMMODATION_STATUS_CODE"),
        "has_snomed": found.has("ACCOMMODATION_STATUS_SNOMED_CT"),
        "has_postcode": found.has("POSTCODE_OF_USUAL_ADDRESS"),
        "has_hostels": found.has("POSTCODE_OF_USUAL_ADDRESS") and bool(mapping.files.hostels),
        "has_part_2a": found.has("WAITING_LIST_TYPE") or found.has("DECISION_TO_ADMIT_DATE"),
    }
    places = ", ".join(f"? as {_q(name)}" for name in values)
    run.con.execute(f"create or replace temp table parameters as select {places}", list(values.values()))


def _count(run: ExtractRun, layout: Layout, found: Found) -> Summary:
    """Count what was judged, in one pass."""
    faults = [fault for fault in layout.faults if fault.always or found.has(fault.element)] + _unread(layout, found)
    counted = "reason is null and not is_older"
    reasons = [reason for reason in layout.reasons if reason != DUPLICATE]
    areas = AREA_WORDS if layout.element("LSOA_2021") else {}
    of = ["true", counted, "is_older"]
    of += [f"reason = {_t(reason)} and not is_older" for reason in reasons]
    of += [f"{_condition(layout, one)}{f' and {counted}' if one.scope == 'counted' else ''}" for one in faults]
    of += [f"imd_decile = 99 and area_reason = {_t(reason)} and {counted}" for reason in areas]
    sums = ", ".join(f"cast(coalesce(sum(n) filter ({condition}), 0) as bigint)" for condition in of)
    numbers = list(run.con.execute(f"select {sums} from tally").fetchone() or ())
    told = run.told(numbers)
    first, second = 3 + len(reasons), 3 + len(reasons) + len(faults)
    by_reason = dict(zip([DUPLICATE, *reasons], told[2:first], strict=True))
    return Summary(
        found,
        told[0],
        told[1],
        [Line("", words, by_reason[reason]) for reason, words in layout.reasons.items()],
        [
            Line(
                fault.element, fault.what, text, fault.mend, fault.stops or _is_wrong_format(fault, number, numbers[0])
            )
            for fault, number, text in zip(faults, numbers[first:second], told[first:second], strict=True)
            if number
        ],
        [Line("", words, text) for words, text in zip(areas.values(), told[second:], strict=True)],
    )


def _condition(layout: Layout, fault: Fault) -> str:
    """SQL over a row of `tally`: whether it has the fault."""
    bits = {f"{UNREAD}{column}": bit for column, bit in unread_bits(layout).items()}
    return f"unread & {bits[fault.id]} <> 0" if fault.id in bits else _q(fault.id)


def _is_wrong_format(fault: Fault, number: int, read: int) -> bool:
    """Whether so many dates cannot be read that those that can be are read wrongly: 03/04 is a date in either order."""
    return fault.id.startswith(UNREAD) and number > UNREAD_SHARE * read


def _unread(layout: Layout, found: Found) -> list[Fault]:
    """For each date that is there: texts that the date format cannot read."""
    return [
        Fault(
            id=f"{UNREAD}{element.column}",
            element=element.name,
            what="a text that is no date in the format of the mapping: taken for missing",
            mend="look whether `dates` is right for this column",
            scope="all",
        )
        for element in layout.elements
        if element.kind in {"date", "moment"} and found.has(element.name)
    ]
