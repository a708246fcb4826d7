"""What the editions of one day are made from: its papers in each language, those that came late, and each distinct
choice of them, chosen and rendered once however many destinations get it. SQL that reads only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from digest.covers import hidden_papers
from digest.select import Selection, select
from digest.types import ArxivId, Digest, Message, Paper, Report

if TYPE_CHECKING:
    from digest.editions import Compose, Draft, Subscription
    from digest.store import Store

LATE_DAYS = 14  # a paper may join a day's list so long after; days before are over for good

Entry = tuple[Paper, Report | None]
Composer = Callable[["Subscription"], "Compose"]


class Had(NamedTuple):
    """What a destination has had: the papers of other days' editions that matter here, those of this one, when its
    editions of the days before were made, as the store writes moments, and which papers are hidden there."""

    elsewhere: frozenset[ArxivId] = frozenset()
    here: frozenset[ArxivId] = frozenset()
    made_at: Mapping[str, str] = {}
    hidden: frozenset[ArxivId] = frozenset()


class _Wish(NamedTuple):
    """All that an edition's content hangs on."""

    look: tuple[str, str, str]  # kind, layout, language
    mask: int
    words: tuple[tuple[str, ...], tuple[str, ...]]
    limit: int
    elsewhere: frozenset[ArxivId]
    here: frozenset[ArxivId]
    hidden: frozenset[ArxivId]
    late: tuple[tuple[ArxivId, date], ...]
    missed: tuple[date, ...]


class _Late(NamedTuple):
    paper: ArxivId
    day: date
    ready_at: str  # when it was both listed and reported on


class Shelf:
    """Made for one transaction. `late`: whether papers that joined days before come with this one's."""

    def __init__(self, store: Store, day: date, composer: Composer, *, late: bool) -> None:
        self._store = store
        self.day = day
        self._composer = composer
        self._digests: dict[str, Digest] = {}
        self._made: dict[_Wish, tuple[Selection, Sequence[Draft]]] = {}
        self._sizes: dict[date, int] = {}
        self._late = self._latecomers() if late else ()
        self._listed = {paper.id for paper in store.listed(day)}
        self._masks: dict[ArxivId, int] = {}
        self._fitting: dict[int, frozenset[ArxivId]] = {}

    def match(self, masks: Iterable[int]) -> None:
        """Finds, for each mask of domains, the papers that are in one of them: in SQL, all at once.

        A store's newest report of a paper in any language says which domains it is in.
        """
        wanted = sorted(set(masks) - self._fitting.keys())
        if not wanted:
            return
        rows = self._store.connection.execute(_MATCH, {"papers": self._relevant(), "masks": _json(wanted)})
        found: dict[int, set[ArxivId]] = {mask: set() for mask in wanted}
        for mask, paper in rows:
            found[mask].add(ArxivId(paper))
        self._fitting |= {mask: frozenset(papers) for mask, papers in found.items()}

    def had(self, destinations: Collection[int]) -> dict[int, Had]:
        """What matters here of what destinations have had; those that had nothing are left out."""
        numbers = _json(list(destinations))
        elsewhere: dict[int, set[ArxivId]] = {}
        here: dict[int, set[ArxivId]] = {}
        made_at: dict[int, dict[str, str]] = {}
        for number, paper, day in self._store.connection.execute(
            _HAD, {"destinations": numbers, "papers": self._relevant(), "day": self.day.isoformat()}
        ):
            there = here if day == self.day.isoformat() else elsewhere
            there.setdefault(number, set()).add(ArxivId(paper))
        days = sorted({late.day.isoformat() for late in self._late})
        if days:
            for number, day, moment in self._store.connection.execute(
                "SELECT destination, day, made_at FROM json_each(?) AS asked CROSS JOIN editions "
                "ON destination = asked.value AND day IN (SELECT value FROM json_each(?))",
                (numbers, _json(days)),
            ):
                made_at.setdefault(number, {})[day] = moment
        relevant = self._listed | {late.paper for late in self._late}
        hidden = hidden_papers(self._store, destinations)
        return {
            number: Had(
                frozenset(elsewhere.get(number, ())),
                frozenset(here.get(number, ())),
                made_at.get(number, {}),
                hidden.get(number, frozenset()) & (relevant | here.get(number, set())),
            )
            for number in {*elsewhere, *here, *made_at, *hidden}
        }

    def choice(
        self, subscription: Subscription, mask: int, had: Had, missed: Sequence[date]
    ) -> tuple[Selection, Sequence[Draft]]:
        """What a destination's edition holds, chosen and rendered, or known from another with the same wish."""
        late = tuple(
            (one.paper, one.day)
            for one in self._late
            if one.paper not in had.elsewhere and had.made_at.get(one.day.isoformat(), "~") < one.ready_at
        )
        wish = _Wish(
            look=(subscription.kind, subscription.layout, subscription.language),
            mask=mask,
            words=(subscription.with_words, subscription.without_words),
            limit=subscription.limit,
            elsewhere=had.elsewhere,
            here=had.here,
            hidden=had.hidden,
            late=late,
            missed=tuple(missed),
        )
        if wish not in self._made:
            self._made[wish] = self._chosen(subscription, wish)
        return self._made[wish]

    def _chosen(self, subscription: Subscription, wish: _Wish) -> tuple[Selection, Sequence[Draft]]:
        digest = self._digest(subscription.language)
        late = dict(wish.late)
        also = {*late, *wish.here} - self._listed
        entries: list[Entry] = [*digest.papers, *filter(None, map(self._entry(subscription.language), sorted(also)))]
        self.match([wish.mask])
        selection = select(
            entries,
            fitting=self._fitting[wish.mask] if wish.mask else None,
            with_words=subscription.with_words,
            without_words=subscription.without_words,
            limit=max(0, subscription.limit - len(wish.here)),
            already=wish.elsewhere | wish.here,
            withdrawn=digest.withdrawn,
            hidden=wish.hidden,
        )
        new = {paper.id for paper, _ in selection.papers}
        held = self._shown(entries, new | wish.here - wish.hidden, subscription.language)
        selection = msgspec.structs.replace(
            selection,
            papers=held,
            late=late,
            missed=tuple((day, self._size(day)) for day in wish.missed),
        )
        drafts = self._composer(subscription)(digest, selection) if new or wish.missed else ()
        return selection, drafts

    def headline(self, subscription: Subscription, had: Had) -> Message | None:
        """The headline of an edition as it stands, with nothing new in it; None for a layout without one."""
        digest = self._digest(subscription.language)
        others = sorted(had.here - self._listed)
        entries: list[Entry] = [*digest.papers, *filter(None, map(self._entry(subscription.language), others))]
        selection = Selection(self._shown(entries, had.here - had.hidden, subscription.language), {}, again=True)
        drafts = self._composer(subscription)(digest, selection)
        return next((draft.message for draft in drafts if draft.kind == "headline"), None)

    def _shown(
        self, entries: Sequence[Entry], papers: Collection[ArxivId], language: str
    ) -> tuple[tuple[Paper, Report], ...]:
        """The entries of papers that are to be seen; of one that was withdrawn the card is, and says so."""
        found = (
            (paper, report or self._store.last_report(paper.id, language))
            for paper, report in entries
            if paper.id in papers
        )
        return tuple((paper, report) for paper, report in found if report is not None)

    def _digest(self, language: str) -> Digest:
        if language not in self._digests:
            self._digests[language] = self._store.digest(self.day, language)
        return self._digests[language]

    def _entry(self, language: str) -> Callable[[ArxivId], Entry | None]:
        def entry(paper: ArxivId) -> Entry | None:
            known = self._store.paper(paper)
            return None if known is None else (known, self._store.report(paper, language))

        return entry

    def _relevant(self) -> str:
        return _json([str(paper) for paper in (*self._listed, *(late.paper for late in self._late))])

    def _size(self, day: date) -> int:
        if day not in self._sizes:
            self._sizes[day] = len(self._store.listed(day))
        return self._sizes[day]

    def _latecomers(self) -> tuple[_Late, ...]:
        """The papers of the days before that were not ready when the first edition of their day was made."""
        rows = self._store.connection.execute(
            _LATECOMERS,
            {"first": (self.day - timedelta(days=LATE_DAYS)).isoformat(), "day": self.day.isoformat()},
        )
        return tuple(_Late(ArxivId(paper), date.fromisoformat(day), ready_at) for paper, day, ready_at in rows)


def _json(values: Sequence[str] | Sequence[int]) -> str:
    return msgspec.json.encode(values).decode()


_MATCH = """
WITH newest AS (
    SELECT wanted.value AS paper,
        (SELECT domains FROM reports WHERE paper = wanted.value AND withdrawn_at IS NULL ORDER BY id DESC LIMIT 1)
            AS domains
    FROM json_each(:papers) AS wanted
), masked AS (
    SELECT newest.paper, sum(DISTINCT domain_bits.bit) AS mask
    FROM newest, json_each(newest.domains) AS held JOIN domain_bits ON domain_bits.domain = held.value
    GROUP BY newest.paper
)
SELECT asked.value, masked.paper FROM json_each(:masks) AS asked JOIN masked ON masked.mask & asked.value
"""
_HAD = """
SELECT messages.destination, messages.paper, editions.day FROM messages JOIN editions ON editions.id = messages.edition
WHERE messages.kind = 'card' AND messages.destination IN (SELECT value FROM json_each(:destinations))
    AND (messages.paper IN (SELECT value FROM json_each(:papers)) OR editions.day = :day)
"""
# Ready is what is listed and has a report; a paper that is listed again on the day itself is that day's.
_LATECOMERS = """
WITH ready AS (
    SELECT paper, listings.day, max(listings.first_seen_at, min(reports.stored_at)) AS ready_at
    FROM listings JOIN reports USING (paper)
    WHERE listings.day >= :first AND listings.day < :day AND reports.withdrawn_at IS NULL
        AND paper NOT IN (SELECT paper FROM listings WHERE day = :day)
    GROUP BY paper, listings.day
)
SELECT ready.paper, ready.day, ready.ready_at FROM ready
WHERE ready.ready_at > (SELECT min(made_at) FROM editions WHERE editions.day = ready.day)
ORDER BY ready.day, ready.paper
"""
