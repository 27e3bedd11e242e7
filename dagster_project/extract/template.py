"""The mapping file as `hiw extract template` writes it: every field explained, every element of the layout named."""

from __future__ import annotations

import textwrap
from pathlib import Path

from dagster_project.extract.layouts import Element, Layout, load_layouts
from dagster_project.extract.mapping import AREA
from dagster_project.extract.refused import Refused
from dagster_project.lake.files import write_atomically

HEAD = """\
# How {title} reads this trust's own extract. Lines that begin with # are explanations: take the # away to use one.
# Nothing in this file may be of a patient. The extract itself stays where it is; nothing of it is printed or sent.
return: {code}
organisation: ""            # the three-character ODS code of the trust
# provider_codes: [RXX]     # other codes whose rows are the trust's own (a trust that it took over)
period: ""                  # the last month of the period, such as "2026-10"
signed_off_role: ""         # CEO, EXEC_LEAD, COO, CIO, CFO, CPO or DELEGATE; never a name
signed_off_date: ""         # the day of sign-off, such as 2026-11-12
# submission_type: P        # P primary, R refresh, V revision
# sequence_no: 1            # higher with every file of one period
# known_issues: ""          # what readers should know; no personal data
"""
FILES = """\
imd_version: IMD2025        # IMD2019 or IMD2025: the edition of the deciles, never mixed
files:                      # public files, from the folder of this mapping; without them those that this installation has fetched
  # imd: File_7.csv               # "File 7" of the Indices of Deprivation, of the edition above
  # lsoa_change: lsoa_2011_to_2021.csv   # ONS lookup, where LSOAs are of the other year than the edition (2019: 2011, 2025: 2021)
  # postcode_lookup: NSPL.csv     # ONS National Statistics Postcode Lookup, where the extract has postcodes
"""
OF_UC01 = """\
# files:
#   hostels: hostels.csv    # a CSV with a column postcode: addresses at which homeless people live, from the folder of this mapping
# stated:                   # rows that no extract holds
#   - {month: 2026-09-30, measure: POP_DENOMINATOR, group: HOMELESS, method: CODED_STATUS, value: 0, source: H-CLIC}
"""
INPUT = """\
  {name}:                   # {title}
    format: csv             # csv, parquet or database (a file of DuckDB or SQLite, or a PostgreSQL server; then write a `query`)
    separator: ","
    encoding: utf-8         # utf-8, utf-16, latin-1 or cp1252
    dates: ""               # how dates are written, such as "%d/%m/%Y" or "%Y-%m-%d"; never guessed
    # missing: ["NULL", "-"]      # texts that stand for nothing
    # query: "select * from source.main.my_table"      # PostgreSQL: source.public.my_table
    elements:
      # A column is found by the names that are given. Write the trust's own name behind the colon where it has another,
      # or {{column: my_column, dates: "%Y%m%d", values: {{"M": "1", "F": "2"}}}}; {{constant: "R9A"}} is one value for all rows.
      # `none` says that the extract does not have it.
"""
NEEDED = {"Y": "needed", "N": "optional", "said": "needed, or none"}


def write_template(code: str, layout: str, folder: Path) -> Path:
    """Write `mapping-<code>.yml` into `folder`; an existing file is left alone. Raises Refused."""
    layouts = [one for one in load_layouts().values() if one.collection == code and layout in {"", one.name}]
    if not layouts:
        known = ", ".join(f"{one.collection} ({one.name})" for one in load_layouts().values() if one.collection)
        raise Refused("there is no such template", f"{code} {layout}".strip(), f"there are {known}")
    path = folder / f"mapping-{code}.yml"
    if path.exists():
        raise Refused("the mapping is there already", f"{path.name} would be written over", "move it away, or use it")
    write_atomically(path, template_text(code, layouts).encode())
    return path


def template_text(code: str, layouts: list[Layout]) -> str:
    """Return the text of a mapping for these layouts."""
    needs_area = any(one.element("LSOA_2021") for one in layouts)
    parts = [HEAD.format(code=code, title=code), FILES if needs_area else OF_UC01, "inputs:\n"]
    for layout in layouts:
        parts += [INPUT.format(name=layout.name, title=layout.title), *map(_element, layout.elements)]
    if needs_area:
        area = load_layouts()[AREA]
        text = INPUT.format(name=area.name, title=area.title) + "".join(map(_element, area.elements))
        parts.append("  # A second input, where the records carry neither postcode nor LSOA:\n")
        parts += [f"  # {line[2:]}\n" for line in text.splitlines()]
    return "".join(parts)


def _element(element: Element) -> str:
    needed = NEEDED.get(element.needed, "at least one of its group")
    words = f"{needed} [{element.certainty}]. {element.says}."
    words += f" Codes: {element.codes}." if element.codes else ""
    words += f" Also met as {', '.join(element.aliases)}." if element.aliases else ""
    lines = textwrap.wrap(words, 120, initial_indent="      # ", subsequent_indent="      # ", break_long_words=False)
    return "\n".join([*lines, f"      # {element.name}: "]) + "\n"
