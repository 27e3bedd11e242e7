"""The publishers' sources: one folder each, with source.yml (the contract) and parse.py (snapshot -> clean table).

A new source is a new folder here; no existing Python file changes. `contracts/source.py` says what source.yml may hold.
"""
