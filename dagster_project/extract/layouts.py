"""What a layouts/<name>.yml may say: the elements of a national layout, the names under which they are met, and the words for faults.

Names and words are data; what is computed from the elements is SQL in dbt/macros/extract.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from dagster_project.contracts.strict import Strict
from dagster_project.yaml_files import read_yaml

LAYOUTS_FOLDER = Path(__file__).parent / "layouts"
CODES_FOLDER = Path(__file__).parent / "codes"


class Element(Strict):
    """An element of the NHS Data Dictionary that a layout carries."""

    name: str
    column: str = Field(alias="as")
    """The column of `records` that it becomes."""
    kind: Literal["code", "text", "date", "moment", "number"]
    needed: str
    """Y; N; `said`: there, or said in the mapping to be absent; or `one_of_<group>`: at least one element of the group."""
    certainty: Literal["V", "S", "M", "O"]
    """V read in a primary source, S in public code that reads the real thing, M not verified, O a rule of ours."""
    aliases: tuple[str, ...] = ()
    codes: str = ""
    says: str
    unverified_aliases: tuple[str, ...] = ()
    """Names under which it may be met with codes that nobody verified: taken only with a value map."""

    @property
    def names(self) -> frozenset[str]:
        """Return the names by which a header is recognised, compared as `plain_name` gives them."""
        return frozenset(plain_name(name) for name in (self.name, *self.aliases))


class Fault(Strict):
    """Something that is looked for on each record: a Boolean column of `judged`."""

    id: str
    element: str
    what: str
    mend: str
    stops: bool = False
    """Whether no return is made while a record that counts has it."""
    scope: Literal["counted", "all"] = "counted"
    always: bool = False
    """Told of an extract that does not have the element, too."""


class Layout(Strict):
    """A layout of records: what is read, what is looked for, why a record may not count."""

    name: str
    title: str
    collection: str = Field(alias="return")
    elements: tuple[Element, ...]
    faults: tuple[Fault, ...] = ()
    reasons: dict[str, str] = Field(default_factory=dict)
    rules: tuple[str, ...] = ()

    def element(self, name: str) -> Element | None:
        """Return the element of that name, compared as headers are."""
        return next((one for one in self.elements if plain_name(one.name) == plain_name(name)), None)

    @property
    def groups(self) -> dict[str, list[str]]:
        """Group -> names of the elements of which at least one is needed."""
        found: dict[str, list[str]] = {}
        for element in self.elements:
            if element.needed.startswith("one_of_"):
                found.setdefault(element.needed, []).append(element.name)
        return found


def plain_name(name: str) -> str:
    """Return a column's name as it is compared: lower case, every run of other characters than letters and digits one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


@cache
def load_layouts() -> dict[str, Layout]:
    """Return all layouts by name."""
    found = (Layout.model_validate(read_yaml(path)) for path in sorted(LAYOUTS_FOLDER.glob("*.yml")))
    return {layout.name: layout for layout in found}
