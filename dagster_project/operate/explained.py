"""The frame around every command of `hiw`: whatever goes wrong is said as what, why and what to do next, with the exit code documented."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.settings import load_settings

FAILED, WRONG_CALL = 1, 2
err = Console(stderr=True)


@contextmanager
def explained(*, exit_code: int = FAILED, as_json: bool = False) -> Iterator[None]:
    """For a command: no error leaves it as a traceback; for machines the explanation is printed as JSON too."""
    try:
        yield
        sys.stdout.flush()
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        # Whoever read has enough (`hiw sql ... | head`); Python would complain once more when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(exit_code) from None
    except Exception as error:
        from dagster_project.runtime.failures import Problem, explain

        known = explain(error)
        if as_json:
            problem = Problem(known.what, "", known.why, known.next_step)
            sys.stdout.write(json.dumps({"succeeded": False, "problems": [problem.as_dict()]}, indent=1) + "\n")
        complain(known)
        raise typer.Exit(exit_code) from error


def run_of_the_environment() -> Run:
    """Return the run that the environment's settings ask for; where they are wrong the command ends with WRONG_CALL and the name of the variable."""
    try:
        return Run.of(load_settings())
    except ValidationError as error:
        for problem in error.errors():
            place = "_".join(["HIW", *map(str, problem["loc"])]).upper()
            err.print(
                f"[bold]Settings:[/bold] {escape(place + ': ' + problem['msg'])}", highlight=False, soft_wrap=True
            )
        raise typer.Exit(WRONG_CALL) from error
    except (OSError, RuntimeError, ValueError) as error:  # the file of a secret, or a home folder, that is not there
        from dagster_project.runtime.failures import explain

        complain(explain(error))
        raise typer.Exit(WRONG_CALL) from error


def complain(error: LakeError) -> None:
    """Say an error on standard error."""
    what, why, next_step = map(escape, (error.what, error.why, error.next_step))
    err.print(f"[bold]{what}[/bold]\n  why:  {why}\n  next: {next_step}", highlight=False, soft_wrap=True)
