"""How large a return may be, and the sheets of its workbook: what the guard, the reader and the templates agree on."""

from __future__ import annotations

MAXIMUM_FILE_BYTES = 100_000_000
"""The one size limit, of a file as it comes and of what a workbook or a compressed message holds. The largest return, 100,000
rows of 13 columns, takes 10 MB as text."""
MAXIMUM_COLUMNS = 256
"""The largest return has 13."""
DATA_SHEET, MANIFEST_SHEET = "data", "manifest"
LISTS_SHEET, NOTES_SHEET, EXAMPLE_SHEET = "lists", "notes", "example (synthetic)"
TEMPLATE_SHEETS = frozenset({DATA_SHEET, MANIFEST_SHEET, LISTS_SHEET, NOTES_SHEET, EXAMPLE_SHEET})
