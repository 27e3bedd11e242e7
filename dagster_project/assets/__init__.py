"""Dagster's glue: assets, checks, sensors and schedules that call the layers below; no rule of its own."""
