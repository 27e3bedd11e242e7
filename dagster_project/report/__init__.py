"""The report: a static site made from the candidate's DuckDB file alone, part of every release.

    site.py           which pages there are, and the writing of them: `build_report`
    marts.py          reading the published file; a row knows its table and key
    figures.py        how a number, a status and a date are shown, and marked up so that a test can find them in the file
    tables.py         tables of figures
    charts.py         charts as SVG; dots.py, dumbbells.py those of groups below each other; icons.py the Making Data Count icons
    lineage.py        where a table comes from, and its drawing; columns.py where each of its columns comes from
    england.py, organisations.py, indicators.py, survey.py, compare.py, quality.py, coverage.py, provenance.py    what the pages say; sections in
    tiles.py, tile_map.py, brief.py, priorities.py, groups.py, trends.py, scorecard.py, comparisons.py, returned.py, commitments.py
    templates/, static/    Jinja2 templates, style sheet and the small script of search, tables, pictures and comparison

Not here: figures of any other origin than the file, and sums (a number on a page is a cell of the published file, to the
digits shown). A section appears when the file has the table it needs.
"""

from __future__ import annotations

from dagster_project.report.site import build_report

__all__ = ["build_report"]
