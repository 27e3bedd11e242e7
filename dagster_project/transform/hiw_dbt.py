"""The command `hiw-dbt`: dbt in the working folder HIW_BUILD. Imports nothing but dbt, because every night waits for it.

dagster-dbt starts dbt in the folder of the project; the paths of `dbt_environment` start at build/ of a data folder.
"""

import os
import sys
import time
from importlib.metadata import version
from threading import Thread

from dagster_project.garbage import collect_seldom
from dagster_project.runtime.started import STARTER

LOOKS_EVERY_SECONDS = 0.2


def main() -> None:
    """Run dbt's own command line; raises KeyError when HIW_BUILD is not set."""
    collect_seldom()
    if sys.argv[1:] == ["--version"]:
        # dbt's own answer looks up the newest version on the internet; dagster-dbt asks before every run.
        print(f"Core:\n  - installed: {version('dbt-core')}")
        return
    if STARTER in os.environ:
        Thread(target=end_with, args=[int(os.environ[STARTER])], daemon=True).start()
    os.chdir(os.environ["HIW_BUILD"])
    from dbt.cli.main import cli

    cli()


def end_with(starter: int) -> None:
    """End when the process that started dbt is gone, whoever takes its children in: nobody would read what is built then."""
    while os.getppid() == starter:
        time.sleep(LOOKS_EVERY_SECONDS)
    os._exit(1)
