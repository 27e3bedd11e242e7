"""Trusts' returns: what is expected, how it comes in, how it is judged and answered, and the clean tables that dbt reads."""
