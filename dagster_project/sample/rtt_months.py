"""RTT extracts of the real size for the bench: 183,000 rows and 85 MB a month, made block by block in a few seconds.

Not part of the estate that `write_estate` writes. The shape is that of the real January 2026: 517 providers, 129
commissioners, five parts, C_999 rows that add up, zeros left blank by some providers.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dagster_project.lake.files import part_of
from dagster_project.sample import nhse_rtt
from dagster_project.sample import organisations as org
from dagster_project.sample.files import MONTHS, csv_bytes, mirror_path, write_marker, write_published

FIRST_YEAR, FIRST_MONTH = 2025, 1  # February 2025, month from 0: twelve months end with January 2026
PROVIDERS, COMMISSIONERS = 517, 129
_PAIRS_PER_BLOCK = 250
_FEWEST, _MOST = 1, 6  # treatment functions of a provider and commissioner; 4.5 rows a group with its C_999 row
_PATIENTS = 143.0  # on average in a Part_2 row, January 2026
_WEEKLY_DECAY = 0.945
_TEXT = [str(number) for number in range(20_000)]
_TEXT_BLANK = ["", *_TEXT[1:]]
_ONE_IN = {"Part_1A": 20, "Part_1B": 5, "Part_2": 1, "Part_2A": 6}  # completed and decided patients per incomplete one
_TF_TEXT = [f"{code},{name}," for code, name in nhse_rtt.TREATMENT_FUNCTIONS.items()]
_TOTAL_TEXT = f"{nhse_rtt.TOTAL_CODE},{nhse_rtt.TOTAL_NAME},"

Bands = npt.NDArray[np.int64]


def write_rtt_months(
    folder: Path,
    months: int,
    rows_per_month: int,
    seed: int,
    first: tuple[int, int] = (FIRST_YEAR, FIRST_MONTH),
    revised: Collection[int] = (),
) -> list[Path]:
    """Write ``months`` zips from ``first`` on (year, month from 0) and the landing pages of their years; return all files.

    A month has ``rows_per_month`` rows less at most 34, because a provider and commissioner come with all five parts. A
    month that was written before with the same seed and size is kept, so a thirteenth month costs one month. The months at
    the places ``revised`` are offered a second time, the same rows with other counts.
    """
    token = f"SYN{hashlib.sha256(f'{seed}/{rows_per_month}'.encode()).hexdigest()[:3]}"  # six signs, as the publisher has them
    pages: dict[str, list[tuple[str, str]]] = {"2024-25": [], "2025-26": []}
    written = [write_marker(folder)]
    for place in reversed(range(months)):
        year, month = divmod(first[0] * 12 + first[1] + place, 12)
        links = pages.setdefault(nhse_rtt.financial_year(year, month), [])
        for again in (False, True) if place in revised else (False,):
            address = nhse_rtt.file_address(year, month, token, revised=again)
            path = mirror_path(folder, address)
            written.append(_write_month(path, year, month, rows_per_month, seed, revised=again))
            links.append((address, nhse_rtt.link_text(year, month, revised=again)))
    return sorted([*written, *write_published(folder, nhse_rtt.landing_pages(pages))])


def _write_month(path: Path, year: int, month: int, rows: int, seed: int, *, revised: bool = False) -> Path:
    if path.is_file():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = part_of(path)
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        name = nhse_rtt.inner_name(year, month, revised=revised)
        entry = zipfile.ZipInfo(name, date_time=(year, month + 1, 28, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w") as inner:
            inner.write(csv_bytes([nhse_rtt.HEADER]))
            seeds = [seed, year, month]
            for block in _blocks(f"RTT-{MONTHS[month]}-{year}", rows, seeds, [*seeds, 1] if revised else None):
                inner.write(block)
    part.replace(path)
    return path


def _blocks(period: str, rows: int, seed: list[int], revision: list[int] | None) -> Iterator[bytes]:
    """Give the month's lines, the lines of up to 250 pairs of provider and commissioner at a time."""
    generator = np.random.default_rng(seed)
    sizes = _pair_sizes(rows, generator)
    generator = generator if revision is None else np.random.default_rng(revision)
    providers, commissioners = _provider_texts(), _commissioner_texts()
    commissioners_each = -(-len(sizes) // PROVIDERS)
    for start in range(0, len(sizes), _PAIRS_PER_BLOCK):
        block = sizes[start : start + _PAIRS_PER_BLOCK]
        waiting = _waiting(int(block.sum()), generator)
        lines: list[str] = []
        row = 0
        for pair, size in enumerate(block.tolist(), start=start):
            provider, choice = divmod(pair, commissioners_each)
            commissioner = commissioners[(provider * 7 + choice) % COMMISSIONERS]
            prefix = f"{period},{providers[provider]}{commissioner}"
            lines += _pair_lines(prefix, waiting[row : row + size], blank=provider % 8 == 0, turn=pair)
            row += size
        yield ("\r\n".join(lines) + "\r\n").encode()


def _pair_sizes(rows: int, generator: np.random.Generator) -> npt.NDArray[np.int64]:
    """Give how many treatment functions each pair has, so that the five parts with their totals fill ``rows``."""
    sizes = generator.integers(_FEWEST, _MOST + 1, size=rows // (5 * (_FEWEST + 1)) + 1)
    whole = np.cumsum(5 * (sizes + 1))
    return sizes[: int(np.searchsorted(whole, rows, side="right"))]


def _waiting(rows: int, generator: np.random.Generator) -> Bands:
    """Give the 105 bands of Part_2 rows; the first week holds at least one patient."""
    shares = _WEEKLY_DECAY ** np.arange(len(nhse_rtt.BANDS))
    patients = generator.lognormal(mean=np.log(_PATIENTS) - 0.5, sigma=1.0, size=(rows, 1))
    bands: Bands = generator.poisson(patients * shares / shares.sum()).astype(np.int64)
    bands[:, 0] += 1
    return bands


def _pair_lines(prefix: str, waiting: Bands, *, blank: bool, turn: int) -> Iterator[str]:
    """Give the lines of one provider and commissioner: five parts, each with its treatment functions and C_999 row."""
    functions = sorted((turn * 5 + step) % len(_TF_TEXT) for step in range(len(waiting)))
    codes = [*(_TF_TEXT[place] for place in functions), _TOTAL_TEXT]
    for part, description in nhse_rtt.PARTS.items():
        start = f"{prefix}{part},{description},"
        for code, tail in zip(codes, _tails(part, waiting, blank=blank), strict=True):
            yield f"{start}{code}{tail}"


def _tails(part: str, waiting: Bands, *, blank: bool) -> Iterator[str]:
    """Give the measures of a part's rows, the total row last: bands, Total, unknown clock start, Total All."""
    if part == "Part_3":
        new = (waiting.sum(axis=1) // 4 + 1).tolist()
        empty = "," * (len(nhse_rtt.BANDS) + 2)
        yield from (f"{empty}{count}" for count in (*new, sum(new)))
        return
    bands = waiting // _ONE_IN[part]
    bands[:, 0] = np.maximum(bands[:, 0], 1)
    bands = np.vstack([bands, bands.sum(axis=0)])
    text = _TEXT_BLANK if blank else _TEXT
    for row, total in zip(bands.tolist(), bands.sum(axis=1).tolist(), strict=True):
        total_and_unknown = "," if part in ("Part_2", "Part_2A") else f"{total},0"
        yield f"{','.join([text[count] for count in row])},{total_and_unknown},{total}"


def _provider_texts() -> list[str]:
    """Give parent and provider cells: the estate's own providers first, then invented N9 codes, each with its comma."""
    known = [one for one in (*org.TRUSTS, *org.INDEPENDENT_PROVIDERS) if not one.closed]
    named = [(one.sub_icb.icb, one.code, one.name) for one in known]
    for number in range(PROVIDERS - len(named)):
        code = f"N9{number:03d}"
        named.append((org.ICBS[number % len(org.ICBS)], code, f"SAMPLE PROVIDER {code} (SYNTHETIC)"))
    return [_text(icb.code, org.icb_name(icb), code, name) for icb, code, name in named]


def _commissioner_texts() -> list[str]:
    """Give parent and commissioner cells: the estate's sub-ICB locations first, then invented M9 codes."""
    named = [(part.icb, part.code, org.sub_icb_name(part)) for part in org.SUB_ICBS]
    for number in range(COMMISSIONERS - len(named)):
        code = f"M9{number:03d}"
        named.append((org.ICBS[number % len(org.ICBS)], code, f"SAMPLE COMMISSIONER {code} (SYNTHETIC)"))
    return [_text(icb.code, org.icb_name(icb), code, name) for icb, code, name in named]


def _text(*cells: str) -> str:
    return csv_bytes([[*cells, ""]], line_end="\n").decode().removesuffix("\n")
