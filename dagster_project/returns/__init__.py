"""Trusts' returns: the calendar of what is expected, and the clean tables that dbt reads."""
