"""The store: on a real file, through its public methods; what one process wrote another reads."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from digest import model_calls
from digest.errors import StoreError
from digest.lookups import RANKED_HITS, Lookups
from digest.store import Store
from digest.store_file import SCHEMA_VERSION
from digest.store_thread import StoreThread
from digest.types import Attempt, Finding, FindingKind, ModelCall, Outcome, ReadingSource, SectionName
from tests.makers import DAY, NOON, clock, paper, reading, report, sections


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "paperboy.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(path, clock) as opened:
        yield opened


def test_the_file_is_made_for_its_owner_only(store: Store, path: Path) -> None:
    """Reports and people's subscriptions are nobody else's business."""
    assert store.newest_day() is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_store_survives_a_loss_of_power(store: Store) -> None:
    """WAL with full synchronisation: what was committed is on the disk."""
    assert store.connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert store.connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_the_whole_data_model_is_there_from_the_first_day(store: Store) -> None:
    """Later work fills tables; it does not change the shape of old ones."""
    tables = {row[0] for row in store.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= set(
        "papers listings days readings reports sections model_calls destinations people editions messages "
        "deliveries jobs".split()
    )
    assert store.connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert store.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_paper_is_kept_once_however_many_days_list_it(store: Store) -> None:
    """A paper's row holds what the newest list said; each listing is kept."""
    store.save_listing(DAY, [paper(upvotes=3)])
    store.save_listing(DAY + timedelta(days=1), [paper(upvotes=9)])
    assert [(one.id, one.upvotes) for one in store.listed(DAY)] == [("2601.00001", 9)]
    assert [one.id for one in store.listed(DAY + timedelta(days=1))] == ["2601.00001"]
    assert store.days() == ((DAY + timedelta(days=1), 1), (DAY, 1))


def test_what_a_list_does_not_tell_stays_as_it_was_known(store: Store) -> None:
    """An imported report knows neither abstract nor upvotes; it must not erase them."""
    store.save_listing(DAY, [paper()])
    store.save_listing(
        DAY, [paper(abstract="", upvotes=None, authors=(), keywords=(), organization="", published_on=None)]
    )
    assert store.paper(paper().id) == paper()


def test_papers_of_a_day_come_most_upvoted_first(store: Store) -> None:
    """Papers without a count come last."""
    store.save_listing(
        DAY, [paper("2601.00001", upvotes=2), paper("2601.00002", upvotes=None), paper("2601.00003", upvotes=30)]
    )
    assert [one.id for one in store.listed(DAY)] == ["2601.00003", "2601.00001", "2601.00002"]


def test_a_report_comes_back_as_it_was_written(store: Store) -> None:
    """Every field and every section, in the order of a report."""
    store.save_listing(DAY, [paper()])
    saved = store.save_report(report(left_out=("Appendix",), provisional=True))
    assert saved.revision == 1
    assert store.report(paper().id, "en") == saved


def test_an_empty_section_and_a_missing_one_are_different(store: Store) -> None:
    """No blocks: the paper holds nothing for it. No section: nobody wrote one."""
    store.save_listing(DAY, [paper()])
    store.save_report(report(sections=sections(usage=(), results="91.4")))
    stored = store.report(paper().id, "en")
    assert stored is not None
    assert [section.name for section in stored.sections] == [SectionName.USAGE, SectionName.RESULTS]
    assert stored.sections[0].blocks == ()
    assert store.section(paper().id, SectionName.DOMAIN, "en") is None


def test_a_new_report_is_a_new_revision_and_the_old_one_stays(store: Store) -> None:
    """Reports are never overwritten; answers use the newest."""
    store.save_listing(DAY, [paper()])
    store.save_report(report())
    second = store.save_report(report(writer="a-better-model", written_at=NOON + timedelta(days=1)))
    assert second.revision == 2
    assert store.report(paper().id, "en") == second
    assert store.connection.execute("SELECT count(*) FROM reports").fetchone()[0] == 2


def test_what_checking_found_is_kept_with_the_report(store: Store) -> None:
    """As it was found last; a report that was not checked anew keeps what is known of it."""
    old, new = (
        Finding(section=SectionName.RESULTS, text=text, at=0, kind=FindingKind.FIGURE, outcome=Outcome.NOT_FOUND)
        for text in ("91.4", "92.4")
    )
    store.save_listing(DAY, [paper()])
    assert store.save_report(report(findings=(old,))).revision == 1
    assert store.save_report(report(findings=(new,))).revision == 1
    assert store.save_report(report()).findings == (new,)
    stored = store.report_in(paper().id, "en")
    assert stored is not None
    assert stored.findings == (new,)


def test_the_same_report_again_adds_nothing(store: Store) -> None:
    """Importing a file twice, or writing the same words again, is no new revision."""
    store.save_listing(DAY, [paper()])
    first = store.save_report(report())
    again = store.save_report(report(written_at=NOON + timedelta(hours=3)))
    assert again == first


def test_languages_have_revisions_of_their_own_and_stand_in_for_each_other(store: Store) -> None:
    """Who asks in a language without a report gets the one there is."""
    store.save_listing(DAY, [paper()])
    store.save_report(report())
    chinese = store.save_report(report(language="zh", sections=sections(results="准确率为 91.4。")))
    assert chinese.revision == 1
    assert store.report(paper().id, "zh") == chinese
    asked_in_french = store.report(paper().id, "fr")
    assert asked_in_french is not None
    assert store.report_in(paper().id, "fr") is None
    assert store.languages(paper().id) == ("en", "zh")


def test_a_reading_comes_back_with_what_was_tried_before_it(store: Store) -> None:
    """Passages, attempts and all; nothing is fetched twice."""
    store.save_listing(DAY, [paper()])
    kept = reading(attempts=(Attempt(ReadingSource.HTML, "There is no HTML."),), source=ReadingSource.ABSTRACT)
    store.save_reading(kept)
    store.save_reading(kept)
    assert store.reading(paper().id) == kept


def test_the_best_source_is_the_reading(store: Store) -> None:
    """Full text wins over the abstract, whichever came first."""
    store.save_listing(DAY, [paper()])
    store.save_reading(reading(source=ReadingSource.HTML))
    store.save_reading(reading(source=ReadingSource.ABSTRACT, text_hash="1" * 64))
    best = store.reading(paper().id)
    assert best is not None
    assert best.source is ReadingSource.HTML


def test_search_finds_titles_and_sections_of_every_language_and_only_the_newest_revision(store: Store) -> None:
    """What an older revision said is not found any more."""
    store.save_listing(DAY, [paper()])
    store.save_report(report(sections=sections(results="An obsolete claim.")))
    store.save_report(report(sections=sections(results="A corrected claim.")))
    store.save_report(report(language="zh", sections=sections(results="用注意力机制提升推理。")))
    for query in ("lanterns", "corrected", "注意力", "推", "机制 claim"):
        assert store.search(query, "en").total == 1, query
    assert store.search("obsolete", "en").total == 0


def test_a_word_of_very_many_papers_shows_the_newest_first(store: Store) -> None:
    """Up to the bound the best match leads; beyond it what is new, and the count stays right."""
    store.save_listing(DAY, [paper("2601.00001", title="Lamp lamp lamp")])
    store.save_listing(DAY, [paper(f"2602.{number:05}", title="One lamp of many") for number in range(1, 4)])
    assert store.search("lamp", "en").hits[0].paper.id == "2601.00001"
    store.save_listing(DAY, [paper(f"2603.{number:05}", title="One lamp of many") for number in range(RANKED_HITS)])
    found = store.search("lamp", "en", limit=2)
    assert found.total == RANKED_HITS + 4
    assert [hit.paper.id for hit in found.hits] == [f"2603.{RANKED_HITS - 1:05}", f"2603.{RANKED_HITS - 2:05}"]


def test_an_import_stores_all_or_nothing(store: Store) -> None:
    """A report that cannot be stored takes the whole file back."""
    broken = msgspec.structs.replace(report("2601.00002"), domains=object())  # what JSON cannot hold
    with pytest.raises(TypeError):
        store.save_imported(DAY, [(paper(), report()), (paper("2601.00002"), broken)])
    assert store.newest_day() is None
    assert store.report(paper().id, "en") is None


def test_importing_what_is_the_newest_already_adds_no_revision(store: Store) -> None:
    """A day that was exported and is imported again stays as it is, its writer too."""
    store.save_listing(DAY, [paper()])
    store.save_report(report(writer="a-model"))
    store.save_imported(DAY, [(paper(), report(writer="import", domains=("nlp",)))])
    kept = store.report(paper().id, "en")
    assert kept is not None
    assert (kept.writer, kept.revision) == ("a-model", 1)


def test_search_is_narrowed_by_day_and_domain(store: Store) -> None:
    """All conditions hold together; without words the newest papers come first."""
    other_day = date(2026, 1, 19)
    store.save_listing(DAY, [paper("2601.00001"), paper("2601.00002")])
    store.save_listing(other_day, [paper("2601.00003")])
    store.save_report(report("2601.00001", domains=("video",)))
    store.save_report(report("2601.00003", domains=("audio", "video")))
    assert [hit.paper.id for hit in store.search("", "en", domain="video").hits] == ["2601.00003", "2601.00001"]
    assert [hit.paper.id for hit in store.search("lanterns", "en", day=DAY, domain="video").hits] == ["2601.00001"]
    assert store.search("", "en", day=DAY).total == 2
    assert len(store.search("", "en", limit=1).hits) == 1


def test_a_title_counts_more_than_a_report_that_mentions_it(store: Store) -> None:
    """The paper that somebody means comes first."""
    store.save_listing(DAY, [paper("2601.00001", title="On wicks"), paper("2601.00002", title="Lamps")])
    store.save_report(report("2601.00002", sections=sections(results="Wicks are compared with oil and other wicks.")))
    assert [hit.paper.id for hit in store.search("wicks", "en").hits] == ["2601.00001", "2601.00002"]


def test_a_call_whose_answer_may_be_lost_is_remembered(store: Store) -> None:
    """After a crash between answer and commit, the writer can ask whether it had been bought; a refusal was not."""
    call = ModelCall(
        identity="abc", purpose="report", paper_id="2601.00001", language="en", endpoint="http://127.0.0.1",
        model="a-model", outcome="begun", started_at=NOON,
    )  # fmt: skip
    number = model_calls.begin(store, call)
    assert model_calls.unfinished(store, "abc")
    assert not model_calls.unfinished(store, "abd")
    model_calls.end(store, number, msgspec.structs.replace(call, outcome="refused"))
    assert not model_calls.unfinished(store, "abc")
    model_calls.end(
        store, number, msgspec.structs.replace(call, outcome="answered", completion_tokens=12, cost_usd=0.01)
    )
    assert model_calls.unfinished(store, "abc")
    assert store.connection.execute("SELECT outcome, completion_tokens FROM model_calls").fetchone()[:] == (
        "answered",
        12,
    )


def test_what_one_process_wrote_another_reads(store: Store, path: Path) -> None:
    """Look-ups open the file for reading only, while a writer has it open."""
    store.save_listing(DAY, [paper()])
    store.save_report(report())
    with Lookups.open(path) as lookups:
        assert lookups.section(paper().id, SectionName.RESULTS, "en") == report().section(SectionName.RESULTS)
        with pytest.raises(sqlite3.OperationalError):
            lookups.connection.execute("DELETE FROM papers")


def test_looking_up_without_a_store_says_how_to_make_one(path: Path) -> None:
    """A newcomer's first look-up comes before the first digest."""
    with pytest.raises(StoreError, match="paperboy digest"):
        Lookups.open(path)


def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path: Path) -> None:
    """Neither reading nor writing touches a stranger's file."""
    stranger = tmp_path / "letter.txt"
    stranger.write_text("Dear Sir or Madam, this is no database at all." * 100)
    refused(stranger, "is no Paperboy store, or damaged: file is not a database")
    assert stranger.read_text().startswith("Dear")


def refused(path: Path, sentence: str) -> None:
    """Neither readers nor writers open it, and both say the same."""
    with pytest.raises(StoreError, match=sentence):
        Lookups.open(path)
    with pytest.raises(StoreError, match=sentence):
        Store.create(path, clock)


@pytest.mark.parametrize("form", [0, SCHEMA_VERSION, SCHEMA_VERSION + 40])
def test_another_programs_database_is_left_as_it_was(tmp_path: Path, form: int) -> None:
    """Whatever number it gives its own form; no table is added and its journal stays as it was set."""
    path = tmp_path / "bookmarks.sqlite"
    stranger = sqlite3.connect(path)
    stranger.execute("CREATE TABLE bookmarks (address TEXT)")
    stranger.execute(f"PRAGMA user_version = {form}")
    stranger.commit()
    stranger.close()
    before = path.read_bytes()
    refused(path, "is no Paperboy store, or damaged: it has other tables. Set store.path to another file")
    assert path.read_bytes() == before


def test_a_damaged_store_is_said_to_be_so(store: Store, path: Path) -> None:
    """And what can be done about it."""
    store.save_listing(DAY, [paper()])
    store.close()
    content = bytearray(path.read_bytes())
    content[100:4096] = bytes(3996)  # the page with the table of contents
    path.write_bytes(content)
    refused(path, "is no Paperboy store, or damaged: database disk image is malformed.*put a copy back")


def test_an_existing_store_is_not_touched_by_opening_it(store: Store, path: Path) -> None:
    """Its time stays, so that a backup by change sees a change only where there is one."""
    store.close()
    os.utime(path, (1, 1))
    Store.create(path, clock).close()
    assert path.stat().st_mtime == 1


def test_a_store_of_a_newer_paperboy_is_left_alone(store: Store, path: Path) -> None:
    """Going back a version must not damage what the newer one wrote."""
    store.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    refused(path, r"was written by a newer Paperboy \(form .*\)\. Update Paperboy\.")


def test_a_store_of_an_older_paperboy_is_brought_up_to_date_by_writers_alone(store: Store, path: Path) -> None:
    """Readers change nothing: they say who does."""
    store.connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
    with pytest.raises(StoreError, match='Run "paperboy doctor"'):
        Lookups.open(path)
    Store.create(path, clock).close()
    Lookups.open(path).close()


def test_a_failing_transaction_leaves_nothing(store: Store) -> None:
    """A report on a paper that is not there is refused whole."""
    with pytest.raises(sqlite3.IntegrityError):
        store.save_report(report("2601.09999"))
    assert store.connection.execute("SELECT count(*) FROM reports").fetchone()[0] == 0
    store.save_listing(DAY, [paper()])


def test_two_processes_that_open_a_new_store_at_once_both_succeed(path: Path) -> None:
    """The second waits for the first to make the tables."""
    path.parent.mkdir()
    problems: list[BaseException] = []

    def make() -> None:
        try:
            with Store.create(path, clock) as mine:
                mine.save_listing(DAY, [paper()])
        except BaseException as error:  # noqa: BLE001 (whatever it is, the test shows it)
            problems.append(error)

    makers = [threading.Thread(target=make) for _ in range(6)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert problems == []


async def test_the_event_loop_goes_on_while_a_write_waits_for_a_lock(path: Path) -> None:
    """The store has a thread of its own."""
    thread = StoreThread(path, clock)
    await thread.run(Store.save_listing, DAY, [paper()])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    write = asyncio.create_task(thread.run(Store.save_report, report()))
    turns = 0
    while turns < 20:
        await asyncio.sleep(0.001)
        turns += 1
    assert not write.done()
    other.execute("COMMIT")
    other.close()
    assert (await write).revision == 1
    await thread.close()


async def test_closing_waits_for_what_was_asked_before(path: Path) -> None:
    """Nothing that was promised is lost on the way out."""
    thread = StoreThread(path, clock)
    asked = [asyncio.create_task(thread.run(Store.save_listing, DAY, [paper(f"2601.0000{n}")])) for n in range(5)]
    await asyncio.sleep(0)
    await thread.close()
    await asyncio.gather(*asked)
    with Lookups.open(path) as lookups:
        assert len(lookups.listed(DAY)) == 5
