"""What people type of a subscription: read in English and Chinese, whatever it is, and printed as it can be typed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import compose, hours, spans, standing, timezones, weekdays, wishes
from bot.commands import Desk
from bot.wishes import Wishes
from digest.editions import WEEKDAYS, Subscription
from digest.lookups import Lookups
from digest.store import Store
from digest.subscriptions import FOR_GOOD
from digest.types import Destination
from tests.makers import clock

HERE = Destination("slack", "T1", "U0ALICE")
WORKDAYS = WEEKDAYS[:5]
TODAY = date(2026, 1, 16)  # a Friday


def desk_of(lookups: Lookups) -> Desk:
    return compose.desk(lookups, clock)


DESK = desk_of(Store.create(None, clock))


def read(text: str) -> Wishes:
    return wishes.read(text, DESK.domains().find, standing.languages_of(DESK))


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("video", Wishes(domains=("video",))),
        ("video, image generation and RL", Wishes(domains=("video", "image-generation", "rl"))),
        (
            "video robots at 9:30 weekdays limit 5",
            Wishes(domains=("video", "robotics"), at="09:30", weekdays=WORKDAYS, limit=5),
        ),
        ("audio 9pm top 3", Wishes(domains=("audio",), at="21:00", limit=3)),
        ("all at 9 daily in Chinese", Wishes(domains=(), at="09:00", weekdays=WEEKDAYS, language="zh")),
        ("mon, wed and fri at 7 am", Wishes(weekdays=("mon", "wed", "fri"), at="07:00")),
        ("fri - mon", Wishes(weekdays=("mon", "fri", "sat", "sun"))),
        ("every day max 20 papers", Wishes(weekdays=WEEKDAYS, limit=20)),
        ("with diffusion transformer", Wishes(with_words=("diffusion", "transformer"))),
        ('with "world model", flow', Wishes(with_words=("world model", "flow"))),
        (
            "with world model, flow without survey",
            Wishes(with_words=("world model", "flow"), without_words=("survey",)),
        ),
        ('3d with "at" timezone New York', Wishes(domains=("3d",), with_words=("at",), timezone="America/New_York")),
        ("language", Wishes(domains=("nlp",))),
        ("language zh", Wishes(language="zh")),
        ("layout paper", Wishes(layout="paper")),
        (
            "视频 机器人 上午9点 工作日 最多5篇",
            Wishes(domains=("video", "robotics"), at="09:00", weekdays=WORKDAYS, limit=5),
        ),
        ("视频和音频，周一到周五 9点半", Wishes(domains=("video", "audio"), at="09:30", weekdays=WORKDAYS)),
        (
            "全部 下午3点 周一三五 语言中文",
            Wishes(domains=(), at="15:00", weekdays=("mon", "wed", "fri"), language="zh"),
        ),
        (
            "推理 含扩散，流匹配 不含综述 时区北京",
            Wishes(
                domains=("reasoning",), with_words=("扩散", "流匹配"), without_words=("综述",), timezone="Asia/Shanghai"
            ),
        ),
        ("ｖｉｄｅｏ　ａｔ　９：３０", Wishes(domains=("video",), at="09:30")),
    ],
)
def test_what_is_typed_is_understood(typed: str, understood: Wishes) -> None:
    """Domains by id, name or alias; hours, weekdays, limits and words as people write them in either language."""
    assert read(typed) == understood


@pytest.mark.parametrize(
    ("typed", "unknown"),
    [
        ("robtics", ("robtics",)),
        ("video at 25:00", ("at 25:00",)),
        ("video limit 0", ("limit 0",)),
        ("video limit many", ("limit many",)),
        ("video timezone Atlantis", ("timezone Atlantis",)),
        ("video 1001篇", ("1001篇",)),
    ],
)
def test_what_is_not_understood_is_named_as_it_was_typed(typed: str, unknown: tuple[str, ...]) -> None:
    """The rest is understood all the same."""
    said = read(typed)
    assert said.unknown == unknown
    assert said.domains == (None if typed == "robtics" else ("video",))


WORDS = st.lists(
    st.text(min_size=1, max_size=20).map(lambda text: next(iter(wishes.entries(text)), "lamp")), unique=True, max_size=5
)
SUBSCRIPTIONS = st.builds(
    Subscription,
    to=st.just(HERE),
    kind=st.sampled_from(["person", "channel"]),
    domains=st.lists(st.sampled_from(DESK.domains().ids), unique=True).map(tuple),  # type: ignore[attr-defined]
    with_words=WORDS.map(tuple),
    without_words=WORDS.map(tuple),
    at=st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    weekdays=st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(weekdays.in_order),
    limit=st.integers(1, wishes.MOST_PAPERS),
    language=st.sampled_from(["en", "zh"]),
    layout=st.sampled_from(wishes.LAYOUTS),
)


@given(SUBSCRIPTIONS)
def test_what_is_printed_can_be_typed_again(subscription: Subscription) -> None:
    """To the same subscription, whatever its words are: keywords, numbers, punctuation, any script."""
    said = read(wishes.typed(subscription))
    assert said.unknown == ()
    begun = Subscription(to=HERE, kind=subscription.kind)
    expected = subscription if subscription.kind == "channel" else _without_layout(subscription)
    again = wishes.applied(said, begun)
    assert _told(again) == _told(expected)


def _without_layout(subscription: Subscription) -> Subscription:
    return wishes.applied(Wishes(layout="digest"), subscription)


def _told(subscription: Subscription) -> dict[str, object]:
    """All but the window, which follows the hour."""
    return {name: getattr(subscription, name) for name in subscription.__struct_fields__ if name != "window_end"}


PIECES = st.sampled_from(
    [
        *"video 视频 at 在 9 9:30 with without 不含 limit 最多 5篇 mon - 周一 到 every in zh 语言".split(),
        *"timezone layout paper all and".split(),
        *', 、 " “ ” \ud800 \x00'.split(" "),
    ]
)


@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=5))).map(" ".join)))
def test_whatever_is_typed_is_read_and_can_be_printed(text: str) -> None:
    """Nothing breaks, and what was understood of it makes the same subscription when it is printed and typed."""
    said = read(text)
    subscription = wishes.applied(said, Subscription(to=HERE))
    assert _told(
        wishes.applied(read(wishes.typed(subscription)), Subscription(to=HERE, timezone=subscription.timezone))
    ) == (_told(subscription))


@given(st.text())
def test_whatever_stands_in_a_field_of_words_is_words(text: str) -> None:
    """Separated by commas or lines, without marks that cannot be typed; what is shown again says the same."""
    words = wishes.entries(text)
    assert wishes.entries(", ".join(words)) == words
    assert len(words) <= wishes.MOST_WORDS


@pytest.mark.parametrize(
    ("typed", "hour"),
    [
        ("9", "09:00"),
        ("9:30", "09:30"),
        ("09:00", "09:00"),
        ("9am", "09:00"),
        ("12am", "00:00"),
        ("12 pm", "12:00"),
        ("9.30 p.m.", "21:30"),
        ("21h15", "21:15"),
        ("noon", "12:00"),
        ("晚上8点", "20:00"),
        ("9点一刻", "09:15"),
        ("下午 3:45", "15:45"),
        ("24", ""),
        ("9:75", ""),
        ("soon", ""),
        ("", ""),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, hour: str) -> None:
    """HH:MM, or nothing for what is no hour of a day."""
    assert hours.hour_meant(typed) == hour


@given(st.sets(st.sampled_from(WEEKDAYS), min_size=1))
def test_weekdays_are_printed_as_they_can_be_typed(days: set[str]) -> None:
    """As a word, a range or a list."""
    assert read(weekdays.weekdays_typed(tuple(days))).weekdays == weekdays.in_order(days)


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("until 2026-02-01", date(2026, 2, 1)),
        ("2026/2/1", date(2026, 2, 1)),
        ("2026年2月1日", date(2026, 2, 1)),
        ("until 1 Feb", date(2026, 2, 1)),
        ("Feb 1st", date(2026, 2, 1)),
        ("3 January", date(2027, 1, 3)),
        ("2月1日", date(2026, 2, 1)),
        ("tomorrow", date(2026, 1, 17)),
        ("明天", date(2026, 1, 17)),
        ("until Monday", date(2026, 1, 19)),
        ("friday", date(2026, 1, 23)),
        ("到周一", date(2026, 1, 19)),
        ("for a week", date(2026, 1, 23)),
        ("2 weeks", date(2026, 1, 30)),
        ("10d", date(2026, 1, 26)),
        ("两周", date(2026, 1, 30)),
        ("一个月", date(2026, 2, 15)),
        ("until further notice", FOR_GOOD),
        ("2026-01-16", None),
        ("2026-02-30", None),
        ("yesterday", None),
        ("0 days", None),
        ("99999 days", None),
        ("", None),
    ],
)
def test_until_when_is_read_as_people_write_it(typed: str, day: date | None) -> None:
    """A date, a weekday or a span, always after today; a date without a year is the next such."""
    assert spans.day_meant(typed, TODAY) == day


@given(st.text(), st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_whatever_is_typed_as_a_day_is_none_or_lies_ahead(text: str, today: date) -> None:
    """Nothing breaks."""
    day = spans.day_meant(text, today)
    assert day is None or day > today


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("上海", "Asia/Shanghai"),
        ("utc", "UTC"),
        ("UTC+8", "Etc/GMT-8"),
        ("gmt -3", "Etc/GMT+3"),
        ("UTC+20", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_time_zones_are_found_by_name_city_or_hours(typed: str, zone: str | None) -> None:
    """In either language; every one that is offered is one."""
    assert timezones.find(typed) == zone
    assert all(timezones.find(offered) == offered for offered in timezones.OFFERED)
    assert "Europe/Berlin" in timezones.nearest("Berln")
