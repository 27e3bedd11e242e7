"""Nothing in the stack talks to anybody: a whole night on the sample estate opens no connection beyond this machine."""

from __future__ import annotations

from pathlib import Path

from tests.warehouses import Warehouse

LISTENER = """
import os, sys

def listen(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = str(arguments[1][0])
        if not host.startswith("127.") and host not in ("::1", "localhost"):
            note(f"connect {host}")
    elif event == "socket.getaddrinfo" and arguments[0] not in (None, "", "localhost", "127.0.0.1", b"localhost"):
        note(f"look up {arguments[0]}")

def note(text):
    with open(os.environ["HIW_TEST_LISTENER"], "a") as log:
        log.write(f"{text} by {' '.join(sys.argv)[:200]}\\n")

sys.addaudithook(listen)
"""


def test_a_night_opens_no_connection_and_looks_up_no_name(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(LISTENER, encoding="utf-8")
    heard = tmp_path / "heard.log"
    settings = {
        "HIW_SOURCES": "sample",
        "HIW_TEST_LISTENER": str(heard),
        "PYTHONPATH": str(tmp_path / "site"),
        # The switches of the shell are taken away: the project's own configuration must do.
        "DO_NOT_TRACK": "",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "",
        "DAGSTER_DISABLE_TELEMETRY": "",
        "GX_ANALYTICS_ENABLED": "",
    }
    night = Warehouse(tmp_path / "lake", settings)
    assert _is_heard(night, heard), "the listener hears nothing, so its silence would prove nothing"
    heard.unlink()
    assert night.refresh()["exit_code"] == 0
    assert not heard.exists(), heard.read_text(encoding="utf-8")


def _is_heard(night: Warehouse, heard: Path) -> bool:
    """The event of a connection, raised without one, in a process of the same kind."""
    import subprocess
    import sys

    attempt = "import sys; sys.audit('socket.connect', None, ('192.0.2.1', 9))"
    subprocess.run([sys.executable, "-c", attempt], env=night.environment, check=False)
    return heard.exists() and "192.0.2.1" in heard.read_text(encoding="utf-8")
