"""Catchment shares to one row a trust and ICB; the shares of a trust must add up to one."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

TOLERANCE = 1e-6
"""The sums of the 138 real trusts differ from 1 by 2e-16 at most; this leaves room for a file rounded to seven places."""


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    job.require_none(
        "select organisation_code, icb_gss_code, catchment_share from typed where catchment_share not between 0 and 1 order by 1, 2",
        "a share that is not between 0 and 1 (trust, ICB, share)",
        "look whether the file holds percentages",
    )
    job.require_none(
        "select organisation_code, sum(catchment_share) from typed group by 1 "
        f"having abs(sum(catchment_share) - 1) > {TOLERANCE} order by 1",
        "the shares of a trust do not add up to 1 (trust, sum)",
        "look whether rows of the trust are missing",
    )
    return "select * from typed"
