"""The asset returns_received: intake inside the nightly run, and on its own when a file lies in the drop folder.

Everything that Dagster records (metadata, checks, partitions, run keys) is a count, a collection, a period or a hash.
"""

# No `from __future__ import annotations` here: Dagster reads the type of `context` from the real annotation.

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.assets.run_tags import TRIGGER, tag_held
from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.returns.area import ReturnsArea
from dagster_project.returns.inbox import DONE
from dagster_project.returns.intake import Intake, IntakeReport
from dagster_project.returns.mesh import MeshReport, receive_messages
from dagster_project.runtime.orphans import hold_for_run
from dagster_project.transform.dbt import RETURNS as CLEAN_RETURNS

RECEIVED = dg.AssetKey("returns_received")
BY_PERIOD = dg.AssetKey("returns_by_period")
ORGANISATIONS = dg.AssetKey("clean_ods_organisation")
PARTITIONS = dg.DynamicPartitionsDefinition(name="returns")
"""`WL01|2026-10`: a collection and the month in which its period ends."""
TAGS = {"layer": "returns", "sensitivity": "restricted"}
OWNERS = ["team:data-platform"]
# As in sources.py, the one that can fail comes first in the alphabet.
CHECKS = {
    "contents_without_identifiers": "No file held identifiers or hid anything; such a file is purged and an alert written.",
    "files_accepted": "No submission was rejected and no entry of the inbox refused.",
    "files_whole": "No file is still being written, no CSV waits for its manifest, and nothing that cannot be taken has lain there for a day.",
    "mailbox_read": "The MESH mailbox could be read, where one is set.",
}
LOOK_EVERY_SECONDS = 30
returns_intake = dg.define_asset_job(
    "returns_intake",
    selection=dg.AssetSelection.assets(RECEIVED, CLEAN_RETURNS),
    description="Take in what lies in the drop folder now, so that senders have their answers in minutes.",
    executor_def=dg.in_process_executor,
    run_tags={"duckdb": "warehouse"},
)


def build_returns_assets(run: Run) -> dg.AssetsDefinition:
    """Return returns_received (what came) and clean_returns (what dbt reads), in one step before the models."""

    @dg.multi_asset(
        name="returns",
        specs=[_received_spec(), _clean_spec()],
        check_specs=[dg.AssetCheckSpec(name, asset=RECEIVED, description=text) for name, text in CHECKS.items()],
    )
    def take_in_returns(context: dg.AssetExecutionContext) -> Iterator[Any]:
        hold_for_run(context, run)
        report, mesh = receive_returns(run)
        _note_partitions(context, report)
        if purged := report.count("purged"):
            tag_held(context, f"returns ({purged} destroyed)")
        yield dg.MaterializeResult(asset_key=RECEIVED, metadata=_metadata(report, mesh))
        yield dg.MaterializeResult(asset_key=CLEAN_RETURNS)
        yield from _check_results(report, mesh)

    return take_in_returns


def receive_returns(run: Run) -> tuple[IntakeReport, MeshReport]:
    """Take in everything that has come by either way; the sample first puts its own returns into the inbox."""
    is_sample = run.settings.sources == "sample"
    if is_sample:
        from dagster_project.sample.returns import drop_sample_returns

        drop_sample_returns(ReturnsArea.of(run.lake))
    intake = Intake(run)
    # The sample has just been written by this process: there is nobody to wait for.
    intake.run(settle_seconds=0) if is_sample else intake.run()
    mesh = MeshReport()
    try:
        mesh = receive_messages(intake, run.settings)
    except LakeError as error:
        # MESH keeps what it has; a nightly run without it is better than no nightly run.
        mesh.problems.append(str(error))
    return intake.report, mesh


def _received_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        RECEIVED,
        deps=[ORGANISATIONS],
        description="Submissions of the trusts: searched for identifiers, judged, kept as they came, answered.",
        group_name="returns",
        owners=OWNERS,
        kinds={"python", "file"},
        tags=TAGS,
    )


def by_period_spec() -> dg.AssetSpec:
    """Return the same submissions as partitions, for the UI: intake marks each collection and period as something comes for it.

    Its own asset, because a job's assets may not have two kinds of partitions, and the sources have months.
    """
    return dg.AssetSpec(
        BY_PERIOD,
        deps=[RECEIVED],
        description="Submissions by collection and the month in which the period ends, as partitions: WL01|2026-10.",
        group_name="returns",
        owners=OWNERS,
        kinds={"parquet"},
        tags=TAGS,
        partitions_def=PARTITIONS,
    )


def _clean_spec() -> dg.AssetSpec:
    return dg.AssetSpec(
        CLEAN_RETURNS,
        deps=[RECEIVED],
        description="Accepted rows of the trusts' returns, the register of submissions and the expected returns.",
        group_name="clean",
        owners=OWNERS,
        kinds={"duckdb", "parquet"},
        tags={"layer": "clean", "sensitivity": "restricted"},
    )


def _note_partitions(context: dg.AssetExecutionContext, report: IntakeReport) -> None:
    """Every collection and period of which something came becomes a partition, materialised by this run."""
    if not report.partitions:
        return
    context.instance.add_dynamic_partitions(str(PARTITIONS.name), report.partitions)
    for partition in report.partitions:
        context.log_event(dg.AssetMaterialization(asset_key=BY_PERIOD, partition=partition))


def _metadata(report: IntakeReport, mesh: MeshReport) -> dict[str, Any]:
    by_partition = {
        partition: sum(receipt.partition == partition for receipt in report.receipts) for partition in report.partitions
    }
    return {
        "submissions": len(report.receipts),
        "accepted": report.count("accepted"),
        "accepted with warnings": report.count("accepted_with_warnings"),
        "rejected": report.count("rejected"),
        "refused": report.count("refused"),
        "purged": report.count("purged"),
        "received before": len(report.repeats),
        "not whole yet": len(report.waiting),
        "left in the drop folder": len(report.left),
        "MESH messages acknowledged": mesh.acknowledged,
        "MESH messages left": mesh.waiting,
        "submissions by collection and period": dg.MetadataValue.json(by_partition),
    }


def _check_results(report: IntakeReport, mesh: MeshReport) -> Iterator[dg.AssetCheckResult]:
    warn, error = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
    found = "of the returns held what may identify a person or hid something; not kept. Next: alerts/return-*.json names the parts; tell the senders"
    for name, count, severity, words in (
        ("contents_without_identifiers", report.count("purged"), error, found),
        (
            "files_accepted",
            report.count("rejected", "refused"),
            warn,
            "returns were rejected; their senders have the answers",
        ),
        (
            "files_whole",
            len(report.waiting) + len(report.left),
            warn,
            "files of the drop folder are not whole yet, or are nothing that a return has",
        ),
        ("mailbox_read", len(mesh.problems), warn, "times the mailbox could not be read"),
    ):
        yield dg.AssetCheckResult(
            asset_key=RECEIVED,
            check_name=name,
            passed=not count,
            severity=severity,
            description=f"{count:,} {words}." if count else "Nothing to report.",
            metadata={"count": count},
        )


def build_inbox_sensor(run: Run) -> dg.SensorDefinition:
    """Asks for the intake when a file in the drop folder has kept size and time since the last look."""

    @dg.sensor(
        name="returns_inbox",
        job=returns_intake,
        minimum_interval_seconds=LOOK_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks into the drop folder for returns every 30 seconds; a file is taken once it has stopped changing.",
    )
    def returns_inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        before = set(json.loads(context.cursor or "[]"))
        looks = sorted(_looks(ReturnsArea.of(run.lake)))
        settled = [look for look in looks if look in before]
        return dg.SensorResult(
            run_requests=[dg.RunRequest(run_key=_key(settled), tags={TRIGGER: "returns came"})] if settled else [],
            cursor=json.dumps(looks),
        )

    return returns_inbox


def _looks(area: ReturnsArea) -> Iterator[str]:
    """A hash of name, size and time of every entry: a name can hold what must not be in Dagster's log.

    Beside the inbox of what was taken out of it and still changed then.
    """
    for path in (*area.inbox.rglob("*"), *area.taken.rglob("*")):
        if not path.name.endswith(DONE):
            status = path.lstat()
            yield _key([str(path), str(status.st_size), str(status.st_mtime_ns)])


def _key(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
