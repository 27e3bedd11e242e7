"""The NHS health inequalities warehouse: one importable package; `definitions.py` shows the whole of it on one page."""
