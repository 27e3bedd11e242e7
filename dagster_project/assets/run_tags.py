"""What the list of runs shows of a run beside its colour: who started it, which release it led to, which files it had to hold back."""

from __future__ import annotations

from typing import Any

TRIGGER = "hiw/trigger"
FULL = "hiw/full"
"""Asks a nightly run to build every table whole, whatever stands (`hiw refresh --full`)."""
RELEASE = "hiw/release"
HELD = "hiw/held"
"""`nhse_ae 2026-02; nhse_rtt 2026-01`: a run is green though it held a file, because the last good state stays published."""


def tag_held(context: Any, what: str) -> None:
    """Add to what this run says it held. `context` is that of an asset."""
    run = context.instance.get_run_by_id(context.run_id)
    before = run.tags.get(HELD, "") if run else ""
    context.instance.add_run_tags(context.run_id, {HELD: "; ".join(filter(None, (before, what)))})


def tag_release(context: Any, name: str) -> None:
    """Say which release is current at the end of this run."""
    context.instance.add_run_tags(context.run_id, {RELEASE: name})
