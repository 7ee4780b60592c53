"""`mentors compile`: the compiled encoder, made beforehand."""

import time

from api import screen
from api.places import existing_store
from api.settings import Settings
from models.compiling import Compiler
from models.errors import EncoderUnavailable
from models.weights import DEFAULT_MODEL


def compile_encoder(settings: Settings) -> None:
    """Make the compiled encoder of the settings, else of the index here, else the default one.

    Raises EncoderUnavailable when there is nothing to be made, or it cannot be made here.
    """
    began = time.perf_counter()
    name = settings.encoder or _remembered(settings) or DEFAULT_MODEL
    compiler = Compiler(settings.cache, settings.precision, settings.threads)
    if compiler.folder(name) is None:
        raise EncoderUnavailable(
            f"{name} is not compiled with MENTORS_PRECISION={settings.precision}: expected a "
            f"packaged encoder or a local folder, and another precision than 'reference'."
        )
    made = compiler.make(name)
    if made is None:
        raise EncoderUnavailable(f"{name} cannot be compiled; it runs on sentence-transformers.")
    seconds = time.perf_counter() - began
    said = f"{name} runs on {made.runtime_id}, from {compiler.folder(name)} ({seconds:.1f} s)."
    screen.say(said)


def _remembered(settings: Settings) -> str:
    """The name of the encoder that the tenant's index was made with; "" without an index."""
    store = existing_store(settings)
    if store is None:
        return ""
    try:
        return store.head(settings.tenant).encoder
    finally:
        store.close()
