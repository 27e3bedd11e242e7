"""The command `hiw-dbt`: dbt in the working folder HIW_BUILD. Imports nothing but dbt, because every night waits for it.

dagster-dbt starts dbt in the folder of the project; the paths of `dbt_environment` start at build/ of a data folder.
"""

import os
from typing import Any

from dagster_project.garbage import collect_seldom


def main() -> None:
    """Run dbt's own command line; raises KeyError when HIW_BUILD is not set."""
    collect_seldom()
    os.chdir(os.environ["HIW_BUILD"])
    from dbt.cli.main import cli

    if os.environ.get("DBT_LOG_LEVEL_FILE") == "none" and not os.environ.get("DBT_DEBUG"):
        _leave_out_debug_events()
    cli()


def _leave_out_debug_events() -> None:
    """Seven thousand events of a night, which dbt writes out as JSON before it asks whether anybody wants them."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager

    fire = EventManager.fire_event

    def fire_wanted(manager: EventManager, e: BaseEvent, level: EventLevel | None = None, **others: Any) -> None:
        if (level or e.level_tag()) is not EventLevel.DEBUG:
            fire(manager, e, level, **others)

    setattr(EventManager, fire.__name__, fire_wanted)
