"""From a judged extract to the return: its rows, its manifest, its methods note; and the check that says whether it will be taken."""

# ruff: noqa: S608 - names are quoted by duck.quote_identifier; the control total is an expression of the contract
from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.contracts.collection import load_collections
from dagster_project.duck import quote_identifier as _q
from dagster_project.duck import quote_literal as _t
from dagster_project.extract.mapping import Mapping
from dagster_project.extract.note import known_issues, methods_note
from dagster_project.extract.refused import Refused, silent
from dagster_project.extract.running import ExtractRun, Wanted, open_run
from dagster_project.lake.files import hash_file, write_atomically, writing_whole
from dagster_project.lake.run import Run
from dagster_project.returns.area import FILE_MODE, ReturnsArea, write_private
from dagster_project.returns.inbox import DONE
from dagster_project.returns.making import make_manifest
from dagster_project.returns.register import Receipt, Register


@dataclass(frozen=True)
class Made:
    """What was written."""

    data: Path
    manifest: Path
    note: Path


def make_return(
    mapping: Mapping, base: Path, files: Sequence[str], folder: Path, wanted: Wanted, installation: Run
) -> Made:
    """Write the return of a mapping into `folder`; `base` is the mapping's own folder. Raises Refused, NoSpace or OSError."""
    stem = f"HIW-{mapping.collection}_{mapping.organisation}_{mapping.period}_v{mapping.sequence_no:02d}"
    data, note = folder / f"{stem}.csv", folder / f"{stem}.methods.md"
    with open_run(mapping, base, files, wanted, installation) as run:
        _refuse_what_stops(run)
        run.make_table("return", f"{mapping.collection.lower()}_rows")
        whole = run.folder / "return.csv"
        with silent("the return cannot be written"):
            run.con.execute(f"copy \"return\" to {_t(str(whole))} (header, delimiter ',')")
        with writing_whole(data, FILE_MODE) as stream, whole.open("rb") as source:
            shutil.copyfileobj(source, stream)
        manifest = make_manifest(data, _said(mapping, wanted), _counted(run))
        manifest.chmod(FILE_MODE)
        write_atomically(note, methods_note(run).encode(), FILE_MODE)
        return Made(data, manifest, note)


def put_into_inbox(made: Made, mapping: Mapping, installation: Run) -> None:
    """Put a return into the drop folder of this installation, as its trust would. Raises NoSpace or OSError."""
    area = ReturnsArea.of(installation.lake)
    folder = area.inbox / mapping.organisation
    for path in (made.manifest, made.data):
        write_private(folder / path.name, path.read_bytes(), area)
    write_private(folder / (made.data.name + DONE), b"", area)


def intake_of(made: Made, installation: Run) -> Receipt | None:
    """Return what intake said of a return, the last time that it came; None where intake has not seen it."""
    digest = hash_file(made.data)
    found = [one for one in Register(ReturnsArea.of(installation.lake)).receipts() if one.file_sha256 == digest]
    return found[-1] if found else None


def _counted(run: ExtractRun) -> tuple[int, float]:
    """Rows of the return, and its control total by the expression of the contract, [c] as 0."""
    collection = load_collections()[run.mapping.collection]
    count = _q(collection.count)
    numbers = f'select * replace (try_cast({count} as double) as {count}) from "return"'
    rows, total = run.con.execute(f"select count(*), {collection.control.sql} from ({numbers})").fetchall()[0]
    return int(rows), float(total or 0)


def _said(mapping: Mapping, wanted: Wanted) -> dict[str, str]:
    """What the manifest says besides what is worked out from the file."""
    columns = {column.name for column in load_collections()[mapping.collection].columns}
    return {
        "submission_type": mapping.submission_type,
        "disclosure_profile": wanted.profile,
        "imd_version": mapping.imd_version if "imd_decile" in columns else "",
        "ethnic_code_set": "EC2001" if "ethnic_category" in columns else "",
        "signed_off_role": mapping.signed_off_role,
        "signed_off_date": mapping.signed_off_date.isoformat(),
        "known_issues": known_issues(mapping, wanted),
    }


def _refuse_what_stops(run: ExtractRun) -> None:
    """Raise Refused where a record that counts holds what nobody may guess, or where no record counts."""
    stopping = [line for summary in run.summaries for line in summary.faults if line.stops]
    if stopping:
        told = "; ".join(f"{line.element}: {line.told} records with {line.what}" for line in stopping)
        raise Refused("no return was made", told, "; ".join(dict.fromkeys(line.mend for line in stopping)))
    if all(summary.counted == "0" for summary in run.summaries):
        reasons = "; ".join(
            f"{line.what}: {line.told}" for summary in run.summaries for line in summary.left_out if line.told != "0"
        )
        raise Refused(
            "no return was made",
            f"no record counts ({reasons or 'the files are empty'})",
            "look at organisation, period and census of the mapping and the command",
        )
