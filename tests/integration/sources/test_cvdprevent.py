"""CVDPREVENT: the client against a server that answers in the documented shape and misbehaves, and the rules of documents.

No document of the live interface is at hand (format_status: unconfirmed), so every difference must be said in full.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.contracts.source import Source, load_sources
from dagster_project.duck import connection, quote_literal
from dagster_project.lake.clean_writer import build_clean_table
from dagster_project.lake.files import LakeError, hash_file
from dagster_project.lake.http import FetchLimits, HttpClient
from dagster_project.lake.paths import Lake
from dagster_project.lake.snapshots import FetchReport, Snapshot, fetch_source
from dagster_project.lake.transport import HttpsTransport, MirrorTransport
from dagster_project.sample.cvdprevent import BASE, published_files, true_prevalence
from dagster_project.sample.estate import DEFAULT_SEED
from tests.fixtures.loopback import Loopback, drip, redirect_to, reply, send_head
from tests.fixtures.runs import SMALL
from tests.fixtures.sheets import judge

TODAY = dt.date(2026, 4, 20)
LIST = "/indicator/list?timePeriodID=30&systemLevelID=1"
ENGLAND = "/indicator/11/rawDataJSON?timePeriodID=30&systemLevelID=1"
STATINS = "/indicator/14/rawDataJSON?timePeriodID=30&systemLevelID=1"
STATINS_OF_ICBS = "/indicator/14/rawDataJSON?timePeriodID=30&systemLevelID=7"
ICBS = "/indicator/11/rawDataJSON?timePeriodID=30&systemLevelID=7"


# -- documents -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def documents() -> dict[str, bytes]:
    """Path and query of every address of the sample's interface, and what it answers."""
    return {a.removeprefix(BASE): body for a, body in published_files(DEFAULT_SEED, 1).items()}


Parse = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def parse(tmp_path: Path, documents: dict[str, bytes]) -> Parse:
    """`parse(change, path=..., query=...)`: a sample document, changed, through the parser; rows of a query over `clean`."""

    def run(
        change: Callable[[dict[str, Any]], None] = lambda _: None,
        path: str = ENGLAND,
        query: str = "select * from clean",
        period: str = "2025-12+x",
    ) -> list[tuple[Any, ...]]:
        document = json.loads(documents[path])
        change(document)
        file = tmp_path / "rawDataJSON.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        source = load_sources()["cvdprevent"]
        snapshot = Snapshot("cvdprevent", "indicator", period, BASE + path, hash_file(file), "published", file)
        clean = tmp_path / "clean.parquet"
        build_clean_table(source, snapshot, clean, tmp_path, SMALL)
        with connection(None) as con:
            con.execute(f"create view clean as select * from read_parquet({quote_literal(str(clean))})")
            return con.execute(query).fetchall()

    return run


def test_answer_for_another_level_than_was_asked_for_is_refused(parse: Parse, documents: dict[str, bytes]) -> None:
    def answer_with_icbs(document: dict[str, Any]) -> None:
        document.update(json.loads(documents[ICBS]))

    with pytest.raises(
        LakeError, match=r"not of the level that was asked for \(england, codes that begin with E92\): E54990001"
    ):
        parse(answer_with_icbs)


def test_crude_and_standardised_are_both_kept_and_say_the_opposite(parse: Parse) -> None:
    """Planted: the most deprived fifth is the youngest, and has the most hypertension at every age."""
    rows = parse(
        query="select standardisation, group_code::int, value from clean where dimension = 'imd_quintile' order by all"
    )
    crude = {fifth: value for kind, fifth, value in rows if kind == "crude"}
    standardised = {fifth: value for kind, fifth, value in rows if kind == "age_standardised"}
    truth = {fifth: true_prevalence(DEFAULT_SEED, fifth) for fifth in range(1, 6)}
    assert crude == {fifth: pytest.approx(100 * truth[fifth][0], abs=0.006) for fifth in truth}
    assert standardised == {fifth: pytest.approx(100 * truth[fifth][1], abs=0.006) for fifth in truth}
    assert min(crude, key=crude.__getitem__) == 1 and max(standardised, key=standardised.__getitem__) == 1


def test_ids_come_from_the_address_and_groups_into_our_words(parse: Parse) -> None:
    assert parse(
        query="select distinct cvdprevent_indicator_id, time_period_id, indicator_code, organisation_level from clean"
    ) == [(11, 30, "CVDP001HYP", "england")]
    counted = "select dimension, count(*) from clean where standardisation = 'crude' group by all order by all"
    assert parse(query=counted) == [("age_band", 12), ("all", 1), ("imd_quintile", 5), ("sex", 2)]
    assert [code for (code,) in parse(path=ICBS, query="select distinct area_code from clean order by all")] == [
        f"E5499000{place}" for place in range(1, 5)
    ]


def test_no_value_with_a_note_is_suppressed_and_without_one_missing_never_zero(parse: Parse) -> None:
    def hide(document: dict[str, Any]) -> None:
        first, second = document["indicatorRawData"][:2]
        hidden = {"Value": None, "Numerator": None, "Denominator": None}
        first |= hidden | {"ValueNote": "Value suppressed for disclosure control due to small count"}
        second |= hidden | {"ValueNote": "Something else"}

    query = "select value_status, count(*), max(value) from clean where value is null group by all order by all"
    assert parse(hide, query=query) == [("missing", 1, None), ("suppressed", 1, None)]


def test_missing_and_not_stated_are_two_unknown_groups_and_plus_groups_their_own(parse: Parse) -> None:
    query = (
        "select dimension, group_code, category_name, max(numerator) from clean "
        "where dimension in ('ethnic_group_5', 'severe_mental_illness', 'learning_disability') group by all order by all"
    )
    found = {(dimension, group): word for dimension, group, word, _ in parse(path=STATINS, query=query)}
    assert len(found) == 7 + 2 + 2
    assert found["ethnic_group_5", "not_known"] == "Missing"
    assert found["ethnic_group_5", "not_stated"] == "Not stated"
    assert found["severe_mental_illness", "with"] == "People with SMI"
    assert found["learning_disability", "without"] == "People without a diagnosed learning disability"


def test_an_answer_without_copyright_and_a_name_that_ends_in_a_broken_character_are_read(parse: Parse) -> None:
    def change(document: dict[str, Any]) -> None:
        del document["copyright"]
        _all(document, IndicatorName="Prevalence\ufffd\u00a0")

    assert parse(change, query="select distinct indicator_name from clean") == [("Prevalence",)]


def test_counts_below_england_are_rounded_and_the_value_is_of_the_exact_ones(parse: Parse) -> None:
    """The gate allows 10 of 15 to stand as 62.5 (5 of 8), and not a value that no rounding explains."""
    rows = parse(
        path=STATINS_OF_ICBS, query="select numerator, denominator, value from clean where numerator is not null"
    )
    assert all(numerator % 5 == denominator % 5 == 0 for numerator, denominator, _ in rows)
    assert any(abs(value - 100 * numerator / denominator) > 0.1 for numerator, denominator, value in rows)


@pytest.mark.parametrize(("value", "passes"), [(62.5, True), (100.1, False), (42.0, False)])
def test_gate_knows_the_rounding_of_counts_below_england(
    parse: Parse, tmp_path: Path, value: float, passes: bool
) -> None:
    counts = {
        "Numerator": 10,
        "Denominator": 15,
        "Value": value,
        "LowerConfidenceLimit": 1,
        "UpperConfidenceLimit": 101,
    }
    parse(lambda d: _first(d).update(counts), path=STATINS_OF_ICBS)
    assert (judge("cvdprevent", "indicator", tmp_path / "clean.parquet") == ()) is passes


@pytest.mark.requires_mirror
@pytest.mark.parametrize(
    ("indicator", "rows", "group", "expected"),
    [
        (11, 28, "all", (9467291, 50732999, 18.66, 18.65, 18.67)),
        (34, 31, "all", (2502655, 2905745, 86.13, 86.09, 86.17)),
        (34, 31, "severe_mental_illness", (40300, 48224, 83.57, 83.24, 83.9)),
        (34, 31, "learning_disability", (8253, 10023, 82.34, 81.59, 83.07)),
    ],
)
def test_whole_real_answers_in_csv_are_read(
    mirror_file: Any, tmp_path: Path, indicator: int, rows: int, group: str, expected: tuple[float, ...]
) -> None:
    address = f"api.cvdprevent.nhs.uk/indicator/{indicator}/rawDataCSV/timePeriodID=33&systemLevelID=1.csv"
    source, path = load_sources()["cvdprevent"], mirror_file(address)
    snapshot = Snapshot(
        "cvdprevent", "indicator", "2026-03+x", f"https://{address}", hash_file(path), "published", path
    )
    clean = tmp_path / "clean.parquet"
    report = build_clean_table(source, snapshot, clean, tmp_path, SMALL)
    assert (report.records_in, report.records_loaded, report.records_rejected) == (rows, rows, 0)
    assert judge("cvdprevent", "indicator", clean) == ()
    with connection(None) as con:
        query = (
            "select numerator, denominator, value, lower_limit, upper_limit from read_parquet(?) "
            "where standardisation = 'crude' and dimension = ? and group_code in ('all', 'with')"
        )
        assert con.execute(query, [str(clean), group]).fetchall() == [expected]


def _first(document: dict[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = document["indicatorRawData"][0]
    return record


def _all(document: dict[str, Any], **values: Any) -> None:
    for record in document["indicatorRawData"]:
        record.update(values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: _first(d).update(LowerCI=1), r"record 1 .*missing \[\], not known \['LowerCI'\]"),
        (lambda d: _first(d).pop("Value"), r"expected the columns \['AreaCode', .*missing \['Value'\]"),
        (
            lambda d: d.update(next="/page/2"),
            r"a list 'indicatorRawData' and nothing else but a text 'copyright', it holds .*'next'",
        ),
        (
            lambda d: d.update(copyright=["a", "b"]),
            r"nothing else but a text 'copyright', it holds \{'copyright': 'list'",
        ),
        (lambda d: _first(d).update(MetricCategoryTypeName="Ethnicity"), r"not in the code list .*Ethnicity, Persons"),
        (
            lambda d: _first(d).update(AreaCode="E54000050"),
            r"not of the level that was asked for \(england, .*: E54000050",
        ),
        (lambda d: d.update(indicatorRawData={}), r"should hold a list 'indicatorRawData'"),
        (lambda d: _first(d).update(Value=[1]), r"record 1, 'Value': expected a text or a number, found list"),
        (lambda d: _first(d).update(Value="high"), r"column value: must be a number"),
        (lambda d: _first(d).update(MetricCategoryName="Persons of 3"), r"not in the code list .*Sex, Persons of 3"),
        (lambda d: _first(d).update(MetricCategoryTypeName="Deprivation decile"), r"code list .*Deprivation decile"),
        (
            lambda d: _all(d, IndicatorCode="CVDP002HYP"),
            "IndicatorID 11 is CVDP002HYP; expected IndicatorID 11 to be CVDP001HYP and CVDP002HYP to be IndicatorID 2",
        ),
        (lambda d: _all(d, TimePeriodName="To June 2025"), r"TimePeriodName is 'To June 2025' where .* 2025-12"),
        (lambda d: _first(d).update(IndicatorCode="CVDP009HYP"), r"more than one indicator or period"),
    ],
)
def test_a_document_that_differs_is_refused_and_the_difference_said(
    parse: Parse, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    with pytest.raises(LakeError, match=said):
        parse(change)


def test_refusal_says_that_the_format_was_never_confirmed(parse: Parse) -> None:
    with pytest.raises(LakeError, match="this format was never confirmed"):
        parse(lambda d: _first(d).update(Value="high"))


# -- the interface ----------------------------------------------------------------------------------------------------


class Interface:
    """The documented interface on this machine, and the lake that asks it."""

    def __init__(self, site: Loopback, lake: Lake, documents: dict[str, bytes]) -> None:
        self.site, self.lake, self.documents = site, lake, documents
        self.waits: list[float] = []
        for path, body in documents.items():
            site.script(path, reply(body=body, headers={"Content-Type": "application/json"}))

    @property
    def source(self) -> Source:
        """The contract, pointed at this server."""
        source = load_sources()["cvdprevent"]
        start = source.landing_pages[0].model_copy(
            update={"address": self.site.address("/timePeriod?indicatorTypeID=1")}
        )
        return source.model_copy(update={"landing_pages": (start,), "hosts": ("localhost",)})

    def fetch(self, **limits: float) -> FetchReport:
        client = HttpClient(
            allowed_hosts=frozenset(self.source.hosts),
            user_agent="tests",
            limits=FetchLimits(**({"attempts": 2, "total_seconds": 60} | limits)),  # type: ignore[arg-type]
            certificate_bundle=self.site.certificate_bundle,
            allow_loopback=True,
            sleep=self.waits.append,
        )
        return fetch_source(self.source, HttpsTransport(client), self.lake, today=TODAY)

    def change_list(self, change: Callable[[list[dict[str, Any]]], None]) -> None:
        document = json.loads(self.documents[LIST])
        change(document["indicatorList"])
        self.site.script(LIST, reply(body=json.dumps(document).encode()))


@pytest.fixture
def interface(tmp_path: Path, documents: dict[str, bytes]) -> Iterator[Interface]:
    with Loopback(tmp_path) as site:
        yield Interface(site, Lake(tmp_path / "lake"), documents)


def test_every_wanted_document_is_kept_as_it_came_under_its_period_indicator_and_level(interface: Interface) -> None:
    report = interface.fetch()
    assert (report.problems, report.located) == ([], 11)
    kept = {path.parent.parent.name: path.read_bytes() for path in interface.lake.root.rglob("indicator.json")}
    assert kept["2025-12+11-1"] == interface.documents[ENGLAND]
    assert sorted(kept) == [
        *("2025-09+11-1", "2025-12+11-1", "2025-12+11-6", "2025-12+11-7", "2025-12+11-8"),
        *("2025-12+14-1", "2025-12+14-7", "2025-12+22-1", "2025-12+32-1", "2025-12+32-7", "2025-12+53-1"),
    ]
    assert not any(path.startswith("/indicator/23/") for path in interface.site.paths_seen())


def test_the_mirror_of_the_same_interface_gives_the_same_documents(interface: Interface, sample_estate: Path) -> None:
    """An address with a query is kept as wget does, the question mark in the file's name."""
    live, source = interface.fetch(), load_sources()["cvdprevent"]
    mirrored = fetch_source(source, MirrorTransport(sample_estate), Lake(interface.lake.root / "other"), today=TODAY)
    assert mirrored.problems == [] and sorted(mirrored.sha256) == sorted(live.sha256)


def test_too_many_requests_waits_as_long_as_it_is_told(interface: Interface) -> None:
    good = reply(body=interface.documents[LIST])
    interface.site.script(LIST, reply(429, headers={"Retry-After": "17"}), good)
    interface.site.script(ENGLAND, reply(429, headers={"Retry-After": "23"}), reply(body=interface.documents[ENGLAND]))
    assert interface.fetch().problems == []
    assert interface.waits == [17, 23]


def test_one_document_in_error_is_named_and_the_others_are_kept(interface: Interface) -> None:
    interface.site.script(ENGLAND, reply(500))
    report = interface.fetch()
    assert len(report.new) == 10
    (problem,) = report.problems
    assert "indicator/11/rawDataJSON" in problem and "500" in problem


def test_a_list_in_error_holds_the_source_with_its_address(interface: Interface) -> None:
    interface.site.script(LIST, reply(503))
    report = interface.fetch()
    assert not report.reachable and "indicator/list" in report.problems[0] and "503" in report.problems[0]


def test_a_document_that_drips_ends_at_the_deadline(interface: Interface) -> None:
    interface.site.script(ENGLAND, drip(interface.documents[ENGLAND], 0.05))
    report = interface.fetch(total_seconds=1.5, attempts=1)
    assert len(report.new) == 10 and len(report.problems) == 1 and "indicator/11" in report.problems[0]


def test_a_page_of_markup_with_status_200_is_kept_as_evidence_and_not_used(interface: Interface) -> None:
    interface.site.script(ENGLAND, reply(body=b"<html><title>Maintenance</title></html>"))
    (problem,) = interface.fetch().problems
    assert "Maintenance" in problem
    assert len(list(interface.lake.refused("cvdprevent").rglob("*.json"))) == 1


def test_a_redirect_to_another_host_is_not_followed(interface: Interface) -> None:
    interface.site.script(ENGLAND, redirect_to("https://example.org/11"))
    (problem,) = interface.fetch().problems
    assert "example.org is not among the source's hosts" in problem


def test_an_oversized_document_is_refused_before_it_is_read(interface: Interface) -> None:
    interface.site.script(ENGLAND, lambda handler: send_head(handler, 200, {"Content-Length": "60000000"}))
    (problem,) = interface.fetch().problems
    assert "60,000,000 bytes" in problem


def test_pages_are_followed_to_the_last(interface: Interface) -> None:
    records = json.loads(interface.documents[LIST])["indicatorList"]
    first = {"indicatorList": records[:1], "next": LIST + "&page=2"}
    interface.site.script(LIST, reply(body=json.dumps(first).encode()))
    interface.site.script(
        LIST + "&page=2", reply(body=json.dumps({"indicatorList": records[1:], "next": None}).encode())
    )
    assert interface.fetch().located == 11


def test_pages_that_lead_in_a_circle_are_refused(interface: Interface) -> None:
    answer = json.loads(interface.documents[LIST]) | {"next": LIST}
    interface.site.script(LIST, reply(body=json.dumps(answer).encode()))
    assert "its pages do not end" in interface.fetch().problems[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda r: r[0].update(IndicatorID=241),
            "IndicatorID 241 is CVDP001HYP; expected CVDP001HYP to be IndicatorID 11",
        ),
        (
            lambda r: r[0].update(IndicatorCode="CVDP001DM"),
            "IndicatorID 11 is CVDP001DM; expected IndicatorID 11 to be CVDP001HYP",
        ),
        (
            lambda r: r.append(r[3] | {"IndicatorID": 99}),
            "IndicatorID 99 is CVDP003CHOL; expected CVDP003CHOL to be IndicatorID 14",
        ),
        (lambda r: r[0].pop("IndicatorID"), "expected one list of records with ['IndicatorCode', 'IndicatorID']"),
        (lambda r: r[0].update(IndicatorID="11"), "expected a whole number as IndicatorID, found '11'"),
    ],
)
def test_an_id_that_is_not_its_name_stops_the_source(
    interface: Interface, change: Callable[[list[dict[str, Any]]], None], said: str
) -> None:
    """A peer's whole table rests on ids that stand for other indicators (241 is diabetes, not hypertension)."""
    interface.change_list(change)
    report = interface.fetch()
    assert not report.reachable and said in report.problems[0]
    assert not any("rawDataJSON?timePeriodID=30&systemLevelID=1" in path for path in interface.site.paths_seen())


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/timePeriod?indicatorTypeID=1", b'{"timePeriodList": []}', "expected one list of records"),
        (
            "/timePeriod?indicatorTypeID=1",
            b'{"timePeriodList": [{"TimePeriodID": 27, "TimePeriodName": "Apr 2024 - Mar 2025"}]}',
            "no period has a name like",
        ),
        ("/timePeriod/systemLevels", b'[{"TimePeriodID": 30}]', "the answer is list, where an object was expected"),
        ("/timePeriod/systemLevels", b"not json", "the answer is not JSON"),
    ],
)
def test_an_answer_of_another_shape_is_said(interface: Interface, path: str, body: bytes, said: str) -> None:
    interface.site.script(path, reply(body=body))
    assert said in interface.fetch().problems[0]
