"""The sample's extracts as files, for whoever tries the commands before her own extract is available."""

from __future__ import annotations

from pathlib import Path

from dagster_project.extract.refused import Refused
from dagster_project.lake.files import write_atomically
from dagster_project.sample.extracts import FORMS, sample_extract
from dagster_project.sample.returns_story import NEWEST_MONTH, URGENT_CARE_TRUSTS, WAITING_LIST_TRUSTS

REVISION = b"""\
submission_type: V  # a revision: the sample has a return of this period, whose closing day is over
sequence_no: 9
"""


def write_sample(code: str, org_code: str, form: str, folder: Path) -> list[Path]:
    """Write the newest extract of a sample trust into `folder`. Raises Refused for what the sample does not have."""
    forms = list(FORMS.get(code, ()))
    trusts = URGENT_CARE_TRUSTS if code == "UC01" else WAITING_LIST_TRUSTS
    if org_code not in trusts or not forms or (form or forms[0]) not in forms:
        known = "; ".join(f"{name}: {', '.join(of)}" for name, of in FORMS.items())
        raise Refused(
            "the sample has no such extract",
            f"{code} {org_code} {form}".strip(),
            f"there are {known}, of {', '.join(trusts)}",
        )
    written = []
    for name, content in sample_extract(code, org_code, NEWEST_MONTH, form or forms[0]).items():
        write_atomically(folder / name, (REVISION if name.startswith("mapping-") else b"") + content)
        written.append(folder / name)
    return written
