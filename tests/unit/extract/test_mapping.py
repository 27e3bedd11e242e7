"""A mapping is what a person wrote: YAML reads Yes as a Boolean, 01 as 1 and a day as a date, and none of them is the text of the file."""

from __future__ import annotations

from pathlib import Path

from dagster_project.extract.mapping import load_mapping

MAPPING = """
return: UC01
organisation: R9A
period: 2026-09
signed_off_role: COO
signed_off_date: 2026-10-12
sequence_no: 2
files:
stated:
  - {month: 2026-09-30, measure: POP_DENOMINATOR, group: HOMELESS, method: CODED_STATUS, value: 2000, source: H-CLIC}
inputs:
  ecds:
    missing: [1950-01-01, 0, NULL, N/A, off]
    elements:
      EMERGENCY_CARE_DEPARTMENT_TYPE: {constant: 01}
      EMERGENCY_CARE_ATTENDANCE_CATEGORY: {column: Planned, values: {Yes: 4, No: 1, 08: 2, 1.0: 3, ~: 1, "": 1}}
      ACCOMMODATION_STATUS_CODE:
"""


def test_every_value_of_a_mapping_is_the_text_that_stands_there(tmp_path: Path) -> None:
    (tmp_path / "mapping.yml").write_text(MAPPING)
    mapping = load_mapping(tmp_path / "mapping.yml")
    given = mapping.inputs["ecds"]
    assert given.missing == ("1950-01-01", "0", "NULL", "N/A", "off")
    assert given.elements["EMERGENCY_CARE_DEPARTMENT_TYPE"].constant == "01"
    values = {"Yes": "4", "No": "1", "08": "2", "1.0": "3", "~": "1", "": "1"}
    assert given.elements["EMERGENCY_CARE_ATTENDANCE_CATEGORY"].values == values
    assert not given.elements["ACCOMMODATION_STATUS_CODE"].column
    assert (mapping.sequence_no, mapping.stated[0].value, f"{mapping.signed_off_date}") == (2, 2000, "2026-10-12")
