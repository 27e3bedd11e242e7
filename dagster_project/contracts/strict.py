"""Hold what every declaration in YAML has in common: no field but its own, none that changes, texts that say something."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A declaration that refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
