"""What the operator is told in chat: once each, at the destination that the settings name for it. SQL."""

from __future__ import annotations

from digest.editions import Draft, MessageKind, add_notice
from digest.store import Store, _transaction
from digest.types import Destination, Message, Paragraph, Run

KIND = "operator"  # a destination that is told things, and has no digests


def set_operator(store: Store, to: Destination | None) -> None:
    """Makes a destination the operator's, or none. One that has digests, too, is told between them."""
    with _transaction(store.connection) as connection:
        connection.execute("UPDATE destinations SET operator = 0 WHERE operator")
        if to is None:
            return
        connection.execute(
            _REGISTER,
            {
                "adapter": to.adapter,
                "workspace": to.workspace,
                "address": to.address,
                "kind": KIND,
                "now": store.clock().isoformat(),
            },
        )


def tell_operator(store: Store, subject: str, sentence: str, link: str = "", *, delivery: str = "") -> bool:
    """Has the operator told, once for each subject; False when they have been, or when there is nobody to tell. `link`
    is an address that goes with the sentence.

    Of what a destination of their own does not take they are not told there. `delivery` is the key of the delivery that
    it is about: when that was erased in the meantime, they are not told whose it was.
    """
    if delivery and not store.connection.execute("SELECT 1 FROM deliveries WHERE key = ?", (delivery,)).fetchone():
        return False
    row = store.connection.execute(
        "SELECT id FROM destinations WHERE operator AND parked_at IS NULL AND removed_at IS NULL"
    ).fetchone()
    if row is None:
        return False
    links = (Paragraph((Run(link, link=link),)),) if link else ()
    message = Message(blocks=(Paragraph((Run(sentence),)), *links), plain=sentence)
    return add_notice(store, row[0], Draft(kind=MessageKind.NOTICE, subject=f"operator {subject}", message=message))


_REGISTER = """
INSERT INTO destinations (adapter, workspace, address, kind, language, layout, hour, timezone, weekdays, window_end,
    max_papers, origin, created_at, operator)
VALUES (:adapter, :workspace, :address, :kind, 'en', 'digest', '00:00', 'UTC', '[]', '00:00', 1, 'operator', :now, 1)
ON CONFLICT (adapter, workspace, address) DO UPDATE SET operator = 1,
    kind = CASE WHEN removed_at IS NULL THEN kind ELSE excluded.kind END,
    origin = CASE WHEN removed_at IS NULL THEN origin ELSE excluded.origin END, removed_at = NULL
"""
