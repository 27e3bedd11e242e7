"""Dagster's webserver for a data folder: on this machine only, unless an operator says that a proxy with a login stands before it.

Dagster has no login of its own, and whoever reaches its pages can start runs and read the settings of every one (fault S2).
"""

from __future__ import annotations

import ipaddress
import os
import sys
from pathlib import Path

from dagster_project.instance import prepare_home
from dagster_project.lake.files import LakeError
from dagster_project.settings import Settings


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on this address; a name other than localhost may lead anywhere."""
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


def webserver_command(host: str, port: int, *, read_only: bool, path_prefix: str = "") -> list[str]:
    """The command line of Dagster's webserver."""
    program = str(Path(sys.executable).with_name("dagster-webserver"))
    command = [program, "--host", host, "--port", str(port), "-m", "dagster_project.definitions"]
    command += ["--read-only"] if read_only else []
    return command + (["--path-prefix", path_prefix] if path_prefix else [])


def serve(settings: Settings, host: str, port: int, *, read_only: bool, path_prefix: str = "") -> None:
    """Become the webserver: the process that systemd watches is the one that serves. Raises LakeError as above."""
    require_reachable_by_right(settings, host)
    prepare_home(settings)
    command = webserver_command(host, port, read_only=read_only, path_prefix=path_prefix)
    os.execv(command[0], command)  # noqa: S606
