"""SV01 of the sample: the survey of 2025 and 2026, one to three respondents of each trust.

The respondents of a trust disagree on purpose, so that a rule that takes them together wrongly gives other numbers: where a
trust says yes by any_respondent only the last of them does, by majority more than half or the lead at a tie, by
lead_respondent only the lead. Where the trust says no it is the other way round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from dagster_project.returns.calendar import Participant
from dagster_project.sample import returns_survey_story as story
from dagster_project.sample.files import Cell
from dagster_project.sample.returns_files import SampleReturn

COLLECTION = "SV01"
HEADER = (
    "org_code",
    "wave",
    "respondent_seq",
    "respondent_role",
    "question_code",
    "option_code",
    "selected",
    "response_text",
    "quote_consent",
)
LEAD_FIRST = {1: ("CEO",), 2: ("DIRECTOR", "EXEC_LEAD"), 3: ("CHAIR", "EXEC_LEAD", "PH_CONSULTANT")}
"""Roles by number of respondents; the lead is not always the first of the file."""
SINGLE = {
    "HI_MATURITY": "VERY_WELL",
    "WL_SCOPE": "SOME_SERVICES",
    "PH_EMPLOYED": "NO",
    "PH_TRAINING_PLACEMENT": "NOT_AWARE",
    "PH_RECRUITMENT_STAGE": "NONE",
    "PH_LA_PARTNERSHIP": "YES",
    "HI_COST_OF_LIVING": "WORSE",
}
"""Questions with one answer, and what respondents who are not the lead say."""
ANY_RESPONDENT = ("HI_APPROACH", "HI_PLUS_GROUP", "WL_TOOLS", "PILOT_SITE")
MAJORITY = ("HI_BARRIER", "HI_ENABLER")
NOT_ANSWERED = ("R9Q", "HI_ENABLER")
"""A trust that leaves a question unanswered."""
TEXTS = {
    "R9A": ("Invented sentence that its author lets be quoted by role.", "ROLE_TYPE"),
    "R9B": ("Invented sentence that nobody may quote.", "NONE"),
    "R9C": ("Invented sentence that its author lets be quoted with the trust.", "FULL"),
}


def roles_of(trust: str) -> tuple[str, ...]:
    """Return the respondents of a trust."""
    return LEAD_FIRST[story.TRUSTS.index(trust) % 3 + 1]


def trust_says(trust: str, wave: int, question: str, option: str) -> bool:
    """Return what the trust as a whole says of an option of a question with several answers."""
    turn = sum(map(ord, question + option))
    if question == "HI_APPROACH" and wave == story.YEAR_END.year:
        return story.is_among(trust, story.PLANTED_APPROACHES[option], turn)
    if question == "HI_BARRIER":
        planted = story.PLANTED_BARRIERS_2026 if wave == story.YEAR_END.year else story.PLANTED_BARRIERS_2025
        return story.is_among(trust, planted.get(option, 4), turn)
    if question == "HI_PLUS_GROUP" and wave == story.YEAR_END.year and trust in story.PLANTED_GROUPS:
        return option in story.PLANTED_GROUPS[trust]
    return story.is_among(trust, 5, turn)


def answer_of(trust: str, wave: int, question: str, option: str, place: int) -> str:
    """Return Y, N or NA of one respondent; `place` counts from 0."""
    roles = roles_of(trust)
    lead, last = roles[place] in ("EXEC_LEAD", "CEO"), place == len(roles) - 1
    if (trust, question) == NOT_ANSWERED:
        return "NA"
    if question in SINGLE:
        rating = story.PLANTED_RATINGS[trust] if wave == story.YEAR_END.year else "DEVELOPING"
        chosen = rating if lead and question == "HI_MATURITY" else SINGLE[question]
        return "Y" if option == chosen else "N"
    says = trust_says(trust, wave, question, option)
    if question in ANY_RESPONDENT:
        return "Y" if says and last else "N"
    if question in MAJORITY and len(roles) > 2:
        return "Y" if (says or last) and (not lead or not says) else "N"
    return "Y" if says == lead else "N"


def _rows(trust: str, wave: int) -> Iterator[tuple[Cell, ...]]:
    for place, role in enumerate(roles_of(trust)):
        for question, options in story.options_of(wave).items():
            if question == "FREE_TEXT":
                text, consent = TEXTS.get(trust, ("", "")) if place == 0 else ("", "")
                yield trust, wave, place + 1, role, question, "TEXT", "Y" if text else "NA", text, consent
                continue
            for option in options:
                selected = answer_of(trust, wave, question, option, place)
                yield trust, wave, place + 1, role, question, option, selected, "", ""


def returns() -> Iterator[SampleReturn]:
    """Yield the survey returns: the twelve acute trusts in 2025, all of them in 2026."""
    sent: list[tuple[str, dt.date]] = [(trust, story.YEAR_BEFORE) for trust in story.ACUTE]
    for trust, year_end in [*sent, *((trust, story.YEAR_END) for trust in story.TRUSTS)]:
        rows = list(_rows(trust, year_end.year))
        yield SampleReturn(COLLECTION, trust, year_end, HEADER, rows, sum(row[6] == "Y" for row in rows))


def participants() -> Iterator[Participant]:
    """Yield acute trusts from 2025, the others from 2026; one of them sends nothing."""
    yield from story.participants_of(COLLECTION, story.ACUTE, story.YEAR_BEFORE, story.YEAR_END)
    yield from story.participants_of(COLLECTION, (*story.OTHERS, story.SILENT), story.YEAR_END, story.YEAR_END)
