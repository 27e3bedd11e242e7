"""RTT full extract to one row a provider, commissioner, part and treatment function; the 105 weeks stay wide."""

from __future__ import annotations

from dagster_project.lake.clean import ParseJob

WEEKS = ", ".join(f"weeks_{week:03d}" for week in range(105))


def parse(job: ParseJob) -> str:
    """Return the clean rows: a SELECT over the typed rows of the file."""
    job.read_csv()
    return f"""
        select
            -- RTT-January-2026; RTT-APRIL-2022 in older files
            strptime(lower(split_part(period, '-', 2) || '-' || split_part(period, '-', 3)), '%B-%Y')::date as period_start,
            provider_code,
            provider_name,
            provider_parent_code,
            commissioner_code,
            commissioner_parent_code,
            -- 2,972 rows of January 2026 hold a spreadsheet error where NONC has no name
            nullif(commissioner_name, '#N/A') as commissioner_name,
            rtt_part_type,
            treatment_function_code,
            treatment_function_name,
            {WEEKS},
            total,
            total_status,
            unknown_clock_start,
            unknown_clock_start_status,
            total_all
        from typed
    """
