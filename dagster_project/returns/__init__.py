"""Trusts' returns: templates, the check that a trust runs before it sends, intake, the calendar, the clean tables that dbt reads."""
