"""`hiw returns`: templates for trusts, and the check that a trust runs before it sends.

Exit codes of `check`: 0 accepted, 1 accepted with warnings, 2 rejected (also a wrong call), 3 could not be read, or could not be
checked on this machine (disk, memory). The others: 0 done, 1 something that came was refused (`receive`), 2 it could not be done.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from dagster_project.operate.explained import WRONG_CALL, err, explained, run_of_the_environment

if TYPE_CHECKING:
    from dagster_project.returns.submission import Context, Submission

NOT_CHECKED = 3
app = typer.Typer(
    help="Trusts' returns: templates, and the check of a file before it is sent.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out = Console()


@app.command()
def template(
    code: Annotated[str, typer.Argument(help="WL01, OP01, UC01, WF01, WR01, SV01, SA01, ED01 or AP01.")],
    form: Annotated[
        Literal["csv", "xlsx"] | None, typer.Option("--format", help="Only the CSV pair or the workbook.")
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Where the files are written.")] = Path(),
) -> None:
    """Write the template of a return: header and manifest as CSV, and a workbook with lists, notes and an example."""
    from dagster_project.contracts.collection import load_collections
    from dagster_project.returns.templates import write_template

    collection = load_collections().get(code.upper())
    if collection is None:
        err.print(f"there is no return {code}; there are {', '.join(load_collections())}", highlight=False)
        raise typer.Exit(WRONG_CALL)
    with explained(exit_code=WRONG_CALL):
        for path in write_template(collection, folder, form):
            out.print(str(path), highlight=False, soft_wrap=True)


@app.command()
def manifest(
    file: Annotated[Path, typer.Argument(help="The data file, named HIW-<return>_<organisation>_<YYYY-MM>_v<NN>.csv.")],
    signed_off_role: Annotated[str, typer.Option(help="CEO, EXEC_LEAD, COO, CIO, CFO, CPO or DELEGATE; never a name.")],
    signed_off_date: Annotated[str, typer.Option(help="Day of sign-off, YYYY-MM-DD.")],
    disclosure_profile: Annotated[str, typer.Option(help="RESTRICTED (true counts) or SAFE.")] = "RESTRICTED",
    submission_type: Annotated[str, typer.Option(help="P primary, R refresh, V revision.")] = "P",
    imd_version: Annotated[str, typer.Option(help="IMD2019 or IMD2025, where deprivation is used.")] = "",
    known_issues: Annotated[str, typer.Option(help="What readers should know; no personal data.")] = "",
) -> None:
    """Write the manifest beside a CSV: hash, rows and control total are worked out from the file."""
    from dagster_project.returns.making import make_manifest

    said = {"signed_off_role": signed_off_role, "signed_off_date": signed_off_date, "imd_version": imd_version}
    said |= {"disclosure_profile": disclosure_profile, "submission_type": submission_type, "known_issues": known_issues}
    with explained(exit_code=WRONG_CALL):
        out.print(str(make_manifest(file, said)), highlight=False, soft_wrap=True)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The data file: CSV, XLSX or ODS.")],
    manifest_file: Annotated[
        Path | None,
        typer.Option("--manifest", help="The manifest of a CSV; without it NAME.manifest.csv beside the file."),
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="The file of the period before, for rules that compare.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Also write the answer here: a page, a workbook, JSON.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text.")] = False,
) -> None:
    """Check a file as intake will, offline. Exit code 0 accepted, 1 with warnings, 2 rejected, 3 could not be read or checked."""
    from dagster_project.returns import answer
    from dagster_project.returns.validation import validate

    with explained(exit_code=NOT_CHECKED), validate(_submission(file, manifest_file), context_of(previous)) as verdict:
        if as_json:
            sys.stdout.write(json.dumps(answer.as_dict(verdict), indent=1) + "\n")
        else:
            answer.print_summary(verdict, out)
        if folder is not None:
            for path in answer.write_answer(verdict, folder):
                err.print(f"written: {path}", highlight=False, soft_wrap=True)
        raise typer.Exit(answer.EXIT_CODES[verdict.outcome])


@app.command()
def receive(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text.")] = False,
) -> None:
    """Take in what lies in the drop folder and in the MESH mailbox now. Exit code 1 when something was refused."""
    from dagster_project.operate.receive import receive_now

    run = run_of_the_environment()
    with explained(exit_code=WRONG_CALL):
        counts, lines, is_clean = receive_now(run)
    if as_json:
        sys.stdout.write(json.dumps(counts, indent=1) + "\n")
    else:
        for line in lines:
            out.print(line, highlight=False, soft_wrap=True, markup=False)
    if not is_clean:
        raise typer.Exit(1)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def context_of(previous: Path | None) -> Context:
    """Nothing is available but the file itself and, perhaps, the one before: the answer says what was not checked."""
    from dagster_project.returns.codes import metric_ids
    from dagster_project.returns.submission import Context

    return Context(received_at=_now(), previous=previous, metrics=metric_ids())


def _submission(file: Path, manifest: Path | None) -> Submission:
    from dagster_project.returns.submission import Submission, sidecar_of

    beside = sidecar_of(file)
    return Submission(file, manifest or (beside if beside.is_file() else None))
