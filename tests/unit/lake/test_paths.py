"""The data folder: every path lies inside it, asking creates nothing, and two things never share a place."""

from __future__ import annotations

from pathlib import Path

from dagster_project.lake.paths import Lake

SHA256 = "0123456789abcdef" * 4


def paths_of(lake: Lake) -> dict[str, Path]:
    plain = {name: getattr(lake, name) for name in dir(Lake) if isinstance(getattr(Lake, name), property)}
    return plain | {
        "raw": lake.raw("nhse_ae"),
        "snapshot": lake.snapshot("nhse_ae", "2026-01", SHA256),
        "refused": lake.refused("nhse_ae"),
        "clean": lake.clean("nhse_ae", "monthly"),
        "vintage": lake.clean_vintage("nhse_ae", "monthly", "2026-01", SHA256, "p1"),
        "current": lake.current("nhse_ae", "monthly", "published"),
        "current synthetic": lake.current("nhse_ae", "monthly", "synthetic"),
    }


def test_every_path_lies_inside_the_data_folder_and_is_its_own(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "data_lake")
    paths = paths_of(lake)
    assert len(paths) > 15
    assert all(lake.root in path.parents for path in paths.values())
    assert len(set(paths.values())) == len(paths)


def test_asking_for_a_path_creates_nothing(tmp_path: Path) -> None:
    paths_of(Lake(tmp_path / "data_lake"))
    assert list(tmp_path.iterdir()) == []


def test_published_and_synthetic_tables_never_share_a_folder(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    folders = [lake.current("nhse_ae", "monthly", "published"), lake.current("nhse_ae", "monthly", "synthetic")]
    assert folders[0] != folders[1] and folders[0] not in folders[1].parents


def test_vintage_is_named_by_content_and_parser(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    names = {
        lake.clean_vintage("nhse_ae", "monthly", "2026-01", sha256, parser)
        for sha256 in (SHA256, SHA256[::-1])
        for parser in ("p1", "p2")
    }
    assert len(names) == 4
