"""A browser, servers for it, and axe-core; each test is skipped where one of them is missing."""

import contextlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from api.settings import Settings
from tests.api.conftest import SECONDS, add_mentors, new_key, serving_at
from tests.conftest import ROOT
from tests.fakes import RECORDS, table_encoder
from tests.needs import missing

AXE = ROOT / "build" / "node" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {"phone": 360, "desktop": 1440}
ASKED = "**/v1/recommendations"
GOAL = "I work in audit. I want to move into venture capital and meet investors"

EMOJI = "\N{ROCKET}\N{MAN}\N{ZERO WIDTH JOINER}\N{ROCKET}\N{REGIONAL INDICATOR SYMBOL LETTER S}"
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
INJECTION = (
    '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'
    '"><svg onload=window.hacked=3>{{7*7}} javascript:window.hacked=4'
)
EXTRA: tuple[dict[str, object], ...] = (
    {
        "id": "emoji",
        "headline": f"Investor {EMOJI} of early startups",
        "bio": f"{EMOJI * 3} First a clerk. Then I founded a venture capital fund {EMOJI} "
        f"and invest in startups. {EMOJI} Audit came before that.",
        "languages": ["de"],
        "location": {"country": "DE", "timezone": "Europe/Berlin"},
    },
    {
        "id": "m<b>&?#",
        "name": INJECTION,
        "headline": f"Venture capital {INJECTION}",
        "bio": f"Audit and venture capital. {INJECTION} I invest in startups.",
        "topics": [INJECTION, "venture capital"],
        "organization": INJECTION,
        "looking_for": INJECTION,
        "location": {"label": INJECTION},
    },
    {
        "id": "long",
        "headline": LONG,
        "bio": f"{LONG} audit and venture capital {LONG}.",
        "skills": [LONG, "audit"],
        "languages": ["ar"],
    },
    {
        "id": "accents",
        "headline": "Investor who was in audit",
        "bio": "Audit, then venture capital for a cafe\N{COMBINING ACUTE ACCENT} and startups.",
        "languages": ["ki", "gsw", "tlh"],
    },
    {
        "id": "arabic",
        "headline": "\u0645\u062f\u0642\u0642 \u062d\u0633\u0627\u0628\u0627\u062a audit",
        "bio": "\u0639\u0645\u0644\u062a audit \u0641\u064a venture capital.",
        "languages": ["ar"],
    },
    *(
        {"id": f"fund{i:02}", "bio": f"I spent {i + 2} years in audit and a fund."}
        for i in range(9)
    ),
)


# Not once for a session, which would leave Playwright's event loop running under other tests.
@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    """A browser; everything it opens is closed with it."""
    path = shutil.which("chromium")
    if path is None:
        missing("browser", "no Chromium on the PATH: 'apt-get install chromium' gives the page one")
    with sync_playwright() as running:
        found = running.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield found
        found.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The mentors of the fakes, and some who try the page."""
    settings = Settings(data=tmp_path_factory.mktemp("page"))
    return add_mentors(settings, *RECORDS, *EXTRA)


@pytest.fixture(scope="module")
def url(home: Settings) -> Iterator[str]:
    """Where a server that is open to this machine has the page."""
    with serving_at(home, table_encoder) as client:
        yield str(client.base_url)


@pytest.fixture
def opened(chromium) -> Iterator[Callable[..., object]]:
    """Opens pages; whatever they complain about, or load from elsewhere, fails the test."""
    with contextlib.ExitStack() as stack:
        wrong: list[str] = []

        def open_page(address: str, *, width: int = 1440, allowed: tuple[str, ...] = (), **more):
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                is_mobile=width < 500,
                has_touch=width < 500,
                locale="en-GB",
                timezone_id="Europe/Berlin",
                **more,
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(10_000)
            base = "/".join(address.split("/")[:3])
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: complain(said.type, said.text, allowed))
            page.on(
                "request", lambda sent: None if local(sent.url, base) else wrong.append(sent.url)
            )
            page.goto(address)
            page.wait_for_selector("h1")
            return page

        def complain(kind: str, text: str, allowed: tuple[str, ...]) -> None:
            if kind in ("error", "warning") and not any(part in text for part in allowed):
                wrong.append(text)

        def local(address: str, base: str) -> bool:
            return address.startswith((base, "data:", "about:"))

        yield open_page
    assert wrong == []


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core as a script."""
    if not AXE.is_file():
        missing("axe", f"no axe-core in {AXE.relative_to(ROOT)}: 'make browser' installs it")
    return AXE.read_text(encoding="utf-8")


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Callable[..., tuple[str, str]]]:
    """Starts a server with keys; its address and an admin's key.

    The page's key is bound to the address that is returned, unless another `origin` is given.
    """
    import socket

    with contextlib.ExitStack() as stack:

        def start(origin: str = "") -> tuple[str, str]:
            settings = add_mentors(Settings(data=tmp_path / "data"), *RECORDS, *EXTRA)
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            address = f"http://127.0.0.1:{port}"
            admin = new_key(settings, "admin", "read")
            page = new_key(settings, "recommend", origin=origin or address)
            chosen = settings.model_copy(update={"page_key": page})
            stack.enter_context(serving_at(chosen, table_encoder, port))
            return address, admin

        yield start


def ask(page, goal: str = GOAL) -> None:
    """Write goals and look for mentors."""
    page.fill("#goals", goal)
    page.click("button[type=submit]")
    page.wait_for_selector(".card:not(.skeleton), .problem, .nobody")


def focused(page, what: str = "e => e.id || e.className || e.tagName"):
    """What has the focus."""
    return page.evaluate(f"({what})(document.activeElement)")


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page, selector: str, key: str = "Tab", most: int = 60) -> None:
    """Press a key until the focus is on what matches."""
    for _ in range(most):
        press(page, key)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"{most} times {key} do not lead to {selector}")


def run_module(script: str, **given: object):
    """What a module prints as JSON that has `given` and the page's files, without a browser."""
    node = shutil.which("node")
    if node is None:
        missing("node", "no node on the PATH: it runs the page's arithmetic without a browser")
    begin = "let text = ''; for await (const piece of process.stdin) text += piece;"
    module = f"{begin}\nconst given = JSON.parse(text);\n{script}"
    done = subprocess.run(
        [node, "--input-type=module", "--eval", module],
        input=json.dumps(given).encode(),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return json.loads(done.stdout)


def said(page) -> str:
    """What screen readers were told last; the same words said anew end in one more space."""
    return page.inner_text("#said").rstrip("\N{NO-BREAK SPACE}")


def until(page, holds: str) -> None:
    """Poll an expression; Playwright's own polling evaluates text, which the page's policy bars."""
    deadline = time.monotonic() + SECONDS
    while not page.evaluate(holds):
        assert time.monotonic() < deadline, holds
        page.wait_for_timeout(20)


@contextlib.contextmanager
def holding(page) -> Iterator[list]:
    """Keep requests for recommendations from being answered until the test lets them go."""
    held: list = []

    def hold(route) -> None:
        held.append(route)

    page.route(ASKED, hold)
    yield held
    page.unroute(ASKED)


@contextlib.contextmanager
def answering(page, **answer) -> Iterator[None]:
    """Answer requests for recommendations with this instead."""
    page.route(ASKED, lambda route: route.fulfill(**answer))
    yield
    page.unroute(ASKED)
