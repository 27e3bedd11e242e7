"""What lies beside the DuckDB file in a release, for people and programs that do not open it: CSV, an accessible workbook, a
Frictionless data package, a bill of materials and a page that lists it all. All of it is made from the copied file that was audited.

Not here: the Parquet twins (publish.py) and the report site (report/).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.publish.beside.bill_of_materials import write_bill_of_materials
from dagster_project.publish.beside.csv_files import write_csv_files
from dagster_project.publish.beside.data_package import write_data_package
from dagster_project.publish.beside.index_page import write_index_page
from dagster_project.publish.beside.workbook import write_workbook
from dagster_project.release.releases import BESIDE

CSV, WORKBOOK, DATA_PACKAGE, SBOM, INDEX = BESIDE


def write_beside(con: duckdb.DuckDBPyConnection, folder: Path, manifest: Mapping[str, Any], cache: Path) -> list[str]:
    """Write all of it into the folder of a release; gives the files, relative to the folder.

    `con` has the release's file attached as `copy`; `manifest` says what the release is (publish.py); `cache` is a private
    folder in which the bill of materials of these libraries is kept. The same file gives the same bytes.
    """
    csv_files = write_csv_files(con, folder, CSV)
    write_workbook(con, folder / WORKBOOK, manifest)
    write_bill_of_materials(folder / SBOM, manifest, cache)
    write_data_package(con, folder / DATA_PACKAGE, manifest, csv_files)
    write_index_page(con, folder / INDEX, manifest, csv_files)
    return [*csv_files.values(), WORKBOOK, SBOM, DATA_PACKAGE, INDEX]
