"""Reading the project's own YAML: contracts, suites, thresholds. With libyaml, ten times as fast as PyYAML's own reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file, safe types only; raises OSError or yaml.YAMLError with the line."""
    return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def read_texts(path: Path) -> Any:
    """Return the content of a YAML file that a person fills in, every value as the text that stands there: Yes is no Boolean, 01 is not 1.

    Raises OSError or yaml.YAMLError with the line.
    """
    return yaml.load(path.read_bytes(), Loader=yaml.CBaseLoader)  # noqa: S506 - makes texts, lists and mappings, nothing else
