"""Reduce Python's garbage collection in short-lived commands: rare while running, none at exit.

Dagster, dbt and Great Expectations import a few hundred thousand objects that live to the end. To look through them again and
again took a second and a half of a nightly run in each process; most of it at the end, when the system frees everything at once.
"""

import atexit
import gc

OBJECTS, YOUNG, OLD = 200_000, 50, 1_000
"""Collect after that many new objects (Python: 700), and the two older generations after that many collections (10, 10)."""


def collect_seldom() -> None:
    """For this process, from now on."""
    gc.set_threshold(OBJECTS, YOUNG, OLD)
    atexit.register(gc.freeze)
