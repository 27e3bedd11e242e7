"""The entrance to the synthetic estate: write it, break a month and fix it, and the true answers planted in it.

The folder is laid out as ``wget --force-directories`` lays out a mirror of the publishers' sites, so the code that
reads a mirror reads it. Each source is written by the module of its name; who the organisations are is in
`organisations.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dagster_project.sample import (
    cvdprevent,
    mhclg_imd,
    ndrs_staging,
    nhsd_hes_monthly,
    nhsd_hes_outpatient,
    nhsd_qof,
    nhse_ae,
    nhse_cwt,
    nhse_ldhc,
    nhse_mhsds,
    nhse_msds,
    nhse_rtt,
    nhse_rtt_archive,
    nhse_smi,
    nhse_talking_therapies,
    nhse_wdes,
    nhse_wlmds,
    nhse_wres,
    ods_organisation,
    ohid_dental_extractions,
    ohid_fingertips,
    ons_census,
    ons_geography,
    rcpch_epilepsy12,
    rcpch_npda,
    reference_tables,
    ukhsa_vaccination,
)
from dagster_project.sample.broken_month import break_month, mend_month
from dagster_project.sample.files import Published, mirror_path, write_marker, write_published
from dagster_project.sample.rtt_months import write_rtt_months

__all__ = [
    "DEFAULT_SEED",
    "EDITIONS",
    "PLANTED",
    "PLANTED_DIRT",
    "Dirt",
    "Planted",
    "break_month",
    "mend_month",
    "plant_answers",
    "write_estate",
    "write_rtt_months",
]

DEFAULT_SEED = 20260401
EDITIONS = (1, 2)
_SOURCES = (
    nhse_rtt,
    nhse_rtt_archive,
    nhse_wlmds,
    nhse_ae,
    nhsd_hes_outpatient,
    nhsd_hes_monthly,
    ods_organisation,
    mhclg_imd,
    ons_geography,
    ons_census,
    reference_tables,
    cvdprevent,
    nhse_mhsds,
    nhse_msds,
    nhse_smi,
    ohid_fingertips,
    ndrs_staging,
    nhse_ldhc,
    ukhsa_vaccination,
    nhse_wres,
    nhse_wdes,
    rcpch_npda,
    rcpch_epilepsy12,
    ohid_dental_extractions,
    nhsd_qof,
    nhse_talking_therapies,
    nhse_cwt,
)


@dataclass(frozen=True)
class Planted:
    """True answers of the estate, from the figures before they were formatted; months are ``2025-11``.

    Each month is that of its newest issue. Shares are fractions of 1. WLMDS is published rounded to five, so a share
    read from the file may differ from the truth by up to 0.001 in England's deciles.
    """

    rtt: Mapping[str, nhse_rtt.RttTotal]
    rtt_before_revision: nhse_rtt.RttTotal
    wlmds_over_52_weeks_share: Mapping[int, float]
    ae: Mapping[str, nhse_ae.AeTotal]
    ae_before_revision: Mapping[str, nhse_ae.AeTotal]
    hes_outpatient_imd_total: Mapping[str, int]
    hes_monthly_dna_share: float


@dataclass(frozen=True)
class Dirt:
    """A fault that the estate holds on purpose; ``path`` is below the estate's folder, ``member`` inside a zip."""

    what: str
    path: str
    member: str = ""
    line: int | None = None
    column: str = ""
    value: str = ""


def _path(address: str) -> str:
    return mirror_path(Path(), address).as_posix()


PLANTED_DIRT: Mapping[str, Dirt] = {
    "revised_rtt_month": Dirt(
        "November 2025 is offered twice: the first issue and its revision, five in a hundred more patients at R9A.",
        _path(nhse_rtt.file_address(*nhse_rtt.REVISED_MONTH, "", revised=True)),
    ),
    "thousands_mark": Dirt(
        "December 2025 writes one total with a thousands mark.",
        _path(nhse_rtt.file_address(*nhse_rtt.MARKED_MONTH, "SYN12a")),
        column=nhse_rtt.MARKED_COLUMN,
    ),
    "revised_ae_month": Dirt(
        "November 2025 is offered twice: the first issue and its revision, 120 more attendances at R9A.",
        _path(nhse_ae.file_address(2025, 10, revised=True)),
    ),
    "byte_order_mark": Dirt("June 2025 begins with a byte order mark.", _path(nhse_ae.file_address(2025, 5, False))),
    "stray_columns": Dirt(
        "December 2024 has 28 columns: five without a name, and one named a, all empty.",
        _path(nhse_ae.file_address(2024, 11, False)),
    ),
    "silent_zero": Dirt(
        "R9N has Type 1 attendances and no breach until February 2025: it did not submit them, and the file says 0.",
        _path(nhse_ae.file_address(2025, 1, False)),
        column="Attendances over 4hrs Type 1",
        value="0",
    ),
    "trust_merger": Dirt("R9X merged into R9B on 1 October 2025.", _path(f"{ods_organisation.REPORT}succ"), line=7),
    "trust_split": Dirt("R9Y went to R9C and R9D on 1 October 2021.", _path(f"{ods_organisation.REPORT}succ"), line=8),
    "icb_merger": Dirt(
        "Q9A and Q9B become Z9M1X, Q9C goes to V9N4K and Q9D, all on 1 April 2026.",
        _path(f"{ods_organisation.REPORT}succ"),
        line=2,
    ),
}

PLANTED: Planted  # made when it is first asked for, by __getattr__


def write_estate(folder: Path, *, seed: int = DEFAULT_SEED, edition: int = 1) -> list[Path]:
    """Write the synthetic estate into ``folder`` and return its files, sorted.

    The same seed and edition give the same bytes everywhere. Edition 2 is the second night: the A&E files of March 2026
    and a revised January 2026 appear on their landing page, every other file is the same. A file that holds the right
    bytes already is not touched; files of another edition are not taken away. Raises ValueError for an unknown edition.
    """
    if edition not in EDITIONS:
        raise ValueError(f"edition {edition} does not exist: choose one of {EDITIONS}")
    published: Published = {}
    for source in _SOURCES:
        published |= source.published_files(seed, edition)
    written = write_published(folder, published)
    return sorted([*written, write_marker(folder)])


@cache
def plant_answers(seed: int = DEFAULT_SEED, edition: int = 1) -> Planted:
    """Give the true answers of an estate."""
    revised_months = {"2025-11": (2025, 10)} | ({"2026-01": (2026, 0)} if edition > 1 else {})
    deciles = range(1, 11)
    return Planted(
        rtt=nhse_rtt.current_totals(seed),
        rtt_before_revision=nhse_rtt.total_of(seed, *nhse_rtt.REVISED_MONTH, revised=False),
        wlmds_over_52_weeks_share={decile: nhse_wlmds.over_52_weeks_share(seed, decile) for decile in deciles},
        ae=nhse_ae.current_totals(seed, edition),
        ae_before_revision={key: nhse_ae.total_of(seed, *month, False) for key, month in revised_months.items()},
        hes_outpatient_imd_total=dict(nhsd_hes_outpatient.ATTENDANCES),
        hes_monthly_dna_share=nhsd_hes_monthly.national_dna_share(seed),
    )


def __getattr__(name: str) -> Planted:
    if name == "PLANTED":
        return plant_answers()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
