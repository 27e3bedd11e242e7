"""Variables of the shell that the tests ask for are kept when the suite takes the product's settings out of its environment."""

from __future__ import annotations

import re

from dagster_project.settings import PROJECT_ROOT


def test_what_a_test_reads_of_the_shell_survives_the_isolation() -> None:
    """Without it `make simulate` and `make endurance` would run with the suite's own numbers."""
    texts = [
        path.read_text(encoding="utf-8") for path in (PROJECT_ROOT / "tests").rglob("*.py") if "bench" not in path.parts
    ]
    asked = {name for text in texts for name in re.findall(r"environ\.get\(\"(HIW_\w+)\"", text)}
    kept = (
        (PROJECT_ROOT / "tests" / "conftest.py")
        .read_text(encoding="utf-8")
        .partition("_OF_THE_OPERATOR = {")[2]
        .partition("}")[0]
    )
    assert {"HIW_ENDURANCE", "HIW_SIMULATIONS", "HIW_MIRROR"} <= asked
    assert asked == set(re.findall(r"HIW_\w+", kept))
