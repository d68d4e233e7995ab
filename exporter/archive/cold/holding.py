"""Legal hold: files that no retention deletes until somebody lets go of them."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.archive.cold.moving import Tiers
from exporter.archive.cold.tier import ColdTier
from exporter.archive.ledger import AuditEvent, ColdFile


def hold_files(tiers: Tiers, cold: ColdTier, files: Sequence[ColdFile], is_held: bool) -> None:
    """Puts files on hold, in the ledger and in a store that locks objects, or lets go of them; again: no effect.

    The ledger comes first on the way in and last on the way out, so that a crash between leaves them held.
    """
    names = [file.name for file in files]
    action = "archive.hold" if is_held else "archive.release"
    for name in names:
        tiers.ledger.audit(AuditEvent(tiers.clock.now(), tiers.actor, action, {"file": name}))
    if is_held:
        tiers.ledger.hold_cold_files(names, is_held=True)
    for name in names:
        cold.store.hold(name, is_held)
    if not is_held:
        tiers.ledger.hold_cold_files(names, is_held=False)
