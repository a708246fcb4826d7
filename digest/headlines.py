"""Headlines of editions that were made already, drawn again. SQL over editions, messages and deliveries."""

from __future__ import annotations

from datetime import date

from digest.editions import add_edit, subscription_of
from digest.payloads import payload_of
from digest.shelf import Composer, Had, Shelf
from digest.store import Store, _transaction
from digest.types import ArxivId


def redraw_headlines(store: Store, destination: int, paper: ArxivId, composer: Composer) -> None:
    """Has the headlines of a destination's editions that hold a paper count and name what is to be seen under them now:
    not what is hidden there."""
    with _transaction(store.connection) as connection:
        row = connection.execute("SELECT * FROM destinations WHERE id = ?", (destination,)).fetchone()
        asked = {"destination": destination, "paper": paper}
        for headline in connection.execute(_HEADLINES_OVER, asked).fetchall():
            shelf = Shelf(store, date.fromisoformat(headline["day"]), composer, late=False)
            had = shelf.had([destination]).get(destination, Had())
            wanted = shelf.headline(subscription_of(row), had)
            if wanted is None or payload_of(store, wanted) == headline["payload"]:
                continue
            if headline["state"] in ("pending", "failed"):  # it has not left yet
                connection.execute(
                    "UPDATE deliveries SET payload = ? WHERE key = ?", (payload_of(store, wanted), headline["key"])
                )
            else:
                add_edit(store, headline["message"], wanted)


# Each with its newest delivery that is not dead: that is what it shows
_HEADLINES_OVER = """
SELECT headline.id AS message, editions.day, deliveries.key, deliveries.state, deliveries.payload
FROM messages AS card
JOIN editions ON editions.id = card.edition
JOIN messages AS headline ON headline.edition = card.edition AND headline.kind = 'headline'
JOIN deliveries ON deliveries.message = headline.id AND deliveries.revision = (
    SELECT max(revision) FROM deliveries WHERE message = headline.id AND state <> 'dead')
WHERE card.kind = 'card' AND card.destination = :destination AND card.paper = :paper
"""
