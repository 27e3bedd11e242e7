"""Serve Dagster's pages for a data folder: to this machine only, unless an operator says that a proxy with a login stands before it.

Dagster has no login of its own: whoever reaches its pages can start runs and read the settings of every one.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.lake.files import LakeError
from dagster_project.lake.run import Run
from dagster_project.operate.web_guard import guard
from dagster_project.runtime.instance import prepare_home
from dagster_project.settings import Settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

MODULE = "dagster_project.definitions"
POLL_MILLISECONDS = 2000
STATEMENT_MILLISECONDS, POOL_SECONDS, POOL_OVERFLOW = 15_000, 3_600, 20
"""How often the pages ask for news, and limits for the connections to the records: defaults of Dagster's own command."""


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a server on this address; a name other than localhost may lead anywhere."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def require_reachable_by_right(settings: Settings, host: str) -> None:
    """Raises LakeError for an address that others can reach, unless HIW_BEHIND_PROXY=1."""
    if not is_loopback(host) and not settings.behind_proxy:
        raise LakeError(
            "the webserver was not started",
            f"{host} can be reached from other machines, and Dagster has no login",
            "leave it on 127.0.0.1 behind a proxy with authentication (dagster_project/deployment), "
            "or set HIW_BEHIND_PROXY=1 where the proxy is on another machine and nothing else can reach this port",
        )


def serve(
    run: Run, host: str, port: int, *, read_only: bool, path_prefix: str = "", workspace: Path | None = None
) -> None:
    """Serve the pages until the process is stopped; `workspace` names a code server that runs already. Raises LakeError as above."""
    require_reachable_by_right(run.settings, host)
    prepare_home(run)
    import dagster as dg
    import uvicorn
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import ModuleTarget, WorkspaceFileTarget, WorkspaceLoadTarget
    from dagster_webserver.version import __version__

    target: WorkspaceLoadTarget = ModuleTarget(
        module_name=MODULE, attribute=None, working_directory=None, location_name=None
    )
    if workspace is not None:
        target = WorkspaceFileTarget(paths=[str(workspace)])
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance, workspace_load_target=target, version=__version__, read_only=read_only
        ) as context,
    ):
        instance.optimize_for_webserver(
            statement_timeout=STATEMENT_MILLISECONDS, pool_recycle=POOL_SECONDS, max_overflow=POOL_OVERFLOW
        )
        logging.getLogger("dagster-webserver").info("Dagster's pages: http://%s:%s%s", host, port, path_prefix)
        pages = build_pages(context, run.settings.host_names, path_prefix)
        uvicorn.run(pages, host=host, port=port, log_level="warning")


def build_pages(context: Any, hosts: Sequence[str], path_prefix: str = "") -> Starlette:
    """Build Dagster's own pages with the guard (web_guard.py) before them."""
    from dagster_webserver.webserver import DagsterWebserver
    from starlette.middleware import Middleware

    class GuardedPages(DagsterWebserver[Any, Any]):
        """`build_middleware` is where Dagster lets its pages be extended."""

        def build_middleware(self) -> list[Middleware]:
            return [*guard(hosts), *super().build_middleware()]

    return GuardedPages(context, path_prefix, POLL_MILLISECONDS).create_asgi_app()
