"""The units, proxies and webservers of dagster_project/deployment, and that no webserver listens to others by mistake."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dagster_project.lake.files import LakeError
from dagster_project.operate.webserver import is_loopback, require_reachable_by_right
from dagster_project.settings import PROJECT_ROOT, Settings

DEPLOYMENT = PROJECT_ROOT / "dagster_project" / "deployment"
UNITS = sorted((DEPLOYMENT / "systemd").iterdir())
PREFIX = "/opt/hiw"


def _unit(name: str) -> dict[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEPLOYMENT / "systemd" / name)
    return {key: value for section in parser.sections() for key, value in parser[section].items()}


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed (package systemd)"
)
def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    """As installed: the programs are where the units name them, so what is said is about the units alone."""
    programs = tmp_path / "hiw" / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("hiw", "dagster-daemon"):
        (programs / name).symlink_to("/bin/true")
    copies = []
    for unit in UNITS:
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(unit.read_text().replace(PREFIX, str(tmp_path / "hiw")))
    named = [str(copy) for copy in copies]
    done = subprocess.run(
        ["systemd-analyze", "verify", *named], check=False, capture_output=True, text=True, timeout=60
    )
    # Without a running systemd the tool may say that it cannot look at the machine; it names a unit where the unit is wrong.
    wrong = [line for line in (done.stdout + done.stderr).splitlines() if "hiw-" in line]
    assert wrong == [], done.stderr
    copies[0].write_text(copies[0].read_text().replace("[Service]", "[Service]\nNoSuchSetting=1\nExecStart=relative"))
    broken = subprocess.run(
        ["systemd-analyze", "verify", named[0]], check=False, capture_output=True, text=True, timeout=60
    )
    assert copies[0].name in broken.stdout + broken.stderr


def test_units_run_as_their_own_user_with_the_machine_out_of_reach() -> None:
    for name in ("hiw-daemon.service", "hiw-webserver.service", "hiw-viewer.service"):
        unit = _unit(name)
        assert (unit["User"], unit["ProtectSystem"], unit["NoNewPrivileges"]) == ("hiw", "strict", "yes"), name
    assert "--read-only" in _unit("hiw-viewer.service")["ExecStart"]
    assert "--read-only" not in _unit("hiw-webserver.service")["ExecStart"]


def test_watchdog_asks_every_hour_from_outside_dagster_and_its_failure_reaches_somebody() -> None:
    watchdog = _unit("hiw-watchdog.service")
    assert watchdog["ExecStart"].endswith("/hiw status")
    assert watchdog["OnFailure"] == "hiw-alert@%n.service"
    assert (DEPLOYMENT / "systemd" / "hiw-alert@.service").is_file()
    assert _unit("hiw-watchdog.timer")["OnCalendar"] == "hourly"
    assert "After" not in watchdog and "Requires" not in watchdog, "it must also run when the daemon does not"


def test_proxies_ask_who_is_there_before_they_pass_anything_on() -> None:
    nginx = (DEPLOYMENT / "proxy" / "nginx.conf").read_text()
    for server in nginx.split("\nserver {")[1:]:
        assert "auth_basic_user_file" in server and "ssl_certificate" in server
    assert set(re.findall(r"proxy_pass http://([^;]+);", nginx)) == {"127.0.0.1:3000", "127.0.0.1:3001"}
    caddy = (DEPLOYMENT / "proxy" / "Caddyfile").read_text()
    for site in re.split(r"\n(?=\w.*\{$)", caddy, flags=re.MULTILINE)[1:]:
        assert site.index("basicauth") < site.index("reverse_proxy")


def test_postgres_variant_changes_the_storage_and_nothing_else() -> None:
    own = (DEPLOYMENT / "dagster.postgres.yaml").read_text()
    shipped = yaml.safe_load((PROJECT_ROOT / "dagster_project" / "dagster.yaml").read_text())
    changed = yaml.safe_load(own)
    assert own.startswith("# own configuration\n")
    assert set(changed.pop("storage")["postgres"]["postgres_db"]["password"]) == {"env"}
    del shipped["event_log_storage"]  # SQLite's, which `storage` stands for
    assert changed == shipped


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.4", "warehouse.example.nhs.uk", "", "127.0.0.1.example.org"]
)
def test_address_that_others_reach_is_refused_unless_a_proxy_is_declared(host: str, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="Dagster has no login"):
        require_reachable_by_right(Settings(data_lake=tmp_path), host)
    require_reachable_by_right(Settings(data_lake=tmp_path, behind_proxy=True), host)


def test_this_machine_needs_no_proxy(tmp_path: Path) -> None:
    for host in ("127.0.0.1", "::1", "[::1]", "localhost", "127.0.0.2"):
        assert is_loopback(host)
        require_reachable_by_right(Settings(data_lake=tmp_path), host)


def test_command_says_why_it_does_not_listen_and_listens_to_nothing(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [str(Path(sys.executable).with_name("hiw")), "webserver", "--host", "0.0.0.0", "--port", str(port)]
    environment = os.environ | {"HIW_DATA_LAKE": str(tmp_path)}
    done = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=60, cwd=PROJECT_ROOT
    )
    assert done.returncode == 1
    assert "0.0.0.0 can be reached from other machines" in done.stderr and "HIW_BEHIND_PROXY=1" in done.stderr
    assert not list(tmp_path.iterdir())
