"""The published file in other people's DuckDB, and the example notebook in an environment of its own. Only `make test-compat` runs this.

Each version is installed into a throw-away environment from the package index; nothing of the project is imported there.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_ROOT
from tests.warehouses import Warehouse

pytestmark = pytest.mark.compat
VERSIONS = ("1.0.0", "1.2.2", "1.4.4", "2.0.0")
NEED_QUERY_TABLE = {"group_against_group_in_an_icb", "measures_on_data_of_your_own"}
"""The table macros name the caller's table through query_table, which DuckDB has from 1.1 on; the scalar macros run on 1.0 too."""
NOTEBOOK = PROJECT_ROOT / "dagster_project" / "release" / "notebook" / "marts.py"
READ = """
import json, sys, time
start = time.perf_counter()
import duckdb
con = duckdb.connect(sys.argv[1], read_only=True)
tables = con.execute("select count(*) from duckdb_tables()").fetchone()[0]
opened = time.perf_counter() - start
comments = con.execute("select count(*) from duckdb_columns() where not internal and comment is null").fetchone()[0]
wilson = con.execute("select wilson_lower(45, 1030), wilson_upper(45, 1030)").fetchone()
failed = []
for name, sql in con.execute("select name, sql from meta.example_queries").fetchall():
    try:
        con.execute(sql).fetchall()
    except Exception as error:
        failed.append(f"{name}: {error}"[:300])
hashes = {t: con.execute(f'select count(*) from "{t}"').fetchone()[0]
    for (t,) in con.execute("select table_name from duckdb_tables() where schema_name = 'main' order by 1").fetchall()}
print(json.dumps([duckdb.__version__, tables, comments, wilson, failed, hashes, opened]))
"""


def _environment(folder: Path, *packages: str) -> Path:
    """A fresh environment with these packages; gives its Python."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    subprocess.run([*command, *packages], check=True, timeout=300)
    return python


@pytest.mark.parametrize("version", VERSIONS)
def test_published_file_opens_reads_and_measures(sample_warehouse: Warehouse, tmp_path: Path, version: str) -> None:
    marts = sample_warehouse.lake / "published" / "marts.duckdb"
    assert stat.S_IMODE(marts.stat().st_mode) == 0o444
    python = _environment(tmp_path / "env", f"duckdb=={version}")
    done = subprocess.run(
        [str(python), "-I", "-c", READ, str(marts)], check=False, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    said, tables, comments, wilson, failed, rows, opened = json.loads(done.stdout)
    print(f"DuckDB {version}: {tables} tables, import, open and first query {1000 * opened:.0f} ms, failed {failed}")
    assert said == version
    assert comments == 0
    assert wilson == pytest.approx(sample_warehouse.query("select wilson_lower(45, 1030), wilson_upper(45, 1030)")[0])
    assert {line.split(":")[0] for line in failed} == (NEED_QUERY_TABLE if version == "1.0.0" else set())
    own = sample_warehouse.query("select table_name, estimated_size from duckdb_tables() where schema_name = 'main'")
    assert rows == dict(own)


def test_notebook_runs_from_the_published_file_alone(sample_warehouse: Warehouse, tmp_path: Path) -> None:
    marts = sample_warehouse.lake / "published" / "marts.duckdb"
    python = _environment(tmp_path / "env", "marimo", "duckdb==1.5.5", "pandas", "altair")
    alone = tmp_path / "elsewhere"
    alone.mkdir()
    notebook = alone / "marts.py"
    notebook.write_bytes(NOTEBOOK.read_bytes())
    environment = {"PATH": os.environ["PATH"], "HOME": str(alone), "HIW_MARTS": str(marts)}
    for command in (
        [str(notebook)],
        ["-m", "marimo", "export", "html", str(notebook), "-o", str(alone / "marts.html")],
    ):
        done = subprocess.run(
            [str(python), *command],
            check=False,
            cwd=alone,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    page = (alone / "marts.html").read_text(encoding="utf-8")
    assert "Synthetic data" in page and "slope_index" in page
    assert sys.prefix not in page
