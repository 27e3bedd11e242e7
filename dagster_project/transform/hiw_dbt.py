"""The command `hiw-dbt`: dbt in the working folder HIW_BUILD. Imports nothing but dbt, because every night waits for it.

dagster-dbt starts dbt in the folder of the project; the paths of `dbt_environment` start at build/ of a data folder.
"""

import os
import time
from pathlib import Path
from threading import Thread
from typing import Any

from dagster_project.garbage import collect_seldom
from dagster_project.runtime.started import STARTER

WORD = "HIW_DBT_WAITS_FOR"
"""Names the file for which dbt waits when it was started before it is known what is new (ahead.py)."""
EVERY_SECONDS = 0.02
LOOKS_EVERY_SECONDS = 0.2


def main() -> None:
    """Run dbt's own command line; raises KeyError when HIW_BUILD is not set."""
    collect_seldom()
    if STARTER in os.environ:
        Thread(target=_end_with, args=[int(os.environ[STARTER])], daemon=True).start()
    os.chdir(os.environ["HIW_BUILD"])
    from dbt.cli.main import cli

    if os.environ.get("DBT_LOG_LEVEL_FILE") == "none" and not os.environ.get("DBT_DEBUG"):
        _leave_out_debug_events()
    if WORD in os.environ:
        _wait_before_writing(Path(os.environ[WORD]))
    cli()


def _end_with(starter: int) -> None:
    """End when the process that started dbt is gone, whoever takes its children in: nobody would read what is built then."""
    while os.getppid() == starter:
        time.sleep(LOOKS_EVERY_SECONDS)
    os._exit(1)


def _wait_before_writing(word: Path) -> None:
    """Read the project, but write nothing and open no warehouse before the file `word` is there; end with the night."""
    from dbt.parser import manifest

    write = manifest.write_manifest

    def write_when_told(*arguments: Any, **others: Any) -> None:
        while not word.exists():
            time.sleep(EVERY_SECONDS)
        word.unlink()
        setattr(manifest, write.__name__, write)
        write(*arguments, **others)

    setattr(manifest, write.__name__, write_when_told)


def _leave_out_debug_events() -> None:
    """Seven thousand events of a night, which dbt writes out as JSON before it asks whether anybody wants them."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event

    def fire_wanted(manager: EventManager, e: BaseEvent, level: EventLevel | None = None, **others: Any) -> None:
        if (level or e.level_tag()) is not EventLevel.DEBUG:
            fire(manager, e, level, **others)

    setattr(EventManager, fire.__name__, fire_wanted)
