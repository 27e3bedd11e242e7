"""Five million pathways to WL01 with `hiw extract make`, beside bare DuckDB and pandas doing the same groupings over the same file.

Bare DuckDB reads the file once into the full cross and adds that up: the fastest way known, without versions of pathways, code lists,
faults, notes or zeros. The pandas script is what an analyst writes who knows pandas: only the columns that are needed, categories,
vectorised bands, one groupby for each grouping set. Each runs in a process of its own, whose memory is watched with that of its
children; the three must count the same, or the times mean nothing. `python -m tests.bench.extract [pathways]` runs it alone.

Five million pathways, 465 MB, on two cores that others used too: bare DuckDB 3.3 to 3.7 s of processor time and 261 MB, the command 7.6 to 8.4 s
(2.2, 2.3 and 2.4 times in three repeats) and 600 MB, pandas 12.7 s and 771 MB. Written like this, pandas works 3.8 times as long as bare DuckDB. Twenty
times faster than it would be five times faster than bare DuckDB, which spends nearly half of its time on splitting the lines: nothing that reads it can be.
What the command does more than bare DuckDB: twice the columns, blanks and dates that are no dates, and each pathway's key, of which none may be there twice.

Twice bare DuckDB would be a tenth to a sixth less. Two million pathways on one thread, 2.4 s (bare DuckDB 1.2): splitting eleven columns of texts 0.72, casting
dates 0.26, blanks around three columns 0.08, what is no date 0.1, area, age and wait by join 0.13, faults and columns carried along 0.3, grouping by
what decides 0.4, the keys 0.4. By themselves the keys are 0.16, but beside them the file would be read again (0.7), or the records kept (0.8). The rows of
the return are 0.4 s of any extract. Tried, of these 2.4 s, and given up for what it costs elsewhere:
columns that the extract lacks not grouped by, 0.12 (the statement would depend on the extract, and no longer be dbt's);
dates typed as the file is split, 0.15 (one text that is no date, and the file is read twice; dates are then taken in writings that the mapping does not name);
reasons of an area as numbers and absent codes as small numbers, 0.1; all of these together 0.3, about 2.1 times;
true and false packed in one number, texts joined in one or made numbers, one struct to group by, lists of keys: nothing, or more than it saves.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from dagster_project.duck import EngineLimits, open_database
from dagster_project.extract.making import make_return
from dagster_project.extract.mapping import load_mapping
from dagster_project.extract.running import Wanted
from dagster_project.lake.run import Run
from dagster_project.sample.mhclg_imd import FILE_7_2025, published_files
from dagster_project.settings import load_settings
from tests.bench.watch import run_watched

PATHWAYS = int(os.environ.get("HIW_BENCH_PATHWAYS", "5_000_000"))
CENSUS = "2026-09-30"
MAPPING = """
return: WL01
organisation: R9A
period: "2026-09"
signed_off_role: COO
signed_off_date: 2026-10-12
files: {imd: imd.csv}
inputs:
  wlmds_open: {dates: "%Y-%m-%d"}
"""
MAKE = """
copy (
    select 'IRTT' as Waiting_List_Type, date '2026-09-30' as Week_Ending_Date, printf('R9A%017d', i) as PATIENT_PATHWAY_IDENTIFIER,
        'R9A' as ORGANISATION_CODE_PATIENT_PATHWAY_IDENTIFIER_ISSUER, printf('%010d', i) as NHS_NUMBER,
        date '2026-09-30' - cast(hash(i, 1) % 36000 as integer) as PERSON_BIRTH_DATE,
        ['1', '2'][cast(hash(i, 2) % 2 as integer) + 1] as PERSON_STATED_GENDER_CODE,
        ['A', 'A', 'A', 'A', 'B', 'C', 'H', 'J', 'N', 'S', 'Z', '99'][cast(hash(i, 3) % 12 as integer) + 1] as ETHNIC_CATEGORY,
        ['100', '101', '110', '120', '130', '300', '320', '340', '430', '502'][cast(hash(i, 4) % 10 as integer) + 1] as ACTIVITY_TREATMENT_FUNCTION_CODE,
        date '2026-09-30' - cast(hash(i, 5) % 800 as integer) as REFERRAL_TO_TREATMENT_PERIOD_START_DATE,
        cast(null as date) as REFERRAL_TO_TREATMENT_PERIOD_END_DATE, areas.code as derLSOA2021
    from range({pathways}) as t(i) join areas on areas.place = hash(i, 6) % {areas}
) to '{path}' (header)
"""
DAYS = (126, 182, 280, 364, 455, 546, 728)
BANDS = ("W000_018", "W018_026", "W026_040", "W040_052", "W052_065", "W065_078", "W078_104", "W104_PLUS")
AGES = (4, 17, 18, 29, 39, 49, 64, 74, 84)
AGE_BANDS = ("00_04", "05_17", "18_18", "19_29", "30_39", "40_49", "50_64", "65_74", "75_84", "85_PLUS")
FIVE = {
    "A": "WHITE",
    "B": "WHITE",
    "C": "WHITE",
    "H": "ASIAN",
    "J": "ASIAN",
    "N": "BLACK",
    "S": "OTHER",
    "Z": "UNK",
    "99": "UNK",
}
SETS = {
    "G0": [],
    "G1": ["e"],
    "G2": ["i"],
    "G3": ["a"],
    "G4": ["s"],
    "G5": ["five", "fifth"],
    "G9": ["e", "i", "a", "s"],
}


def make_files(folder: Path, pathways: int) -> None:
    """The extract, its mapping and File 7."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "imd.csv").write_bytes(published_files(0, 0)[FILE_7_2025])
    (folder / "mapping.yml").write_text(MAPPING, encoding="utf-8")
    with duckdb.connect() as con:
        con.execute(f"create table areas as select row_number() over () - 1 as place, code from ({_imd(folder)})")
        areas = con.execute("select count(*) from areas").fetchone()
        con.execute(MAKE.format(pathways=pathways, areas=areas[0] if areas else 0, path=folder / "extract.csv"))


def _imd(folder: Path) -> str:
    decile = "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)"
    return f"""select "LSOA code (2021)" as code, "{decile}" as decile from read_csv('{folder / "imd.csv"}')"""


def run_tool(folder: Path) -> Callable[[], dict[str, int]]:
    """`hiw extract make`, without the check of its return, which is one of any return. What it counted is read back outside of the time."""
    made = make_return(
        load_mapping(folder / "mapping.yml"),
        folder,
        [str(folder / "extract.csv")],
        folder / "out",
        Wanted(),
        Run.of(load_settings()),
    )

    def counts() -> dict[str, int]:
        with duckdb.connect() as con:
            sums = con.execute(
                "select grouping_set, sum(pathway_count::bigint ** 2)::bigint from read_csv(?, header = true, all_varchar = true) "
                "where rtt_part = '2' and treatment_function_code = 'ALL' group by all",
                [str(made.data)],
            ).fetchall()
        return dict(sums)

    return counts


def _case(value: str, edges: tuple[int, ...], names: tuple[str, ...]) -> str:
    cases = " ".join(f"when {value} <= {edge} then '{name}'" for edge, name in zip(edges, names, strict=False))
    return f"case {cases} else '{names[-1]}' end"


def run_bare(folder: Path) -> Callable[[], dict[str, int]]:
    """Bare DuckDB with the limits of the warehouse."""
    settings = load_settings()
    with open_database(None, limits=EngineLimits(settings.memory_limit, settings.threads)) as con:
        con.execute(f"create table imd as {_imd(folder)}")
        con.execute("create table five as select unnest(?) as e, unnest(?) as five", [list(FIVE), list(FIVE.values())])
        age = f"year(date '{CENSUS}') - year(b) - (month(b) * 100 + day(b) > 930)::integer"
        con.execute(
            f"create table cells as select f, e, coalesce(decile, 99) as i, {_case(age, AGES, AGE_BANDS)} as a, s, "
            f"{_case(f'(date {CENSUS!r} - start)', DAYS, BANDS)} as w, count(*) as n from (select PERSON_BIRTH_DATE as b, "
            "ACTIVITY_TREATMENT_FUNCTION_CODE as f, ETHNIC_CATEGORY as e, PERSON_STATED_GENDER_CODE as s, derLSOA2021 as code, "
            f"REFERRAL_TO_TREATMENT_PERIOD_START_DATE as start from read_csv('{folder / 'extract.csv'}')) left join imd using (code) group by all"
        )
        con.execute(
            "create table crossed as select *, case i when 99 then 99 else (i + 1) // 2 end as fifth from cells join five using (e)"
        )
        found = {}
        for name, columns in SETS.items():
            by = ", ".join([*columns, "w"])
            for function in ("f, ", ""):
                con.execute(
                    f"create or replace table grouped as select {function}{by}, sum(n) as n from crossed group by all"
                )
            found[name] = int((con.execute("select sum(n * n) from grouped").fetchone() or (0,))[0])
    return lambda: found


def run_pandas(folder: Path) -> Callable[[], dict[str, int]]:
    """The usual script, written well."""
    columns = {
        "PERSON_BIRTH_DATE": "b",
        "ACTIVITY_TREATMENT_FUNCTION_CODE": "f",
        "ETHNIC_CATEGORY": "e",
        "PERSON_STATED_GENDER_CODE": "s",
        "derLSOA2021": "code",
        "REFERRAL_TO_TREATMENT_PERIOD_START_DATE": "start",
    }
    frame = pd.read_csv(
        folder / "extract.csv",
        usecols=list(columns),
        dtype={name: "category" for name, short in columns.items() if short in "fescode"},
        parse_dates=["PERSON_BIRTH_DATE", "REFERRAL_TO_TREATMENT_PERIOD_START_DATE"],
        keep_default_na=False,
    ).rename(columns=columns)
    census, birth = pd.Timestamp(CENSUS), frame["b"].dt
    age = census.year - birth.year - (birth.month * 100 + birth.day > 930)
    frame["a"] = pd.Categorical.from_codes(np.searchsorted(AGES, age), AGE_BANDS)
    frame["w"] = pd.Categorical.from_codes(np.searchsorted(DAYS, (census - frame["start"]).dt.days), BANDS)
    lookup = pd.read_csv(folder / "imd.csv").set_index("LSOA code (2021)")
    decile = lookup.filter(like="(IMD) Decile").iloc[:, 0]
    frame["i"] = frame["code"].map(decile).astype("Int64").fillna(99)
    frame["fifth"] = (frame["i"] + 1) // 2
    frame["five"] = frame["e"].map(FIVE)
    found = {}
    for name, groups in SETS.items():
        for function in (["f"], []):
            sizes = frame.groupby([*function, *groups, "w"], observed=True).size()
        found[name] = int((sizes.astype("int64") ** 2).sum())
    return lambda: found


WAYS: dict[str, Callable[[Path], Callable[[], dict[str, int]]]] = {
    "tool": run_tool,
    "bare": run_bare,
    "pandas": run_pandas,
}


def measure(folder: Path, pathways: int = PATHWAYS) -> dict[str, Any]:
    """All three ways over one file; raises RuntimeError where their counts differ."""
    shutil.rmtree(folder, ignore_errors=True)
    make_files(folder, pathways)
    found: dict[str, Any] = {"pathways": pathways}
    counts = []
    for way in WAYS:
        watched = run_watched([sys.executable, "-m", "tests.bench.extract", way, str(folder)], dict(os.environ))
        answer = json.loads(watched.output.splitlines()[-1])
        counts.append(answer["counts"])
        found[way] = {name: answer[name] for name in ("seconds", "cpu_seconds")} | {"peak_mb": round(watched.peak_mb)}
    if counts[0] != counts[1] or counts[0] != counts[2]:
        raise RuntimeError(f"the ways count differently: {counts}")
    for time_of in ("seconds", "cpu_seconds"):
        times = {way: found[way][time_of] for way in WAYS}
        found[f"{time_of}_times_bare"] = round(times["tool"] / times["bare"], 2)
        found[f"{time_of}_pandas_times_tool"] = round(times["pandas"] / times["tool"], 1)
        found[f"{time_of}_pandas_times_bare"] = round(times["pandas"] / times["bare"], 1)
    shutil.rmtree(folder)
    table = Table("extract", "pathways", "s", "processor s", "peak MB")
    for way in WAYS:
        table.add_row(way, f"{pathways:,}", *(str(found[way][name]) for name in ("seconds", "cpu_seconds", "peak_mb")))
    Console().print(table)
    for time_of in ("seconds", "cpu_seconds"):
        times = {
            name.removeprefix(f"{time_of}_"): value for name, value in found.items() if name.startswith(f"{time_of}_")
        }
        Console().print(
            f"{time_of}: tool {times['times_bare']} times bare, pandas {times['pandas_times_tool']} times the tool"
        )
    return found


def main(arguments: list[str]) -> None:
    """`tool FOLDER`, `bare FOLDER`, `pandas FOLDER` run one way; a number, or nothing, measures all."""
    if arguments and arguments[0] in WAYS:
        if arguments[0] == "tool":
            from dagster_project.extract.statements import statements

            statements(Run.of(load_settings()))  # dbt renders once for each state of the project
        start, worked = time.perf_counter(), time.process_time()
        counts = WAYS[arguments[0]](Path(arguments[1]))
        times = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - worked}
        told = {name: round(number, 2) for name, number in times.items()} | {"counts": counts()}
        sys.stdout.write(json.dumps(told) + "\n")
        return
    measure(load_settings().data_lake / "bench" / "extract", int(arguments[0]) if arguments else PATHWAYS)


if __name__ == "__main__":
    main(sys.argv[1:])
