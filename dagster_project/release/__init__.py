"""From dbt's tables to the file that analysts open. Modules follow the way of the data:

dbt_artifacts + inputs -> candidate (meta, changes) -> [gate 2: quality/marts.py] -> evidence -> publish -> releases.
Not here: the checks themselves (quality/) and what a mart holds (dbt/models/marts).
"""
