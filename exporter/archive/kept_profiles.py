"""The profiles of one window as the ledger keeps them, also after the rows that they were built from are gone.

While the warm tier has the rows of a window, its profiles are built from them, always from all of them. Once they have
moved on, rows that come late stand there alone: then the profiles that were kept are the *base*, and late rows are
merged onto it, again all of them each time, so that merging twice adds nothing twice. The base stays in the payload.

Rows that are brought back come file by file and without their labels, which are joined once all files are there: until
then nobody revises the profile (`exporter.archive.cold.restorations`). Nor does a profile ever lose labels: it stays as
it is, without a new revision, until the warm tier has as many again. Meanwhile its counts differ from the side counts,
so the window is looked at again as often as its age allows a revision. A row that comes late to such a window is
counted once its labels are back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from exporter.archive.ledger import StoredProfile
from exporter.errors import CorruptEntry
from exporter.window.children import Child
from exporter.window.profile import EMPTY, Profile
from exporter.window.profile_bytes import decode_profile, encode_profile


class _Payload(msgspec.Struct, array_like=True):
    """late_from: when the first of the late rows arrived, as in `Profile.received`."""

    whole: bytes
    base: bytes | None = None
    late_from: float = math.inf


@dataclass(frozen=True, slots=True)
class KeptProfile:
    """whole: of all rows; base: of those that are not in the warm tier any more, None where all are."""

    whole: Profile
    base: Profile | None = None
    late_from: float = math.inf


KeptWindow = Mapping[Child, KeptProfile]


def updated(kept: KeptWindow, found: Mapping[Child, Profile]) -> KeptWindow:
    """What is to be kept of a window, from what is kept of it and from the profiles of its rows in the warm tier.

    They are all its rows if the first that ever arrived is among them; no matter in which order they were landed. With
    fewer labels than are kept, what is kept stays.
    """
    revised = _revised(kept, found)
    return kept if _labelled(revised) < _labelled(kept) else revised


def is_moved(kept: KeptWindow) -> bool:
    """Whether rows that are in it have left the warm tier."""
    return any(each.base is not None for each in kept.values())


def is_same(left: KeptWindow, right: KeptWindow) -> bool:
    """Whether both are of the same rows."""
    return _rows_of(left) == _rows_of(right)


def rows_in_warm(kept: KeptWindow) -> tuple[int, int]:
    """Predictions, and how many of them are labelled, that the side counts tell of a window that is up to date."""
    wholes = [each.whole for each in kept.values()]
    bases = [each.base for each in kept.values() if each.base is not None]
    rows = sum(profile.rows for profile in wholes) - sum(profile.rows for profile in bases)
    return rows, sum(profile.labelled for profile in wholes) - sum(profile.labelled for profile in bases)


def decode_kept(profiles: Sequence[StoredProfile]) -> KeptWindow:
    """From the ledger; CorruptEntry when one of them cannot be read."""
    return {child_of(profile): _decoded(profile) for profile in profiles}


def encode_kept(kept: KeptProfile) -> bytes:
    """The payload of a `StoredProfile`."""
    base = None if kept.base is None else encode_profile(kept.base)
    return msgspec.msgpack.encode(_Payload(encode_profile(kept.whole), base, kept.late_from))


def child_of(profile: StoredProfile) -> Child:
    return Child(profile.model_version, profile.segment or None)


def _revised(kept: KeptWindow, found: Mapping[Child, Profile]) -> KeptWindow:
    arrived = min((profile.received for profile in found.values()), default=math.inf)
    if not kept or arrived <= min(each.whole.received for each in kept.values()):
        return {child: KeptProfile(profile) for child, profile in found.items()}
    bases = {child: (each.base or EMPTY) if each.late_from == arrived else each.whole for child, each in kept.items()}
    children = [*bases, *(child for child in found if child not in bases)]
    return {child: _merged(bases.get(child, EMPTY), found.get(child, EMPTY), arrived) for child in children}


def _labelled(kept: KeptWindow) -> int:
    return sum(each.whole.labelled for each in kept.values())


def _rows_of(kept: KeptWindow) -> dict[Child, tuple[int, int, float]]:
    return {child: (each.whole.rows, each.whole.labelled, each.late_from) for child, each in kept.items()}


def _merged(base: Profile, late: Profile, arrived: float) -> KeptProfile:
    return KeptProfile(base.merge(late), base, arrived)


def _decoded(profile: StoredProfile) -> KeptProfile:
    try:
        payload = msgspec.msgpack.decode(profile.payload, type=_Payload)
        base = None if payload.base is None else decode_profile(payload.base)
        return KeptProfile(decode_profile(payload.whole), base, payload.late_from)
    except (msgspec.MsgspecError, CorruptEntry) as error:
        where = f"monitor {profile.monitor!r}, model version {profile.model_version!r}, window from {profile.start}"
        raise CorruptEntry(f"{where}, revision {profile.revision}: {error}") from error
