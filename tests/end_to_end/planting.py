"""What is put into the inbox before a night of the sample: files of made-up patients, and a waiting list with many small counts.

And the search of everything that the night leaves, unpacked. Not here: what must be true afterwards (the tests).
"""

from __future__ import annotations

import gzip
import io
import os
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from dagster_project.duck import scratch_connection
from dagster_project.lake.paths import Lake
from dagster_project.sample import returns_story as story
from dagster_project.sample import returns_wl01
from dagster_project.sample.returns_files import SampleReturn
from dagster_project.sample.returns_people import DECILES, ETHNIC, FIVE, FIVE_OF, Counts
from tests.fixtures import planted_workbooks as planted
from tests.fixtures.planted_workbooks import DASHED, NUMBER, SPACED
from tests.fixtures.returns_inbox import drop, drop_bytes, wl01

POSTCODE, EMAIL, BIRTH = "LS1 4XX", "joan.bloggs@example.nhs.uk", "1951-07-23"
NEEDLES = (NUMBER, SPACED, DASHED, POSTCODE, EMAIL, BIRTH)
FEW = story.MISSING
"""The trust whose newest waiting list does not come in the sample: here it comes, with small counts."""
Cell = tuple[str, str, str]
"""Metric, dimension and group, as mart_hi_rate names them."""
DIMENSIONS = {
    "G0": ("ALL", 5),
    "G1": ("ETHNIC_CATEGORY", 5),
    "G2": ("IMD_DECILE", 6),
    "G3": ("AGE", 7),
    "G4": ("SEX", 8),
}
"""Grouping set -> dimension, and the place of its group in a row of the file (G0 says ALL in each)."""
METRICS = {
    "WL_LE18_PCT": range(1),
    "WL_GT52_PCT": range(returns_wl01.FIRST_OVER_52, len(returns_wl01.BANDS)),
    "WL_GT65_PCT": range(returns_wl01.FIRST_OVER_65, len(returns_wl01.BANDS)),
}


def plant(lake: Lake) -> None:
    """Everything, before the first night of a data folder."""
    plant_identifiers(lake)
    drop(lake, few_counts())


def plant_identifiers(lake: Lake) -> None:
    """In a cell (plain, spaced, dashed, postcode, e-mail, date of birth), a name, a manifest, and what workbooks hide."""
    for number, value in enumerate(NEEDLES, start=81):
        sent = wl01(number=number)
        rows = [*sent.rows[:-1], (*sent.rows[-1][:8], value, *sent.rows[-1][9:])]
        drop(lake, SampleReturn(**(vars(sent) | {"rows": rows})))
    drop(lake, wl01(number=90, known_issues=f"see patient {SPACED}"))
    for name, workbook in {
        "v91": planted.comment(),
        "v92": planted.hidden_sheet(),
        "v93": planted.pivot_cache(),
        "v94": planted.cell(int(NUMBER)),
    }.items():
        drop_bytes(lake, f"HIW-WL01_R9A_2026-10_{name}.xlsx", workbook)
    drop_bytes(lake, f"ward list {SPACED}.csv", b"org_code\nR9A\n")
    drop_bytes(lake, f"HIW-WL01_R9A_2026-10_v95_{NUMBER}.csv", b"org_code\nR9B\n")


def few_counts() -> SampleReturn:
    """A waiting list of which nearly every group but White British has 1 to 7 long waits, and hardly a count ends in 0 or 5."""
    return returns_wl01.build_return(FEW, story.NEWEST_MONTH, _counts())


def _counts() -> Counts:
    """By ethnic category, decile and wait band; R and S, together OTHER, have four over 52 weeks."""
    counts = np.zeros((len(ETHNIC), len(DECILES), len(returns_wl01.BANDS)), dtype=np.int64)
    for e, ethnic in enumerate(ETHNIC):
        for d in range(len(DECILES)):
            people = 3011 + 7 * d if ethnic == "A" else 23 + (5 * e + 3 * d) % 17
            counts[e, d, :4] = (people, people // 3, people // 5, people // 7)
            if ethnic in ("R", "S"):
                counts[e, d, 4:] = (d < 2, 0, 0, 0)
            else:
                long = people // 40 if ethnic == "A" else (3 * e + 5 * d) % 3 == 0
                counts[e, d, 4:] = (long, (e + 2 * d) % 5 == 0, (e + d) % 11 == 0, 0)
    return counts


def true_counts() -> dict[Cell, tuple[int, int]]:
    """Numerator and denominator of each cell of the planted waiting list, added up from the rows of the file."""
    above: Counter[Cell] = Counter()
    below: Counter[Cell] = Counter()
    for row in few_counts().rows:
        for dimension, group in _groups_of([str(cell) for cell in row]):
            for metric, bands in METRICS.items():
                above[metric, dimension, group] += int(row[10] or 0) * (returns_wl01.BANDS.index(str(row[9])) in bands)
                below[metric, dimension, group] += int(row[10] or 0)
    return {cell: (above[cell], people) for cell, people in below.items()}


def _groups_of(row: list[str]) -> Iterator[tuple[str, str]]:
    """The dimensions in which a row of the file is counted, and its group there."""
    if row[4] not in DIMENSIONS:
        return
    dimension, place = DIMENSIONS[row[4]]
    yield dimension, row[place]
    if dimension == "ETHNIC_CATEGORY":
        yield "ETHNIC5", FIVE[FIVE_OF[row[place]]]
    elif dimension == "IMD_DECILE":
        yield "IMD_QUINTILE", row[place] if row[place] == "99" else str((int(row[place]) + 1) // 2)


# -- the search --------------------------------------------------------------------------------------------------------


def spelt(root: Path, *needles: str) -> list[str]:
    """Every place below that spells one of the needles."""
    wanted = [needle.encode(code) for needle in needles for code in ("utf-8", "utf-16-le")]
    found = []
    for path in sorted(root.rglob("*")):
        texts = [os.fsencode(path.name), *(contents(path) if path.is_file() and not path.is_symlink() else ())]
        found += [str(path.relative_to(root)) for text in texts if any(one in text for one in wanted)]
    return found


def contents(path: Path) -> Iterator[bytes]:
    """The bytes of a file, and what it holds packed."""
    content = path.read_bytes()
    yield content
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    elif content.startswith(b"\x1f\x8b"):
        yield gzip.decompress(content)
    elif content.startswith(b"PAR1"):
        yield _texts_of_parquet(path)
    elif content[8:12] == b"DUCK":
        yield from _texts_of_duckdb(path)
    elif content.startswith(b"SQLite format 3\0"):
        yield from _texts_of_sqlite(path)


def _texts_of_parquet(path: Path) -> bytes:
    """The columns of text of a Parquet, which its compression hides from a search of its bytes."""
    # One database for all: to open another for each of five hundred small files takes half of the search.
    with scratch_connection() as con:
        return _distinct_texts(con, "read_parquet(?)", [str(path)])


def _texts_of_duckdb(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        for schema, table in tables:
            yield _distinct_texts(con, f'"{schema}"."{table}"', [])


def _distinct_texts(con: duckdb.DuckDBPyConnection, relation: str, parameters: list[str]) -> bytes:
    described = con.execute(f"describe select * from {relation}", parameters).fetchall()
    texts = [row[0] for row in described if row[1] in {"VARCHAR", "BIGINT"}]
    if not texts:
        return b""
    each = ", ".join(f'string_agg(distinct cast("{name}" as varchar), chr(10))' for name in texts)
    found = con.execute(f"select {each} from {relation}", parameters).fetchone() or ()
    return "\n".join(text for text in found if text).encode()


def _texts_of_sqlite(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as con:
        yield "\n".join(con.iterdump()).encode()
