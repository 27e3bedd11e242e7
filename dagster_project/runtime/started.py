"""Name the environment variable by which a child process knows who started it. Imports nothing: dbt waits for it."""

STARTER = "HIW_DBT_STARTED_BY"
"""The process that started dbt, which ends with it. Told, not asked for: it may be killed while dbt imports itself."""
