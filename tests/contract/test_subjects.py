"""Every model of a subject is united in fct_indicator_value: one that is named nowhere would publish nothing."""

from __future__ import annotations

import re

from dagster_project.settings import PROJECT_ROOT

DBT = PROJECT_ROOT / "dbt"
SUBJECTS = (DBT / "macros" / "activity" / "subjects.sql").read_text(encoding="utf-8")


def _named(macro: str) -> list[str]:
    body = re.search(rf"macro {macro}\(\) -%}}(.*?)endmacro", SUBJECTS, re.DOTALL)
    assert body, macro
    return re.findall(r'"(int_\w+)"', body[1])


def test_every_subject_is_named_once() -> None:
    written = sorted(path.stem for path in (DBT / "models" / "intermediate").rglob("int_*_indicator_value.sql"))
    assert sorted(_named("counted_figures") + _named("published_figures")) == written
