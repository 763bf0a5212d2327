"""One lab for all tests of pages: a Chrome with a screen, which looks at itself and at the client beside it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from ..labs import lab_up, synthlab
from ..pair import Pair
from .arrivals import Arrivals
from .client_api import ClientApi

NAME = "e2e-pages"
# Chrome may block pages from local network addresses; other browsers do not, so the check is disabled here.
STACK = f"""\
name: {NAME}
ip: dual
clients:
  client1:
    app: chrome
    headless: false
    url: "about:blank"
    extra_hosts: ["rebound.test:127.0.0.1"]
    flags: [--disable-features=LocalNetworkAccessChecks]
  client2: {{image: syntheticnet, command: sleep infinity, allow: [client1]}}
"""


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    stack = tmp_path_factory.mktemp("stack") / "pages.yaml"
    stack.write_text(STACK)
    with lab_up(NAME, stack):
        yield Pair(NAME)


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(lab: Pair, playwright: Playwright) -> Iterator[Browser]:
    endpoint = synthlab("cdp", "client1", "--lab", lab.name).stdout.strip()
    browser = playwright.chromium.connect_over_cdp(endpoint)
    yield browser
    browser.close()


@pytest.fixture(scope="package")
def api(lab: Pair) -> Iterator[ClientApi]:
    """The API of client2, asked from the host."""
    with ClientApi(f"http://127.0.0.1:{lab.port('client2')}/v1") as api:
        yield api


@pytest.fixture(scope="package")
def arrivals(lab: Pair) -> Iterator[Arrivals]:
    """Traffic for all tests; what sends and receives it in the containers ends with the lab."""
    arrivals = Arrivals(lab)
    yield arrivals
    arrivals.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """An empty tab of client1."""
    tab = browser.contexts[0].new_page()
    yield tab
    tab.close()


@pytest.fixture
def page(lab: Pair, tab: Page, api: ClientApi) -> Iterator[Page]:
    """The control page of client2, whose console must stay free of errors; client2 is reset before."""
    api.reset()
    errors = list[str]()

    def hear(entry: ConsoleMessage) -> None:
        # Chrome itself notes refused requests, such as the check of an expression that is half typed.
        if entry.type in ("error", "warning") and "status of 422" not in entry.text:
            errors.append(entry.text)

    tab.set_viewport_size({"width": 1280, "height": 800})
    tab.on("console", hear)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(f"http://{lab.address('client2')}/ui/")
    tab.bring_to_front()  # a tab behind others may get no animation frames, for which Playwright's clicks wait
    expect(tab.get_by_role("heading", name="client2")).to_be_visible()
    yield tab
    if not tab.is_closed():
        print("the page is", tab.evaluate("document.visibilityState"))  # shown where a test failed
    assert errors == []
