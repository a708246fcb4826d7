"""What every destination must have, worked out step by step from the rules as they are written for people.

It shares nothing with the bot but the fixed texts: no SQL, no transactions. Day by day and destination by destination
it does what somebody with much patience would do by hand.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, timedelta

from msgspec import Struct, field

from bot.compose import texts
from digest.editions import Subscription
from digest.render import day_in_words
from digest.types import ArxivId, Destination
from tests.year_days import FORTNIGHT, Lists
from tests.year_hours import WEEK, Open, open_window
from tests.year_parts import Seen, without_time
from tests.year_world import ONE_DAY, SLOT, Mood, World, domains_of, midnight

# --- destinations ------------------------------------------------------------------------------------------------


class Due(Struct):
    """A message that is to be sent. `edition` is the day it belongs to; `edits` the count a headline will have."""

    what: str
    about: str
    edition: date | None
    until: datetime
    under: str = ""
    edits: int | None = None
    doubt: str = ""  # "there" or "lost", while nobody knows which


class Had(Struct):
    """An edition. `bell` is the local day at whose bell it was made, None once that does not count any more."""

    made: datetime
    bell: date | None
    papers: list[ArxivId] = field(default_factory=list)
    unread: dict[ArxivId, bool] = field(default_factory=dict)
    headline: bool = False
    begun: bool = False  # something of it was sent


class Place(Struct):
    wish: Subscription
    since: datetime
    removed: bool = False
    parked: bool = False
    had: dict[date, Had] = field(default_factory=dict)
    queue: list[Due] = field(default_factory=list)
    sent: list[Seen] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # what the headlines of days say
    told: set[date] = field(default_factory=set)  # the local days on which a word was said about a late digest

    @property
    def newest(self) -> date | None:
        return max(self.had, default=None)

    def cards(self, but: date) -> set[ArxivId]:
        return {paper for day, had in self.had.items() if day != but for paper in had.papers}


class Model:
    def __init__(self, world: World) -> None:
        self.world = world
        self.lists = Lists(world)
        self.places: dict[Destination, Place] = {}
        self.latest = world.begins  # that the clock has shown

    # --- what people do ------------------------------------------------------------------------------------------

    def keep(self, to: Destination, wish: Subscription | None, now: datetime) -> None:
        """Somebody wants this from now on, or nothing any more."""
        place = self.places.get(to)
        if place is None:
            if wish is not None:
                self.places[to] = Place(wish, now)
        elif wish is None:
            place.removed = True
        else:
            paused = place.wish.paused_until is not None and now.date() < place.wish.paused_until
            if place.removed:
                self._begin_anew(place)
            if place.removed or (paused and wish.paused_until is None):
                place.since = now
            place.wish, place.removed = wish, False

    def _begin_anew(self, place: Place) -> None:
        """Nobody waits any more for what was left to be sent to somebody who had gone."""
        dropped = [due for due in place.queue if not due.doubt and due.what != "edit"]
        place.queue = [due for due in place.queue if due not in dropped]
        for due in dropped:
            if due.edition is not None:
                had = place.had[due.edition]
                had.headline = had.headline and due.what != "headline"
                had.papers = [paper for paper in had.papers if due.what != "card" or due.about.split()[0] != paper]

    def resume(self, to: Destination, now: datetime) -> None:
        place = self.places[to]
        if place.parked:
            place.parked, place.since = False, now

    # --- the list and the bells ----------------------------------------------------------------------------------

    def watch(self, now: datetime, true: datetime) -> list[date]:
        """The source is asked, and what is new is read. Gives the days that were asked for."""
        asked = self.lists.ask(now, true)
        self.lists.read(now, true, {day for place in self.places.values() for day in place.had})
        return asked

    def ring(self, now: datetime) -> None:
        self._mend(now)
        days = self.lists.settled(now)
        for place in self.places.values():
            opened = self._opened(place, now)
            if opened is not None:
                self._leftovers(place, opened, now)
                self._digest(place, opened, days, now)
        for place in self.places.values():
            opened = self._opened(place, now)
            if opened is not None and place.wish.kind != "person":
                self._excuse(place, opened, now)

    def _opened(self, place: Place, now: datetime) -> Open | None:
        """The window that is open, if anything is to be made there."""
        opened = None if place.removed or place.parked else open_window(place.wish, now)
        if opened is None or (place.wish.paused_until is not None and opened.day < place.wish.paused_until):
            return None
        return opened

    def _mend(self, now: datetime) -> None:
        """What happened "later" than now happened just now, in its order; the bells of then are still to come."""
        self.latest = max(self.latest, now)
        if now == self.latest:
            return
        made = {had.made for place in self.places.values() for had in place.had.values()}
        later = sorted(moment for moment in made | self.lists.moments() if moment > now)
        last = len(later) - 1
        became = {moment: now - timedelta(microseconds=last - place) for place, moment in enumerate(later)}
        for place in self.places.values():
            for had in place.had.values():
                if had.made > now:
                    had.made, had.bell = became[had.made], None
        self.lists.became(became)

    def _leftovers(self, place: Place, opened: Open, now: datetime) -> None:
        left = [due for due in place.queue if due.until <= now]
        for day in {due.edition for due in left if due.edition is not None}:
            doubted = any(due.doubt for due in place.queue if due.edition == day)
            if not place.had[day].begun and not doubted:
                place.queue = [due for due in place.queue if due.edition != day]
                del place.had[day]
        place.queue = [due for due in place.queue if due.edition is not None or due.doubt or due.until > now]
        for due in place.queue:
            if due.until <= now:
                due.until = opened.closes

    def _digest(self, place: Place, opened: Open, days: list[date], now: datetime) -> None:
        newest = place.newest
        rung = any(had.bell == opened.day for had in place.had.values())
        if days and not rung and (newest is None or newest < days[-1]):
            self._make(place, days[-1], opened, self._missed(place, days), now)
            return
        for day, had in [(day, had) for day, had in place.had.items() if had.bell == opened.day]:
            joined = self.lists.days[day].papers
            if any(self.lists.since(paper, day) > had.made for paper in joined):
                self._make(place, day, opened, [], now)

    def _missed(self, place: Place, days: list[date]) -> list[date]:
        newest, since = place.newest, place.since.date()
        if place.wish.paused_until is not None:
            since = max(since, place.wish.paused_until)
        return [
            day
            for day in days[:-1]
            if newest is not None and newest < day and since <= day and WEEK[day.weekday()] in place.wish.weekdays
        ]

    def _make(self, place: Place, day: date, opened: Open, missed: list[date], now: datetime) -> None:
        had = place.had.setdefault(day, Had(now, opened.day))
        before = place.cards(but=day)
        late = self._late(place, day, before)
        listed = self.lists.order(day)
        also = sorted({*late, *had.papers} - set(listed))
        new = self._choose(place, had, [*listed, *also], before)
        had.made, had.bell = now, opened.day
        if new:
            self._add(place, day, had, new, late, opened)
        if missed:
            place.queue.append(Due("missed", " ".join(map(str, missed)), day, opened.closes))

    def _late(self, place: Place, day: date, before: Collection[ArxivId]) -> dict[ArxivId, date]:
        """The papers of days it has had that were not there to be chosen from then."""
        late: dict[ArxivId, date] = {}
        for other in sorted(place.had):
            if day - timedelta(days=FORTNIGHT) <= other < day and other in self.lists.days:
                for paper in self.lists.days[other].papers:
                    known = paper in self.lists.days[day].papers or paper in before
                    if not known and self.lists.since(paper, other) > place.had[other].made:
                        late[paper] = other
        return late

    def _choose(self, place: Place, had: Had, papers: list[ArxivId], before: Collection[ArxivId]) -> list[ArxivId]:
        room = max(0, place.wish.limit - len(had.papers))
        new: list[ArxivId] = []
        for paper in papers:
            had.unread[paper] = False
            if paper in before or paper in had.papers or not self._speaks(place, paper):
                continue
            if paper not in self.lists.ready:
                had.unread[paper] = True
            elif len(new) < room and (not place.wish.domains or set(place.wish.domains) & set(domains_of(paper))):
                new.append(paper)
        return new

    def _speaks(self, place: Place, paper: ArxivId) -> bool:
        one = self.lists.papers[paper]
        text = "\n".join((one.title, one.abstract, *one.keywords)).lower()

        def holds(word: str) -> bool:
            return bool(re.search(rf"(?<!\w){word}(?!\w)", text))

        wanted, unwanted = place.wish.with_words, place.wish.without_words
        return (not wanted or any(map(holds, wanted))) and not any(map(holds, unwanted))

    def _add(
        self,
        place: Place,
        day: date,
        had: Had,
        new: list[ArxivId],
        late: dict[ArxivId, date],
        opened: Open,
    ) -> None:
        phrases = texts(place.wish.language)
        threads = place.wish.layout == "digest"
        first, had.headline = not had.headline, True
        had.papers += new
        if threads and first:
            place.queue.append(Due("headline", str(day), day, opened.closes, edits=len(had.papers)))
        for paper in new:
            about = str(paper)
            if paper in late:
                mark = phrases.phrases["late"].format(date=day_in_words(late[paper], phrases, form="date_short"))
                about = f"{paper} {mark}"
            place.queue.append(Due("card", about, day, opened.closes, under=str(day) if threads else ""))
            if not threads:
                place.queue.append(Due("section", str(paper), day, opened.closes, under=about))
        if threads and not first:
            place.queue.append(Due("edit", str(day), day, opened.closes, edits=len(had.papers)))

    # --- words for channels --------------------------------------------------------------------------------------

    def _excuse(self, place: Place, opened: Open, now: datetime) -> None:
        ending = opened.closes - now <= SLOT
        sentence = ""
        rung = [had for had in place.had.values() if had.bell == opened.day]
        if not rung:
            sentence = self._why_nothing(place, opened, now, ending=ending)
        elif ending:
            phrases = texts(place.wish.language).phrases
            for had in rung:
                if lacking := sum(had.unread.values()):
                    sentence = phrases["late_unread"].format(lacking=lacking, papers=len(had.unread))
        if sentence and opened.day not in place.told:
            place.told.add(opened.day)
            place.queue.append(Due("notice", without_time(sentence), None, opened.closes))

    def _why_nothing(self, place: Place, opened: Open, now: datetime, *, ending: bool) -> str:
        """A morning's digest is that day's, if lists are complete before its window ends, else the day's before."""
        complete = opened.closes >= midnight(opened.day) + timedelta(hours=6)
        expected = opened.day if complete else opened.day - ONE_DAY
        if place.newest is not None and place.newest >= expected:
            return ""
        if not ending and now - opened.rings < SLOT:
            return ""
        known = self.lists.days.get(expected)
        if known is None or known.asked is None or now - known.asked > 2 * SLOT:
            return ""  # nobody has looked: it is too early for a word
        language = texts(place.wish.language)
        words = {"date": day_in_words(expected, language, form="date_short"), "time": "00:00"}
        if known.state == "failed":
            return language.phrases["late_failed"].format(**words)
        if known.state == "stalled":
            return language.phrases["late_stalled"].format(**words)
        if known.state == "growing" and known.papers and ending:
            return language.phrases["late_growing"].format(**words)
        return ""

    # --- sending -------------------------------------------------------------------------------------------------

    def send(self, now: datetime, true: datetime) -> None:
        for to, place in self.places.items():
            while not place.removed and not place.parked and self._send_one(to, place, now, true):
                pass

    def _send_one(self, to: Destination, place: Place, now: datetime, true: datetime) -> bool:
        """Sends the next message, if there is one and the platform lets it."""
        due = next((one for one in place.queue if one.doubt or one.until > now), None)
        if due is None:
            return False
        if self.world.is_closed(to, true):
            # What is sent again without a question: nobody hears of the closed door before it is.
            again, due.doubt = due.what == "edit" and bool(due.doubt), "" if due.what == "edit" else due.doubt
            place.parked = not again
            return again
        return self._in_mood(place, due, self.world.mood(true), now)

    def _in_mood(self, place: Place, due: Due, mood: Mood, now: datetime) -> bool:
        if mood is Mood.DOWN or (due.doubt and mood is not Mood.WELL):
            return False
        if due.doubt == "lost":
            due.doubt = ""
            return True
        if not due.doubt and mood is not Mood.LOSES:
            self._arrives(place, due, now)
        if mood is Mood.WELL:
            place.queue.remove(due)
            return True
        due.doubt = "there" if mood is Mood.APPLIES else "lost"
        return False

    def _arrives(self, place: Place, due: Due, now: datetime) -> None:
        if due.edition is not None:
            place.had[due.edition].begun = True
        if due.edits is not None and due.edition is not None:
            place.counts[str(due.edition)] = due.edits
        if due.what != "edit":
            place.sent.append(Seen(now - (now - midnight(now.date())) % SLOT, due.what, due.about, due.under))
