"""Private messages outside any digest: an answer that took so long that the conversation it was asked in takes none.

A person who gets no digest is a destination of the kind `reply`, which is sent what it is written and nothing else.
"""

from __future__ import annotations

from digest.editions import Draft, MessageKind, Subscription, _columns, add_notice
from digest.store import Store, _transaction
from digest.types import Destination, Message

REPLY = "reply"


def write_letter(store: Store, to: Destination, message: Message, language: str, subject: str) -> bool:
    """Has a message sent to a person's direct messages; False when one with this subject was written before."""
    with _transaction(store.connection) as connection:
        known = connection.execute(
            "SELECT id FROM destinations WHERE adapter = ? AND workspace = ? AND address = ? AND removed_at IS NULL",
            (to.adapter, to.workspace, to.address),
        ).fetchone()
        number = int(known["id"]) if known is not None else _opened(store, to, language)
        return add_notice(store, number, Draft(kind=MessageKind.NOTICE, message=message, subject=subject))


def _opened(store: Store, to: Destination, language: str) -> int:
    """The person as one to reply to; one who had digests and has them no longer is so from now on."""
    columns = _columns(Subscription(to=to, kind=REPLY, person=to.address, language=language))
    names = ", ".join(columns)
    row = store.connection.execute(
        f"INSERT INTO destinations ({names}, origin, created_at) "  # noqa: S608 (our own words)
        f"VALUES ({', '.join(':' + name for name in columns)}, 'reply', :now) "
        "ON CONFLICT (adapter, workspace, address) DO UPDATE SET kind = excluded.kind, origin = excluded.origin, "
        "removed_at = NULL, parked_at = NULL, parked_why = '' RETURNING id",
        {**columns, "now": store.clock().isoformat()},
    ).fetchone()
    return int(row["id"])
