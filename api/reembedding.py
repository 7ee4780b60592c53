"""`mentors reembed`: an index moves to another encoder's space while others use it."""

import logging
import time

from api import screen
from api.indexing import require_indexed
from api.places import folder_of
from api.settings import Settings
from api.wiring import EncoderFactory, Indexing, Progress
from models.errors import SearchUnavailable
from models.weights import DEFAULT_MODEL

log = logging.getLogger(__name__)

BROUGHT = 1_000  # changes that are brought to Milvus at once


def _also_brought(indexing: Indexing, progress: Progress) -> Progress:
    """What is embedded is brought to a Milvus too, beside what is used meanwhile.

    In large steps, and not what is written while the rest is embedded: the move would wait for
    Milvus at every few mentors, and never end where others write faster than that. What Milvus
    lacks at the end, or cannot take for a while, is brought afterwards, here and by the servers.
    """
    bringer = indexing.bringer
    if bringer is None:
        return progress
    brought = 0
    complete = False  # everybody has been embedded once

    def both(done: int, of: int) -> None:
        nonlocal brought, complete
        progress(done, of)
        due = done - brought >= BROUGHT or (done >= of and not complete)
        complete = complete or done >= of
        if not due:
            return
        brought = done
        try:
            bringer.bring(until=done)
        except SearchUnavailable as error:
            log.warning("what is embedded is brought to Milvus later: %s", error)

    return both


def reembed(settings: Settings, encoder: EncoderFactory | None = None) -> None:
    """Move the index to the encoder of the settings, or the default one, and say what was done.

    Raises NoIndex, EncoderUnavailable, or SpaceMismatch when another process moves it elsewhere.
    """
    began = time.perf_counter()
    folder_of(settings).ensure_present()
    name = settings.encoder or DEFAULT_MODEL
    indexing = Indexing(settings.model_copy(update={"encoder": name}), encoder, adopt=False)
    try:
        head = indexing.store.head(settings.tenant)
        require_indexed(head, settings)
        with screen.progress("re-embedding") as progress:
            moved = indexing.writer.adopt(_also_brought(indexing, progress))
        if not moved:
            indexing.writer.stay()
        mentors = indexing.publish().index.mentors
        space_id, seconds = indexing.vectors.space_id, time.perf_counter() - began
        if not moved:
            screen.say(f"The index of {mentors:,} mentors is in the space {space_id} already.")
            return
        screen.say(
            f"Moved {mentors:,} mentors from {head.space_id or 'no space'} to {space_id} in "
            f"{seconds:.1f} s: {indexing.vectors.encoded:,} texts embedded."
        )
    finally:
        indexing.close()
