"""The dbt project as Dagster assets. SQL lives in dbt/; this package only runs it and reports the outcome."""
