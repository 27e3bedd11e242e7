"""Processes: Dagster's home, runs that died, the record of the nightly runs and the words for what failed."""
