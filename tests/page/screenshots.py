"""Write docs/screenshots: every state of the pages, on a desktop and on a phone beside it.

The sample mentors are served with the real encoder; needs Chromium on the PATH.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT)]

from playwright.sync_api import sync_playwright  # noqa: E402

from api.settings import Settings  # noqa: E402
from api.wiring import default_encoder  # noqa: E402
from tests.api.conftest import serving_at  # noqa: E402
from tests.page.pictures import side_by_side  # noqa: E402
from tests.page.states import Words, walk, walk_status  # noqa: E402

TO = ROOT / "docs" / "screenshots"
HEIGHT = 900
WIDTHS = (1440, 360)
WORDS = Words(
    "I run audits at a mid-size firm and want to move into venture capital. I have no MBA: how do "
    "people get their first job there?",
    "I want to grow and find my way to something better",
    "I dream of conducting a symphony orchestra",
    "IS",
)
COMMAND = "from api.cli import main; main()"
DARK = ("empty", "results", "map", "profile", "side by side", "figures")
TOP = "body"
GOALS = ".goal-box"
FOUND = "#results"

# What each picture is of, and what is at its top on a desktop and on a phone.
PICTURES = {
    "empty": ("Before anything is written", TOP, TOP),
    "nothing written": ("Asked with an empty box", TOP, GOALS),
    "live hints": ("What is understood while it is written, and what is vague", TOP, GOALS),
    "too long": ("More than the API takes", TOP, GOALS),
    "loading": ("The answer is awaited", ".slot", ".slot"),
    "slow": ("The answer takes long", ".slot", ".slot"),
    "results": ("Mentors, each with quotes that answer a numbered wish", ".slot", ".slot"),
    "why not someone else": (
        "Who else there is, at which place they come, and what would help",
        ".card >> nth=0",
        ".actions >> nth=0",
    ),
    "map": ("The map: goals, those recommended, and one pointed at", ".slot", ".map"),
    "map zoomed": ("The map from nearer", ".slot", ".map"),
    "map in words": ("The same for whoever does not see it", ".slot", ".map"),
    "profile": ("A profile with the quoted passages marked in place", TOP, TOP),
    "opinion": ("How the score comes about, and what the mentee thinks of it", TOP, TOP),
    "two to compare": ("Two chosen to be compared", FOUND, FOUND),
    "side by side": ("What each says on every part of the goals", TOP, TOP),
    "nobody saved": ("Nobody is saved yet", "#saved", "#saved"),
    "set aside": ("One set aside, the keyboard on the next", FOUND, FOUND),
    "saved": ("Those saved on this device", "#saved", "#saved"),
    "filtering": ("Another filter is being asked for; the list stays to be read", FOUND, FOUND),
    "nobody left": ("Filters that leave nobody, and which of them do", FOUND, FOUND),
    "nobody fits": ("Nobody fits, and it says so", FOUND, FOUND),
    "everybody set aside": ("All of them set aside", FOUND, FOUND),
    "no more for now": ("The next page failed; what is there stays", ".after", ".after"),
    "failed": ("The server failed", GOALS, GOALS),
    "busy": ("The server has too much to do", GOALS, GOALS),
    "not allowed": ("The server does not take the page's key", GOALS, GOALS),
    "offline": ("No connection", GOALS, GOALS),
    "profile not loaded": ("A profile that did not come", TOP, TOP),
    "a link without goals": ("A link that somebody passed on", TOP, TOP),
    "saved without goals": ("Saved mentors before goals are written", "#saved", "#saved"),
    "no map": ("The map did not come", TOP, ".map"),
    "no mentors": ("Nobody is indexed yet", FOUND, FOUND),
    "figures": ("The operator's page", TOP, TOP),
    "figures with trouble": ("The same when something is behind", TOP, TOP),
    "older figures": ("Newer figures did not come; those that are there stay", TOP, TOP),
    "a key is asked for": ("Before a key is given", TOP, TOP),
    "a key is refused": ("A key that may not see the figures", TOP, TOP),
    "no figures": ("The figures did not come", TOP, TOP),
}


def main() -> None:
    path = shutil.which("chromium") or sys.exit("There is no chromium on the PATH.")
    TO.mkdir(exist_ok=True)
    for old in TO.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        index = ["index", "examples/mentors.jsonl", "--data", folder]
        subprocess.run([sys.executable, "-c", COMMAND, *index], cwd=ROOT, check=True)
        with serving_at(settings, default_encoder) as client, sync_playwright() as running:
            browser = running.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
            )
            url = str(client.base_url)
            made = [
                *_walked(browser, url, lambda page: walk(page, WORDS)),
                *_walked(browser, f"{url}/status", walk_status),
            ]
            browser.close()
    _write_index(made)
    total = sum(path.stat().st_size for path in TO.glob("*.png"))
    print(f"{len(list(TO.glob('*.png')))} pictures, {total / 2**20:.1f} MiB")


def _walked(browser, url: str, walking: Callable[..., Iterator[str]]) -> Iterator[str]:
    """Walk on a desktop and on a phone at once, and write a picture of each state."""
    blank = browser.new_page()
    pages = [_opened(browser, url, width) for width in WIDTHS]
    for states in zip(*map(walking, pages), strict=True):
        state = states[0]
        for scheme in ("light", "dark") if state in DARK else ("light",):
            shots = [_shot(page, state, scheme) for page in pages]
            name = _named(state, scheme)
            (TO / name).write_bytes(side_by_side(blank, shots))
        for page in pages:
            page.emulate_media(color_scheme="light")
        yield state
    for page in [blank, *pages]:
        page.context.close()


def _opened(browser, url: str, width: int):
    page = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        is_mobile=width < 500,
        color_scheme="light",
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Berlin",
    ).new_page()
    page.goto(url)
    return page


def _shot(page, state: str, scheme: str) -> bytes:
    page.emulate_media(color_scheme=scheme)
    page.mouse.move(0, 0)  # nothing is pointed at
    _, *tops = PICTURES[state]
    top = tops[WIDTHS.index(page.viewport_size["width"])]
    page.locator(top).first.evaluate(
        """(e, top) => {
             const banner = document.querySelector('.banner')?.offsetHeight ?? 0;
             scrollTo(0, top ? 0 : e.getBoundingClientRect().top + scrollY - 24 - banner);
           }""",
        top == TOP,
    )
    for dialog in page.locator("dialog").all():
        end = state == "opinion"
        dialog.evaluate("(e, end) => e.scrollTo(0, end ? e.scrollHeight : 0)", end)
    page.wait_for_timeout(100)
    return page.screenshot()


def _named(state: str, scheme: str) -> str:
    return state.replace(" ", "-") + ("-dark" if scheme == "dark" else "") + ".png"


def _write_index(states: list[str]) -> None:
    """A page that names each picture."""
    lines = [
        "# Every state of the pages",
        "",
        "On a desktop of 1440 pixels and, beside it, on a phone of 360. `make screenshots` makes",
        "them anew, this list included.",
    ]
    for state in states:
        told, *_ = PICTURES[state]
        schemes = ("light", "dark") if state in DARK else ("light",)
        lines += ["", f"## {state.capitalize()}", "", f"{told}.", ""]
        lines += [f"![{told}]({_named(state, scheme)})" for scheme in schemes]
    (TO / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
