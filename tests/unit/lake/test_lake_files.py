"""Files that are whole or absent, whatever happens while they are written (faults P1 and P3 of tests/README.md)."""

from __future__ import annotations

import hashlib
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagster_project.lake.files import (
    LakeError,
    NoSpace,
    hash_file,
    require_free_space,
    sync_folder,
    write_atomically,
    writing_whole,
)

ENDLESS_WRITER = """
import sys
from pathlib import Path
from dagster_project.lake.files import write_atomically
while True:
    for letter in (b"a", b"b"):
        write_atomically(Path(sys.argv[1]), letter * 1_000_000)
        print("written", flush=True)
"""


def test_an_error_says_what_why_and_what_to_do_next() -> None:
    error = LakeError("a.csv was not read", "it is empty", "fetch it again.")
    assert str(error) == "a.csv was not read: it is empty. Next: fetch it again."
    assert (error.what, error.why, error.next_step) == ("a.csv was not read", "it is empty", "fetch it again.")


def test_an_error_survives_the_way_between_processes() -> None:
    again = pickle.loads(pickle.dumps(NoSpace("a", "b", "c")))
    assert (type(again), str(again)) == (NoSpace, "a: b. Next: c.")


def test_a_file_is_written_with_its_mode_and_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "return.csv"
    write_atomically(path, b"payload", mode=0o600)
    assert path.read_bytes() == b"payload"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_reader_keeps_the_file_that_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with path.open("rb") as reader:
        write_atomically(path, b"new and longer")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new and longer"


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with pytest.raises(ZeroDivisionError), writing_whole(path) as stream:
        stream.write(b"half of the new")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_p3_a_full_disk_is_said_in_words_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(NoSpace, match=r"No space left on device.*free some space"):
        write_atomically(path, b"new" * 100_000)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_p3_too_little_free_space_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    require_free_space(tmp_path / "not" / "there" / "yet", 1)
    with pytest.raises(NoSpace, match=r"1,152,921,504,606,846,976 bytes are needed and [\d,]+ are free") as caught:
        require_free_space(tmp_path / "not" / "there" / "yet", 1 << 60)
    assert "HIW_DATA_LAKE" in caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_p1_a_writer_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for round_number in range(6):
        command = [sys.executable, "-c", ENDLESS_WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(0.003 * round_number)
            writer.send_signal(signal.SIGKILL)
        assert path.read_bytes() in (b"a" * 1_000_000, b"b" * 1_000_000)
    write_atomically(path, b"healed")
    assert list(tmp_path.iterdir()) == [path]


def test_the_hash_is_sha256_of_all_bytes(tmp_path: Path) -> None:
    payload = bytes(range(256)) * 20_000
    write_atomically(tmp_path / "file", payload)
    assert hash_file(tmp_path / "file") == hashlib.sha256(payload).hexdigest()


def test_a_folder_that_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    sync_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_folder(tmp_path / "absent")
