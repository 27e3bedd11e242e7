"""Nomis downloads to one row an LSOA and category; the total of each row proves the categories and is left out."""

from __future__ import annotations

from dagster_project.contracts.source import FileColumn
from dagster_project.duck import quote_literal
from dagster_project.lake.clean import ParseJob

CODES = {
    "ethnic_group": "name as ethnic_group_5",
    "age_band": """
        replace(replace(replace(name, 'age_', ''), '_plus', '+'), '_', '-') as age_band,
        cast(regexp_extract(name, '[0-9]+') as integer) as age_from,
        try_cast(regexp_extract(name, '_([0-9]+)$', 1) as integer) as age_to""",
}


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the download."""
    job.read_csv()
    categories = job.entity.file_columns[3:]
    names = [column.name for column in categories]
    job.require_none(
        f"select lsoa_code, total, {' + '.join(names)} from typed where total <> {' + '.join(names)} order by 1",
        "a row whose categories do not add up to its total (LSOA, total, sum)",
        "look whether a category of the download is missing from source.yml",
    )
    return f"""
        with long as (
            unpivot (select lsoa_code, lsoa_name, {", ".join(names)} from typed) on {", ".join(names)} into name name value residents
        )
        select
            lsoa_code as lsoa_code_2021,
            lsoa_name as lsoa_name_2021,
            case left(lsoa_code, 1) when 'E' then 'england' when 'W' then 'wales' end as country,
            {_published_label(categories)} as category,
            {CODES[job.entity.name]},
            residents
        from long
    """


def _published_label(categories: list[FileColumn]) -> str:
    cases = " ".join(f"when {quote_literal(c.name)} then {quote_literal(c.header)}" for c in categories)
    return f"case name {cases} end"
