"""RTT full extracts before April 2021 to the rows of the later ones; of those over 52 weeks the files give no more than the number."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

WEEKS = ", ".join(f"weeks_{week:03d}" for week in range(53))
MONTH = {
    # RTT-MARCH-2019
    "to_52_weeks": "strptime(split_part(period, '-', 2) || '-' || split_part(period, '-', 3), '%B-%Y')::date",
    # 2016-17 and MARCH: January to March lie in the second of the two years
    "before_october_2017": """(
        strptime(period_name || '-' || left(financial_year, 4), '%B-%Y')::date
        + case when month(strptime(period_name, '%B')) < 4 then interval '1 year' else interval '0 years' end)::date""",
}


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    return f"""
        select
            {MONTH[job.entity.name]} as period_start,
            provider_code,
            provider_name,
            provider_parent_code,
            commissioner_code,
            replace(rtt_part_type, 'PART', 'Part') as rtt_part_type,
            treatment_function_code,
            treatment_function_name,
            {WEEKS},
            unknown_clock_start,
            unknown_clock_start_status,
            total_all
        from typed
    """
