"""Write docs/screenshots: every state of the page, on a phone and on a desktop, light and dark.

The sample mentors are served with the real encoder; needs Chromium on the PATH.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
sys.path[:0] = [str(ROOT)]

from playwright.sync_api import sync_playwright  # noqa: E402

from api.settings import Settings  # noqa: E402
from api.wiring import default_encoder  # noqa: E402
from tests.api.conftest import serving_at  # noqa: E402
from tests.page.states import Words, walk  # noqa: E402

TO = ROOT / "docs" / "screenshots"
SIZES = {"phone": (360, 780, 1.5), "desktop": (1440, 960, 1.0)}
WORDS = Words(
    "I run audits at a mid-size firm and want to move into venture capital. I have no MBA: how do "
    "people get their first job there?",
    "I want to grow and find my way to something better",
    "I dream of conducting a symphony orchestra",
    "IS",
)
COMMAND = "from api.cli import main; main()"
DARK = ("empty", "results", "profile", "side by side", "map")


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
            for device in SIZES:
                for scheme in ("light", "dark"):
                    _of_mentees(browser, str(client.base_url), device, scheme)
                _of_operators(browser, str(client.base_url), device)
            browser.close()


def _page(browser, device: str, scheme: str):
    width, height, scale = SIZES[device]
    return browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        is_mobile=device == "phone",
        color_scheme=scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="Europe/Berlin",
    ).new_page()


def _of_mentees(browser, url: str, device: str, scheme: str) -> None:
    page = _page(browser, device, scheme)
    page.goto(url)
    for state in walk(page, WORDS):
        if scheme == "light" or state in DARK:
            _shoot(page, state, device, scheme)
    page.context.close()


def _of_operators(browser, url: str, device: str) -> None:
    page = _page(browser, device, "light")
    page.goto(f"{url}/status")
    page.wait_for_selector(".tiles")
    _shoot(page, "status", device, "light", whole=True)
    page.context.close()


# What a picture is of, where that is not at the top.
SEEN = {
    "live hints": ".slot",
    "results": ".understood",
    "nobody left": ".results",
    "nobody fits": ".results",
    "set aside": ".results",
    "loading": ".understood",
    "failed": ".results",
}


def _shoot(page, state: str, device: str, scheme: str, *, whole: bool = False) -> None:
    name = state.replace(" ", "-") + ("-dark" if scheme == "dark" else "")
    if state in SEEN:
        page.locator(SEEN[state]).evaluate(
            "e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 24)"
        )
    for dialog in page.locator("dialog").all():
        dialog.evaluate("e => e.scrollTo(0, 0)")
    page.wait_for_timeout(250)
    page.screenshot(path=TO / f"{name}-{device}.png", full_page=whole or state == "empty")


if __name__ == "__main__":
    main()
