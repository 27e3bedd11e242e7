"""dbt's own documentation of the project, for engineers: one page with the SQL and the lineage of every model.

Not part of the nightly run: it takes ten seconds and a second look at the warehouse, and nobody who reads the marts needs it; `hiw docs` makes
it when an engineer wants it. It stays in build/ (private) because it shows the SQL of models over returns, and is never released.
"""

from __future__ import annotations

from pathlib import Path

from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.lake.warehouse import is_there
from dagster_project.transform.dbt import run_dbt

PAGE = "static_index.html"


def write_docs(run: Run) -> Path:
    """Make build/dbt_docs/static_index.html, one file that opens without a server; gives its path.

    Waits for a nightly run that is running. Raises LakeError with dbt's own message.
    """
    lake = run.lake
    if not is_there(run):
        raise LakeError("the documentation", "there is no warehouse yet", "run `hiw refresh`")
    run.hold()
    folder = lake.build / "dbt_docs"
    done = run_dbt(run, "docs", "generate", "--static", DBT_TARGET_PATH=str(folder))
    if done.returncode:
        raise LakeError("the documentation", (done.stdout + done.stderr).strip()[-2000:], "fix what dbt names")
    return folder / PAGE
