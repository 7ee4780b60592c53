"""Pages of a ranking, and each mentor of them as the store has it now."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.errors import IndexBehind, MentorNotFound
from models.mentor import Mentor
from models.ports import Catalogue, MentorStore, Stored
from recommender.scoring import Scored


@dataclass(frozen=True, slots=True)
class Shown:
    """A mentor as the store has it now, with the row and the parts of the score (millionths)."""

    row: int
    stored: Stored
    parts: NDArray[np.int64]

    @property
    def mentor(self) -> Mentor:
        return self.stored.mentor


@dataclass(slots=True)
class Page:
    """The mentors shown, and where the next page begins.

    `behind`: somebody was passed over because the store has newer words of theirs than the index.
    """

    shown: list[Shown] = field(default_factory=list)
    next_offset: int | None = None
    behind: bool = False


class Pages:
    """The mentors of one index, looked up in the store before they are shown."""

    def __init__(self, tenant: str, catalogue: Catalogue, store: MentorStore) -> None:
        self._tenant = tenant
        self._catalogue = catalogue
        self._store = store

    def page(self, ranked: Scored, offset: int, limit: int, available: bool | None) -> Page:
        """The `limit` mentors of `ranked` after the first `offset`.

        A mentor who has left, is full or has a newer text than the index is passed over, and
        the next one of the ranking takes the place.
        """
        page = Page()
        at = offset
        while len(page.shown) < limit and at < len(ranked.rows):
            rows = ranked.rows[at : at + limit - len(page.shown)]
            found, behind = self.current(rows, available)
            page.behind |= behind
            for i, row in enumerate(rows.tolist(), start=at):
                if row in found:
                    page.shown.append(Shown(row, found[row], ranked.parts[i]))
            at += len(rows)
        page.next_offset = at if at < len(ranked.rows) else None
        return page

    def current(
        self, rows: NDArray[np.int64], available: bool | None
    ) -> tuple[dict[int, Stored], bool]:
        """Who of `rows` may be shown, by row; and whether anybody's text is newer in the store."""
        ids = self._catalogue.ids(rows)
        stored = self._store.read(self._tenant, ids)
        found, behind = {}, False
        for row, id in zip(rows.tolist(), ids, strict=True):
            if id not in stored:
                continue
            one = stored[id]
            if one.text_hash != self._catalogue.text_hash(row):
                behind = True
            elif available is None or one.mentor.can_take_a_mentee == available:
                found[row] = one
        return found, behind

    def find(self, id: str) -> tuple[int, Stored]:
        """The row of one mentor, and the mentor as the store has it now.

        Raises MentorNotFound, or IndexBehind when the index does not have the store's words.
        """
        stored = self._store.read(self._tenant, [id]).get(id)
        if stored is None:
            raise MentorNotFound(f"There is no mentor with the id {id!r}.")
        rows = self._catalogue.rows([id]).tolist()
        if not rows or self._catalogue.text_hash(rows[0]) != stored.text_hash:
            raise IndexBehind(
                f"The index does not have the newest words of the mentor {id!r} yet: try again in "
                f"a moment."
            )
        return rows[0], stored
