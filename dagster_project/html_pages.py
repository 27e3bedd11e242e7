"""HTML pages from Jinja2 templates: what is put into them is escaped, and a style that a page holds is named in its policy."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import jinja2


@cache
def templates(package: str, folder: str) -> jinja2.Environment:
    """Return the templates of a folder of a package; a name that is not given to one is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader(package, folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def style_hash(style: str) -> str:
    """Return the source by which the policy of a page lets in exactly this style: `sha256-` and the base64 of its SHA-256."""
    return f"sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
