"""`hiw brief`: the brief of an organisation from the published report as one file by itself, or as one side of A4."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from dagster_project.lake.files import LakeError
from dagster_project.lake.paths import Lake
from dagster_project.report.brief import path as brief_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
SECONDS = 120


def write_brief(lake: Lake, code: str, folder: Path, *, pdf: bool = False) -> Path:
    """Write `brief-<code>.html`, or the PDF of it, into a folder and give its path; an older one there is replaced.

    The HTML is that of the report, whole by itself, without the link back to a page that is not beside it. The PDF is printed by a
    Chromium of this machine. Raises LakeError where nothing is published, the organisation has no brief, or no browser is there.
    """
    report = lake.published / "report"
    page = report / brief_page(code.upper())
    if not page.is_file():
        what, why = f"There is no brief of {code}", f"{page.name} is not in the published report"
        raise LakeError(what, why, "look the code up on find.html of the report, or run `hiw refresh`")
    whole = re.sub(r'<nav class="crumbs.*?</nav>\n', "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / page.name
    if not pdf:
        written.write_text(whole, encoding="utf-8")
        return written
    return _print(whole, written.with_suffix(".pdf"))


def _print(whole: str, target: Path) -> Path:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        why = f"none of {', '.join(BROWSERS)} is on this machine"
        raise LakeError("The brief was not printed", why, "leave out --pdf and print the page from any browser")
    with tempfile.TemporaryDirectory() as place:
        page, printed = Path(place) / "brief.html", Path(place) / "brief.pdf"
        page.write_text(whole, encoding="utf-8")
        # Chromium refuses its own sandbox to root; the page is ours, runs nothing and loads nothing.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [browser, "--headless", "--disable-gpu", *root, f"--user-data-dir={place}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={printed}", page.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode or not printed.is_file():
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise LakeError(
                "The brief was not printed", f"{browser} ended with {done.returncode}: {said}", "leave out --pdf"
            )
        shutil.copyfile(printed, target)
    return target
