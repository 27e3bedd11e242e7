"""`hiw extract`: from a trust's own patient-level extract to a valid return, on the trust's own machine.

Exit codes: `make` ends as `hiw returns check` of its return does (0 accepted, 1 with warnings, 2 rejected), `check` with 1 where
something would stop the return; 2 also for a mapping or a file that cannot be used. Nothing of a record is printed or logged.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dagster_project.garbage import collect_seldom
from dagster_project.operate.explained import FAILED, WRONG_CALL, explained, run_of_the_environment

if TYPE_CHECKING:
    from dagster_project.extract.making import Made
    from dagster_project.extract.profile import Profile
    from dagster_project.extract.running import Wanted
    from dagster_project.lake.run import Run
    from dagster_project.returns.register import Receipt

REJECTED = 2
app = typer.Typer(
    help="From a patient-level extract to a return, on this machine: template, check, make.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
out = Console()
MappingFile = Annotated[
    Path, typer.Argument(help="The mapping file that `hiw extract template` wrote and you filled in.")
]
Files = Annotated[
    list[str],
    typer.Argument(
        help="The extract: FILE, or INPUT=FILE where the mapping has several inputs (area=addresses.csv). In place of FILE a PostgreSQL "
        "server: postgres:service=NAME, or 'postgres:host=... dbname=... user=...'; its password is in ~/.pgpass or the service file."
    ),
]
Census = Annotated[str, typer.Option(help="The day of the list, YYYY-MM-DD; without it the last day of the period.")]
Differs = Annotated[
    bool,
    typer.Option(
        "--census-differs", help="Take a census that is not the last day of the period; known_issues then says so."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text.")]


@app.command()
def template(
    code: Annotated[str, typer.Argument(help="WL01, OP01 or UC01.")],
    layout: Annotated[str, typer.Option(help="Only this layout, where a return has several.")] = "",
    folder: Annotated[Path, typer.Option("--out", help="Where the mapping is written.")] = Path(),
) -> None:
    """Write a mapping file with every element explained, to be filled in."""
    from dagster_project.extract.template import write_template

    with explained(exit_code=WRONG_CALL):
        out.print(str(write_template(code.upper(), layout, folder)), highlight=False, soft_wrap=True)


@app.command()
def sample(
    code: Annotated[str, typer.Argument(help="WL01, OP01 or UC01.")],
    folder: Annotated[Path, typer.Option("--out", help="Where the files are written.")] = Path(),
    organisation: Annotated[str, typer.Option(help="A trust of the synthetic sample, R9A to R9Q.")] = "R9B",
    form: Annotated[str, typer.Option(help="A national layout, or untidy: a local one; empty takes the first.")] = "",
) -> None:
    """Write an extract of invented patients with its mapping and public files, to try the commands on."""
    from dagster_project.extract.trying import write_sample

    with explained(exit_code=WRONG_CALL):
        for path in write_sample(code.upper(), organisation, form, folder):
            out.print(str(path), highlight=False, soft_wrap=True)


@app.command()
def check(
    mapping_file: MappingFile,
    files: Files,
    census: Census = "",
    census_differs: Differs = False,
    as_json: AsJson = False,
) -> None:
    """Profile an extract: what is blank, which months, what does not count, what is wrong. Exit code 1 where `make` would refuse."""
    from dagster_project.extract.mapping import load_mapping
    from dagster_project.extract.profile import profile_extract

    run = run_of_the_environment()
    with explained(exit_code=WRONG_CALL, as_json=as_json):
        mapping, wanted = load_mapping(mapping_file), _wanted(census, census_differs)
        profiles = profile_extract(mapping, mapping_file.parent, files, wanted, run)
        if as_json:
            sys.stdout.write(json.dumps([profile.as_dict() for profile in profiles], indent=1) + "\n")
        else:
            for profile in profiles:
                _print_profile(profile)
        if any(profile.stops for profile in profiles):
            raise typer.Exit(FAILED)


def _print_profile(profile: Profile) -> None:
    summary = profile.summary
    out.print(
        f"[bold]{summary.found.layout.title}[/bold]: {summary.read} records, {summary.counted} count", highlight=False
    )
    _print_table(("element", "column", "blank"), profile.blank)
    _print_table(("month", "records"), profile.periods)
    _print_table(("left out because", "records"), [(line.what, line.told) for line in summary.left_out])
    _print_table(("without decile because", "records"), [(line.what, line.told) for line in summary.without_decile])
    faults = [(line.element, line.what, line.told, "yes" if line.stops else "", line.mend) for line in summary.faults]
    _print_table(("element", "found", "records", "stops a return", "how to fix"), faults)
    out.print("Counts are fewer than 8, or to the nearest 5.", highlight=False)


def _print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        table = Table(*(Column(name, overflow="fold") for name in header))
        for row in rows:
            table.add_row(*map(escape, row))
        out.print(table)


@app.command()
def make(
    mapping_file: MappingFile,
    files: Files,
    folder: Annotated[Path, typer.Option("--out", help="Where the return is written.")] = Path(),
    profile: Annotated[
        Literal["restricted", "safe"],
        typer.Option(help="restricted: true counts. safe: 1 to 7 as [c], others to the nearest 5."),
    ] = "restricted",
    census: Census = "",
    census_differs: Differs = False,
    night: Annotated[
        bool,
        typer.Option("--night", help="Put it into this installation's drop folder too, and start the nightly run."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the return with its manifest and a methods note, and check it as intake will."""
    from dagster_project.extract.making import make_return, put_into_inbox
    from dagster_project.extract.mapping import load_mapping

    run = run_of_the_environment()
    told: dict[str, Any] = {}
    with explained(exit_code=WRONG_CALL, as_json=as_json):
        mapping = load_mapping(mapping_file)
        made = make_return(mapping, mapping_file.parent, files, folder, _wanted(census, census_differs, profile), run)
        told["files"] = [str(path) for path in (made.data, made.manifest, made.note)]
        _say(told["files"], as_json=as_json)
        code = _check(made, told, as_json=as_json)
        if night and code < REJECTED:
            put_into_inbox(made, mapping, run)
            code = max(code, _run_night(run, told, as_json=as_json), say_intake(made, run, told, as_json=as_json))
        if as_json:
            sys.stdout.write(json.dumps(told, indent=1, default=str) + "\n")
        raise typer.Exit(code)


def _say(lines: Sequence[str], *, as_json: bool) -> None:
    for line in () if as_json else lines:
        out.print(line, highlight=False, soft_wrap=True)


def _run_night(run: Run, told: dict[str, Any], *, as_json: bool) -> int:
    """Run the nightly job on this machine: the trust's page of the report shows its return beside the public figures."""
    from dagster_project.operate.refresh import run_night, summary_lines

    collect_seldom()
    result = run_night(run)
    told["night"] = result.as_dict()
    _say(summary_lines(result, run.lake), as_json=as_json)
    return 0 if result.succeeded else FAILED


def say_intake(made: Made, run: Run, told: dict[str, Any], *, as_json: bool = False) -> int:
    """Say what intake made of the return, which knows more than the file: the numbers that were used, the period before; as exit code."""
    from dagster_project.extract.making import intake_of
    from dagster_project.report.blocks import organisation_page

    receipt = intake_of(made, run)
    if receipt is None:
        _say(["Intake has not taken the return: look at the run's log."], as_json=as_json)
        return FAILED
    told["intake"] = {"outcome": receipt.outcome, "failed_rules": receipt.failed_rules}
    rules = f" ({receipt.failed_rules})" if receipt.failed_rules else ""
    words = f"Intake: {receipt.outcome.replace('_', ' ')}{rules}. What to do is in the answers to {receipt.org_code}."
    page = run.lake.published / "report" / organisation_page(receipt.org_code)
    pages = [f"The trust's page of the report is {os.path.relpath(page)}."] if page.is_file() else []
    other = _used_instead(receipt, run) if receipt.is_accepted else ""
    told["intake"]["used_instead"] = other
    _say([words, *([other] if other else pages)], as_json=as_json)
    return REJECTED if not receipt.is_accepted else FAILED if other else 0


def _used_instead(receipt: Receipt, run: Run) -> str:
    """Which return of the period the release shows in place of an accepted one, and what to do; "" where it shows this one, or there is no release."""
    from dagster_project.operate.analyst import open_published

    if not run.lake.marts.exists():
        return ""
    asked = [receipt.collection_code, receipt.org_code, receipt.period_end]
    with open_published(run.lake.marts) as con:
        found = con.execute(
            "select submission_type, sequence_no from mart_submission "
            "where is_in_use and collection_code = ? and organisation_code = ? and period_end = cast(? as date)",
            asked,
        ).fetchone()
    if found is None or found == (receipt.submission_type, receipt.sequence_no):
        return ""
    return (
        f"The release shows {found[0]}{found[1]:02d} of this period and not this return: a file that comes after the closing day takes "
        "another's place as a revision only. Write `submission_type: V` into the mapping, and the next sequence_no."
    )


def _wanted(census: str, census_differs: bool, profile: str = "restricted") -> Wanted:
    """What the options say. Raises Refused for a census that is no date."""
    from dagster_project.extract.refused import Refused
    from dagster_project.extract.running import Wanted

    try:
        day = dt.date.fromisoformat(census) if census else None
    except ValueError:
        raise Refused("the census is no date", "it is not written as YYYY-MM-DD", "write it so") from None
    return Wanted(day, census_differs, profile == "safe")


def _check(made: Made, told: dict[str, Any], *, as_json: bool) -> int:
    """Judge the return as `hiw returns check` does; its exit code."""
    from dagster_project.operate.returns_cli import context_of
    from dagster_project.returns import answer
    from dagster_project.returns.submission import Submission
    from dagster_project.returns.validation import validate

    with validate(Submission(made.data, made.manifest), context_of(None)) as verdict:
        told["check"] = answer.as_dict(verdict)
        if not as_json:
            answer.print_summary(verdict, out)
        return answer.EXIT_CODES[verdict.outcome]
