"""The invented organisations and places: regions, ICBs, sub-ICB locations, trusts, other providers, LSOAs.

Codes have the publishers' shapes and are in none of their files (tests/unit/sample proves it against the mirror).
Every name says SAMPLE and SYNTHETIC. What happens to them in time is here too; figures are not.

The story: R9X merged into R9B on 1 October 2025; R9Y was split between R9C and R9D on 1 October 2021; R9V was succeeded
by G9V9S on 1 November 2024 and R9Z by R9E in 2015. On 1 April 2026 the ICBs Q9A and Q9B merge into Z9M1X, and Q9C is
split between the new V9N4K and the old Q9D.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Region:
    """A commissioning region; ``parent_org`` is its spelling in the A&E files, trailing blank included."""

    code: str
    name: str
    parent_org: str


@dataclass(frozen=True)
class Icb:
    """An integrated care board until 31 March 2026; ``place`` is its name without the fixed words."""

    code: str
    gss_code: str
    place: str
    region: Region


@dataclass(frozen=True)
class SubIcb:
    """A sub-ICB location with the one district that lies in it; ``deprivation`` shifts its LSOAs' ranks (1 is poor)."""

    code: str
    gss_code: str
    icb: Icb
    district_code: str
    district: str
    deprivation: float


@dataclass(frozen=True)
class Provider:
    """A trust or another provider; ``size`` 1 is an average acute trust; dates are yyyymmdd, ``closed`` may be ""."""

    code: str
    name: str
    kind: str
    sub_icb: SubIcb
    size: float
    opened: str
    closed: str = ""


@dataclass(frozen=True)
class Succession:
    """One row of the successions: ``predecessor`` handed over to ``successor`` on ``effective`` (yyyymmdd)."""

    predecessor: str
    successor: str
    effective: str


@dataclass(frozen=True)
class Lsoa:
    """An LSOA of either vintage; ``need`` (0 to 1, 1 poorest) orders the deprivation ranks."""

    code: str
    name: str
    sub_icb: SubIcb
    need: float


@dataclass(frozen=True)
class LsoaChange:
    """One row of the LSOA 2011 to 2021 lookup; ``change`` is U, S, M or X."""

    old: Lsoa
    change: str
    new: Lsoa


NORTH = Region("Y91", "SAMPLE NORTH", "NHS ENGLAND SAMPLE NORTH ")
SOUTH = Region("Y92", "SAMPLE SOUTH", "NHS ENGLAND SAMPLE SOUTH")
REGIONS = (NORTH, SOUTH)

NORTHMOOR = Icb("Q9A", "E54990001", "SAMPLE NORTHMOOR", NORTH)
WESTERDALE = Icb("Q9B", "E54990002", "SAMPLE WESTERDALE", NORTH)
EASTWICK = Icb("Q9C", "E54990003", "SAMPLE EASTWICK, FENWOLD AND MARSH", SOUTH)
SOUTHLEIGH = Icb("Q9D", "E54990004", "SAMPLE SOUTHLEIGH", SOUTH)
ICBS = (NORTHMOOR, WESTERDALE, EASTWICK, SOUTHLEIGH)
NEW_ICB_CODES = ("Z9M1X", "V9N4K")  # the five-character style of the real D7T5G

SUB_ICBS = (
    SubIcb("9QA", "E38990001", NORTHMOOR, "E08990001", "Sample Northmoor", 0.75),
    SubIcb("9QB", "E38990002", NORTHMOOR, "E08990002", "Sample Greywater", 0.62),
    SubIcb("9QC", "E38990003", WESTERDALE, "E08990003", "Sample Westerdale", 0.55),
    SubIcb("9QD", "E38990004", EASTWICK, "E08990004", "Sample Eastwick", 0.50),
    SubIcb("9QE", "E38990005", EASTWICK, "E08990005", "Sample Fenwold", 0.42),
    SubIcb("9QF", "E38990006", SOUTHLEIGH, "E08990006", "Sample Southleigh", 0.36),
    SubIcb("M9J9Y", "E38990007", SOUTHLEIGH, "E08990007", "Sample Dunmouth", 0.30),
)
REPORTING_ENTITY = "A9R9E"  # a "SUB-ICB REPORTING ENTITY" as in the real eccg
CLOSED_SUB_ICB = "9QX"
COMMISSIONING_HUB = "9HQ"  # a hub without a parent, as the real 13Q
NO_COMMISSIONER = "NONC"  # not an organisation: the publisher's mark for "no commissioner"

_9QA, _9QB, _9QC, _9QD, _9QE, _9QF, _M9J9Y = SUB_ICBS


def _trust(code: str, name: str, kind: str, sub_icb: SubIcb, size: float, opened: str, closed: str = "") -> Provider:
    return Provider(code, f"SAMPLE {name} (SYNTHETIC)", kind, sub_icb, size, opened, closed)


TRUSTS = (
    _trust("G9V9S", "NORTH ESTUARY NHS FOUNDATION TRUST", "mental health", _9QE, 0.2, "20241101"),
    _trust("R9A", "NORTHMOOR TEACHING HOSPITALS NHS TRUST", "acute", _9QA, 1.6, "20020401"),
    _trust("R9B", "GREYWATER AND SALTFORD HOSPITALS NHS FOUNDATION TRUST", "acute", _9QB, 1.3, "20050401"),
    _trust("R9C", "THORNBECK GENERAL HOSPITAL NHS TRUST", "acute", _9QA, 0.8, "19940401"),
    _trust("R9D", "CALDERHOLME UNIVERSITY HOSPITALS NHS FOUNDATION TRUST", "acute", _9QC, 1.4, "20071001"),
    _trust("R9E", "WESTERDALE HOSPITALS NHS TRUST", "acute", _9QC, 1.0, "19980401"),
    _trust("R9F", "ASHCOMBE RIVER HOSPITALS NHS TRUST", "acute", _9QC, 0.7, "20010401"),
    _trust("R9G", "EASTWICK, FENWOLD AND MARSH HOSPITALS NHS TRUST", "acute", _9QD, 1.2, "20140701"),
    _trust("R9H", "KINGSMERE INFIRMARY NHS FOUNDATION TRUST", "acute", _9QD, 0.9, "20060501"),
    _trust("R9J", "LONGSTRAND HOSPITALS NHS TRUST", "acute", _9QE, 0.6, "19930401"),
    _trust("R9K", "SOUTHLEIGH UNIVERSITY HOSPITALS NHS FOUNDATION TRUST", "acute", _9QF, 1.5, "20041101"),
    _trust("R9L", "BRACKENFIELD HOSPITALS NHS FOUNDATION TRUST", "acute", _9QF, 1.0, "19950401"),
    _trust("R9M", "DUNMOUTH DISTRICT HOSPITAL NHS TRUST", "acute", _M9J9Y, 0.7, "19920401"),
    _trust("R9N", "HOLLINBURN HOSPITALS NHS TRUST", "acute", _M9J9Y, 0.8, "20000401"),
    _trust("R9P", "ST ALDA'S CHILDREN'S HOSPITAL NHS FOUNDATION TRUST", "children", _9QA, 0.3, "20080801"),
    _trust("R9Q", "LAMBTON EYE HOSPITAL NHS FOUNDATION TRUST", "eye", _9QF, 0.3, "20090201"),
    _trust("R9R", "WESTERDALE COMMUNITY HEALTHCARE NHS TRUST", "community", _9QC, 0.3, "20101101"),
    _trust("R9S", "FENWOLD COMMUNITY HEALTH NHS TRUST", "community", _9QE, 0.3, "20110401"),
    _trust("R9T", "NORTHMOOR PARTNERSHIP NHS FOUNDATION TRUST", "mental health", _9QB, 0.2, "20030401"),
    _trust("R9U", "SOUTHLEIGH AND COAST MENTAL HEALTH NHS TRUST", "mental health", _M9J9Y, 0.2, "20020401"),
    _trust("R9V", "ESTUARY MENTAL HEALTH NHS TRUST", "mental health", _9QE, 0.2, "20010401", "20241031"),
    _trust("R9X", "SALTFORD GENERAL HOSPITALS NHS TRUST", "acute", _9QB, 0.5, "19940401", "20250930"),
    _trust("R9Y", "PENFOLD ACUTE HOSPITALS NHS TRUST", "acute", _9QC, 0.6, "20020401", "20210930"),
    _trust("R9Z", "OLD WESTERDALE INFIRMARY NHS TRUST", "acute", _9QC, 0.4, "19930401", "20150331"),
)
INDEPENDENT_PROVIDERS = (
    _trust("NT9A1", "HARTFELL INDEPENDENT HOSPITAL", "independent", _9QA, 0.15, "20100401"),
    _trust("NT9B2", "COBLEY PARK SURGICAL CENTRE", "independent", _9QD, 0.10, "20120401"),
    _trust("NV9C3", "ROSEBANK EYE CLINIC - SOUTHLEIGH", "independent", _9QF, 0.10, "20180401"),
)
URGENT_CARE_CENTRES = (
    _trust("NW9D4", "HARBOUR URGENT TREATMENT CENTRE", "urgent care", _9QB, 0.3, "20150401"),
    _trust("Y99901", "MILLBROOK WALK IN CENTRE", "urgent care", _9QC, 0.2, "20090401"),
    _trust("Y99902", "FENWOLD MINOR INJURIES UNIT", "urgent care", _9QE, 0.1, "20110401"),
    _trust("Y99903", "COASTAL URGENT CARE CENTRE", "urgent care", _M9J9Y, 0.2, "20130401"),
)
ACUTE_KINDS = ("acute", "children", "eye")

SUCCESSIONS = (
    Succession("9QX", "9QD", "20200401"),
    Succession("Q9A", "Z9M1X", "20260401"),
    Succession("Q9B", "Z9M1X", "20260401"),
    Succession("Q9C", "Q9D", "20260401"),
    Succession("Q9C", "V9N4K", "20260401"),
    Succession("R9V", "G9V9S", "20241101"),
    Succession("R9X", "R9B", "20251001"),
    Succession("R9Y", "R9C", "20211001"),
    Succession("R9Y", "R9D", "20211001"),
    Succession("R9Z", "R9E", "20150401"),
)

_LSOAS_2011 = 400
_UNCHANGED, _SPLIT, _MERGED = 380, 388, 396  # places after which U, S and M end; the last four are X
_MULTIPLIER, _MODULUS = 137, 401  # 401 is prime: the products visit every place once, in no visible order


def open_in(provider: Provider, month: str) -> bool:
    """Say whether the provider reports for ``month`` (yyyymm): it has opened and had not closed before it."""
    return provider.opened[:6] <= month and (not provider.closed or provider.closed[:6] >= month)


def size_in(provider: Provider, month: str) -> float:
    """Give the provider's size in ``month`` (yyyymm), with that of the trusts that it has taken over since 2025."""
    sizes = {trust.code: trust.size for trust in TRUSTS}
    taken = (one for one in SUCCESSIONS if one.successor == provider.code and "202501" <= one.effective[:6] <= month)
    return provider.size + sum(sizes.get(one.predecessor, 0.0) for one in taken)


def icb_name(icb: Icb) -> str:
    """Give the ICB's full name as RTT spells it."""
    return f"NHS {icb.place} INTEGRATED CARE BOARD (SYNTHETIC)"


def sub_icb_name(sub_icb: SubIcb) -> str:
    """Give the sub-ICB location's name as RTT spells it."""
    return f"NHS {sub_icb.district.upper()} (SUB ICB LOCATION) (SYNTHETIC)"


def all_codes() -> frozenset[str]:
    """Give every invented code of the estate; none of them may occur in a real file."""
    places = {code for icb in ICBS for code in (icb.code, icb.gss_code)}
    places |= {code for part in SUB_ICBS for code in (part.code, part.gss_code, part.district_code)}
    providers = {provider.code for provider in (*TRUSTS, *INDEPENDENT_PROVIDERS, *URGENT_CARE_CENTRES)}
    lsoas = {lsoa.code for change in lsoa_changes() for lsoa in (change.old, change.new)}
    others = {region.code for region in REGIONS} | set(NEW_ICB_CODES)
    others |= {REPORTING_ENTITY, CLOSED_SUB_ICB, COMMISSIONING_HUB}
    return frozenset(places | providers | lsoas | others)


@cache
def lsoas_2011() -> tuple[Lsoa, ...]:
    """Give the 400 LSOAs of 2011."""
    return tuple(_make_lsoa(f"E0199{place:04d}", place) for place in range(1, _LSOAS_2011 + 1))


@cache
def lsoas_2021() -> tuple[Lsoa, ...]:
    """Give the LSOAs of 2021: most are those of 2011, the others have separate codes."""
    return tuple(sorted({change.new for change in lsoa_changes()}, key=lambda lsoa: lsoa.code))


@cache
def lsoa_changes() -> tuple[LsoaChange, ...]:
    """Give the changes from 2011 to 2021: 380 unchanged, 8 split in two, 8 merged to four, 4 irregular."""
    old = lsoas_2011()
    changes = [LsoaChange(lsoa, "U", lsoa) for lsoa in old[:_UNCHANGED]]
    for place, lsoa in enumerate(old[_UNCHANGED:_SPLIT]):
        changes += [LsoaChange(lsoa, "S", _renew(lsoa, 2 * place + part)) for part in (0, 1)]
    for place, lsoa in enumerate(old[_SPLIT:_MERGED]):
        changes.append(LsoaChange(lsoa, "M", _renew(old[_SPLIT + place // 2 * 2], 16 + place // 2)))
    first, second, third, fourth = old[_MERGED:]
    irregular = ((first, first, 20), (second, first, 20), (third, third, 21), (fourth, third, 21), (fourth, fourth, 22))
    changes += [LsoaChange(lsoa, "X", _renew(model, place)) for lsoa, model, place in irregular]
    return tuple(changes)


def imd_ranks(lsoas: tuple[Lsoa, ...], shift: int = 0) -> list[int]:
    """Give each LSOA's deprivation rank (1 is most deprived); ``shift`` stirs the order for another domain."""
    stir = [(place * (31 + 2 * shift)) % 97 / 97 for place in range(len(lsoas))]
    need = [lsoa.need + 0.15 * (shift > 0) * extra for lsoa, extra in zip(lsoas, stir, strict=True)]
    order = sorted(range(len(lsoas)), key=lambda place: (-need[place], lsoas[place].code))
    ranks = [0] * len(lsoas)
    for rank, place in enumerate(order, start=1):
        ranks[place] = rank
    return ranks


def decile_of(rank: int, lsoas: int) -> int:
    """Give the decile (1 is most deprived) of a rank among ``lsoas``."""
    return (rank - 1) * 10 // lsoas + 1


@cache
def decile_mix(sub_icb: SubIcb) -> tuple[float, ...]:
    """Give the share of a sub-ICB location's LSOAs (2021) in each decile, 1 to 10."""
    lsoas = lsoas_2021()
    deciles = [decile_of(rank, len(lsoas)) for rank in imd_ranks(lsoas)]
    here = [decile for decile, lsoa in zip(deciles, lsoas, strict=True) if lsoa.sub_icb == sub_icb]
    return tuple(here.count(decile) / len(here) for decile in range(1, 11))


def _make_lsoa(code: str, place: int) -> Lsoa:
    sub_icb = SUB_ICBS[place % len(SUB_ICBS)]
    spread = place * _MULTIPLIER % _MODULUS / _MODULUS
    number = place // len(SUB_ICBS)
    name = f"{sub_icb.district} {number // 5 + 1:03d}{'ABCDE'[number % 5]}"
    return Lsoa(code, name, sub_icb, 0.4 * sub_icb.deprivation + 0.6 * spread)


def _renew(model: Lsoa, place: int) -> Lsoa:
    name = f"{model.sub_icb.district} {90 + place:03d}A"
    return Lsoa(f"E0199{5001 + place}", name, model.sub_icb, model.need + place / 1000)
