"""`hiw returns receive`: take in now what lies in the drop folder and in the MESH mailbox, outside the nightly run."""

from __future__ import annotations

from dagster_project.assets.returns import receive_returns
from dagster_project.lake.run import Run


def receive_now(run: Run) -> tuple[dict[str, object], list[str], bool]:
    """Counts for machines, lines for people, and whether nothing was refused; raises LakeError when a nightly run is running."""
    with run.lock():
        report, mesh = receive_returns(run)
    outcomes = ("accepted", "accepted_with_warnings", "rejected", "refused", "purged")
    counts: dict[str, object] = {outcome: report.count(outcome) for outcome in outcomes}
    counts |= {"received_before": len(report.repeats), "not_whole_yet": len(report.waiting), "left": len(report.left)}
    counts |= {"mesh_acknowledged": mesh.acknowledged, "mesh_left": mesh.waiting}
    lines = [
        f"{one.outcome}: {one.name}" + (f" ({one.failed_rules or one.kinds})" if not one.is_accepted else "")
        for one in report.receipts
    ]
    lines += report.repeats + [f"not whole yet: {name}" for name in report.waiting] + report.left + mesh.problems
    lines += [f"no longer held: {name}" for name in report.confirmed]
    lines.append(
        ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items() if count) or "Nothing came."
    )
    return counts, lines, not (report.count("rejected", "refused", "purged") or mesh.problems)
