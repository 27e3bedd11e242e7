"""The command `hiw`. Not here: what the commands do; each calls one function of the package.

Exit codes: 0 good; 1 the nightly run failed, what is published is not good, or the command could not be done; 2 the call or the settings
are wrong; 3 the machine is not fit to run it (`hiw doctor`); 4 what a release was made of is no longer kept. Whatever goes wrong is
said as what, why and what to do next.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dagster_project.garbage import collect_seldom
from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.operate.explained import FAILED, WRONG_CALL, complain, explained, run_of_the_environment
from dagster_project.operate.extract_cli import app as extract_app
from dagster_project.operate.returns_cli import app as returns_app

NOT_KEPT = 4
app = typer.Typer(
    help="The NHS health inequalities warehouse: start the nightly run, see what is published, go back to an earlier release.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
catalogue_app = typer.Typer(help="The catalogue of indicators.", no_args_is_help=True)
app.add_typer(returns_app, name="returns")
app.add_typer(extract_app, name="extract")
app.add_typer(catalogue_app, name="catalogue")
out = Console()
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV; cells that a spreadsheet would run are made text.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text.")]


@contextmanager
def _explained(*, as_json: bool = False) -> Iterator[Run]:
    """The run of a command; what goes wrong is said as what, why and what to do next."""
    run = run_of_the_environment()
    with explained(as_json=as_json):
        yield run


def _emit(payload: Any, *, as_json: bool, lines: list[str]) -> None:
    if as_json:
        sys.stdout.write(json.dumps(payload, indent=1, default=str) + "\n")
        return
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)


def _print_rows(columns: list[str], rows: list[tuple[Any, ...]], *, as_json: bool, as_csv: bool) -> None:
    if as_json:
        _emit([dict(zip(columns, row, strict=True)) for row in rows], as_json=True, lines=[])
        return
    if as_csv:
        from dagster_project.publish.beside.csv_files import harmless

        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([columns, *([harmless(cell) for cell in row] for row in rows)])
        return
    from dagster_project.operate.shown import print_rows

    print_rows(out, columns, rows)


@app.command()
def refresh(
    offline: Annotated[bool, typer.Option(help="Use only the files that are kept.")] = False,
    full: Annotated[bool, typer.Option(help="Build every table whole, also where nothing is new.")] = False,
    verbose: Annotated[bool, typer.Option(help="Show Dagster's log.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the nightly run now: fetch, parse, build, audit, publish."""
    collect_seldom()
    with _explained(as_json=as_json) as run:
        from dagster_project.operate.refresh import run_night, summary_lines

        result = run_night(run.offline() if offline else run, full=full, verbose=verbose)
        _emit(result.as_dict(), as_json=as_json, lines=summary_lines(result, run.lake))
        if not result.succeeded:
            raise typer.Exit(FAILED)


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show what is published, how old it is, what is held. Exit code 1 when the marts are not fresh or not sound."""
    with _explained() as run:
        from dagster_project.operate.status import read_status

        found = read_status(run)
        _emit(found.as_dict(), as_json=as_json, lines=found.lines())
        if not found.fresh:
            raise typer.Exit(FAILED)


@app.command()
def publish(
    candidate: Annotated[str, typer.Argument(help="sha256 of a sealed candidate; empty means the newest.")] = "",
    withdrawn: Annotated[
        str, typer.Option(help="Id of a release that was rolled back from, to publish it again.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Publish a sealed candidate. Refuses without complete, passing evidence for exactly these bytes."""
    with _explained() as run:
        from dagster_project.publish.publish import publish as publish_candidate
        from dagster_project.release.project import ReleaseProject

        project = ReleaseProject.load(run)
        release = publish_candidate(
            project, candidate or None, keep_releases=run.settings.keep_releases, withdrawn_release=withdrawn
        )
        _emit(
            {"release": release.name, "outcome": release.outcome},
            as_json=as_json,
            lines=[f"{release.outcome}: {release.name}"],
        )


@app.command()
def rollback(
    release: Annotated[str, typer.Argument(help="Name of a kept release; empty means the one before.")] = "",
    as_json: AsJson = False,
) -> None:
    """Point published/ at an earlier release."""
    with _explained() as run:
        from dagster_project.release.releases import rollback as roll_back

        found = roll_back(run.lake, release or None)
        _emit(
            {"release": found.name, "outcome": found.outcome},
            as_json=as_json,
            lines=[f"{found.outcome}: now at {found.name}"],
        )


@app.command()
def releases(as_json: AsJson = False) -> None:
    """List the releases that are kept, oldest first."""
    with _explained() as run:
        from dagster_project.release.releases import list_releases

        found = list_releases(run.lake)
        lines = [f"{'*' if r.is_current else ' '} {r.name}  {r.origin}  {sum(r.rows.values()):,} rows" for r in found]
        _emit([{"release": r.name, "current": r.is_current} for r in found], as_json=as_json, lines=lines or ["none"])


@app.command()
def verify(
    release: Annotated[str, typer.Argument(help="Name or id of a kept release; empty means the current one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Build a release again from the files that are kept, and compare it table by table.

    Exit code 0: the same. 1: tables differ, which are named. 2: there is no such release. 4: files that it was made of are no longer
    kept, which are named. Takes as long as a first nightly run; what is published is not touched.
    """
    with _explained() as run:
        from dagster_project.publish.verify import verify as build_again
        from dagster_project.release.releases import list_releases

        kept = list_releases(run.lake)
        chosen = [one for one in kept if release in {one.name, one.release_id} or (not release and one.is_current)]
        if not chosen:
            names = ", ".join(one.name for one in kept)
            what = f"There is no release {release}" if release else "Nothing is published"
            complain(LakeError(what, f"kept are {names or 'none'}", "name one of these, or run `hiw refresh`"))
            raise typer.Exit(WRONG_CALL)
        found = build_again(run, chosen[-1])
        _emit(found.as_dict(), as_json=as_json, lines=found.lines())
        if not found.same:
            raise typer.Exit(NOT_KEPT if found.lost else FAILED)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="One SELECT.")],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run one SELECT on the published file. Read-only; nothing else on this machine is accessible.

    The screen shows four digits of a number with decimals; --csv and --json give all.
    """
    with _explained() as run:
        from dagster_project.operate.analyst import ask

        _print_rows(*ask(run.lake.marts, query), as_json=as_json, as_csv=as_csv)


@app.command()
def explore() -> None:
    """Open the published file in DuckDB's own shell, read-only: completion, history, `.tables`, `.mode`; `.quit` ends it."""
    with _explained() as run:
        from dagster_project.operate.analyst import explore as open_shell

        raise typer.Exit(open_shell(run.lake.marts))


@app.command()
def query(
    name: Annotated[str, typer.Argument(help="Name of an example query; empty lists them.")] = "",
    show_sql: Annotated[bool, typer.Option("--sql", help="Print the query instead of running it.")] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run one of the example queries of the published file, or list them."""
    with _explained() as run:
        from dagster_project.operate.analyst import ask, example_sql, list_examples

        marts = run.lake.marts
        if not name:
            _print_rows(*list_examples(marts), as_json=as_json, as_csv=as_csv)
        elif show_sql:
            sys.stdout.write(example_sql(marts, name).rstrip() + "\n")
        else:
            _print_rows(*ask(marts, example_sql(marts, name)), as_json=as_json, as_csv=as_csv)


@app.command()
def find(
    word: Annotated[list[str], typer.Argument(help="A word, or several: DNA, RTT, 52 weeks, SMI.")],
    as_json: AsJson = False,
) -> None:
    """Find a word, by all its names, in the indicators, example queries, columns and glossary of the published file."""
    with _explained(as_json=as_json) as run:
        from dagster_project.operate.find import find as find_word
        from dagster_project.operate.find import lines

        wanted = " ".join(word)
        hits = find_word(run.lake.marts, wanted)
        _emit([hit.as_dict() for hit in hits], as_json=as_json, lines=[escape(line) for line in lines(wanted, hits)])


@app.command()
def brief(
    code: Annotated[str, typer.Argument(help="Code of a trust or an integrated care board.")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it with this machine's Chromium: one A4 side.")] = False,
    to: Annotated[Path, typer.Option(help="The folder to write into.")] = Path(),
) -> None:
    """Write the brief of an organisation for its board, from the published report."""
    with _explained() as run:
        from dagster_project.operate.brief import write_brief

        out.print(str(write_brief(run.lake, code, to, pdf=pdf)), highlight=False, soft_wrap=True)


@catalogue_app.callback()
def catalogue() -> None:
    """The catalogue of indicators (dbt/indicators)."""


@catalogue_app.command()
def review(
    indicator: Annotated[str, typer.Argument(help="Identifier of an indicator; empty means all.")] = "",
    as_json: AsJson = False,
) -> None:
    """List what is not verified, overdue for review, or contradicted by the published figures."""
    with _explained() as run:
        from dagster_project.operate.review import review_catalogue, summary

        found = review_catalogue(run.lake.marts, indicator)
        _emit([f.as_dict() for f in found], as_json=as_json, lines=[*(f.line() for f in found), summary(found)])


@catalogue_app.command()
def table() -> None:
    """Write dbt/indicators/README.md: how many indicators are verified, against what, and which are not."""
    from dagster_project.operate.verified import write_readme

    sys.stdout.write(f"{write_readme()}\n")


@app.command()
def attach(
    language: Annotated[str, typer.Argument(help="python, r or duckdb; empty prints all three.")] = "",
) -> None:
    """Print what opens the published file from Python, R or the DuckDB shell."""
    with _explained() as run:
        from dagster_project.operate.analyst import attach_snippet

        sys.stdout.write(attach_snippet(run.lake.marts, language) + "\n")


@app.command()
def webserver(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Read-only: users cannot launch runs or change anything.")
    ] = False,
    path_prefix: Annotated[str, typer.Option(help="Path under which a proxy shows it, such as /dagster.")] = "",
    workspace: Annotated[Path | None, typer.Option(hidden=True, help="Names the code server of `hiw ui`.")] = None,
) -> None:
    """Serve Dagster's pages on this machine; elsewhere only with HIW_BEHIND_PROXY=1."""
    with _explained() as run:
        from dagster_project.operate.webserver import serve

        serve(run, host, port, read_only=read_only, path_prefix=path_prefix, workspace=workspace)


@app.command()
def docs() -> None:
    """Write dbt's own documentation of the models for engineers, into the private folder build/dbt_docs."""
    with _explained() as run:
        from dagster_project.transform.docs import write_docs

        sys.stdout.write(f"{write_docs(run)}\n")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check that this machine and data folder can run the pipeline, and how to fix what cannot."""
    with _explained() as run:
        from dagster_project.operate.doctor import examine

        findings = examine(run)
        lines = [
            f"{'ok  ' if f.good else 'BAD '} {f.what}: {f.found}" + ("" if f.good else f"\n     next: {f.next_step}")
            for f in findings
        ]
        _emit([f.as_dict() for f in findings], as_json=as_json, lines=lines)
        if not all(finding.good for finding in findings):
            raise typer.Exit(3)


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000) -> None:
    """Serve Dagster's pages with its daemon (schedules, sensors) on this machine; one ends, all end."""
    with _explained() as run:
        from dagster_project.operate.ui import serve_with_daemon

        serve_with_daemon(run, port)


@app.command(hidden=True)
def prepare() -> None:
    """Write DAGSTER_HOME and the dbt manifest, for `make ui`."""
    with _explained() as run:
        from dagster_project.runtime.instance import prepare_home
        from dagster_project.transform.dbt import prepare_manifest

        prepare_manifest(run)
        sys.stdout.write(str(prepare_home(run)) + "\n")


if __name__ == "__main__":
    app()
