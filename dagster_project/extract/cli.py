"""`hiw extract`: from a trust's own patient-level extract to a valid return, on the trust's own machine.

Exit codes: `make` ends as `hiw returns check` of its return does (0 accepted, 1 with warnings, 2 rejected), `check` with 1 where
something would stop the return; 2 also for a mapping or a file that cannot be used. Nothing of a record is printed or logged.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from dagster_project.explained import WRONG_CALL, explained, settings_of_the_environment

if TYPE_CHECKING:
    from dagster_project.extract.running import Wanted

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
    typer.Argument(help="The extract: FILE, or INPUT=FILE where the mapping has several inputs (area=addresses.csv)."),
]
Census = Annotated[str, typer.Option(help="The day of the list, YYYY-MM-DD; without it the last day of the period.")]
Differs = Annotated[
    bool,
    typer.Option(
        "--census-differs", help="Take a census that is not the last day of the period; known_issues then says so."
    ),
]


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
) -> None:
    """Write the return with its manifest and a methods note, and check it as intake will."""
    from dagster_project.extract.making import make_return
    from dagster_project.extract.mapping import load_mapping

    settings = settings_of_the_environment()
    with explained(exit_code=WRONG_CALL):
        mapping = load_mapping(mapping_file)
        made = make_return(
            mapping, mapping_file.parent, files, folder, _wanted(census, census_differs, profile), settings
        )
        for path in (made.data, made.manifest, made.note):
            out.print(str(path), highlight=False, soft_wrap=True)
        raise typer.Exit(_check(made.data, made.manifest))


def _wanted(census: str, census_differs: bool, profile: str = "restricted") -> Wanted:
    """What the options say. Raises Refused for a census that is no date."""
    from dagster_project.extract.refused import Refused
    from dagster_project.extract.running import Wanted

    try:
        day = dt.date.fromisoformat(census) if census else None
    except ValueError:
        raise Refused("the census is no date", "it is not written as YYYY-MM-DD", "write it so") from None
    return Wanted(day, census_differs, profile == "safe")


def _check(data: Path, manifest: Path) -> int:
    """Judge the return as `hiw returns check` does; its exit code."""
    from dagster_project.returns import answer
    from dagster_project.returns.cli import _context
    from dagster_project.returns.submission import Submission
    from dagster_project.returns.validation import validate

    with validate(Submission(data, manifest), _context(None)) as verdict:
        answer.print_summary(verdict, out)
        return answer.EXIT_CODES[verdict.outcome]
