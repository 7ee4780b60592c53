"""The OpenAPI document as a page for people: no script, nothing loaded from anywhere."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
article { border-top: 1px solid var(--line); padding: 1rem 0; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h3 b { display: inline-block; min-width: 4.5rem; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; font-size: .82rem; }
code { font-family: ui-monospace, monospace; }
table { border-collapse: collapse; font-size: .88rem; width: 100%; }
td { border-top: 1px solid var(--line); padding: .3rem .6rem .3rem 0; vertical-align: top; }
td:first-child { white-space: nowrap; }
summary { cursor: pointer; margin: .5rem 0; }
nav a { margin-right: 1rem; }
"""
_SUM = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{_SUM}'"
"""The Content-Security-Policy of the page."""


def page(document: Mapping[str, Any]) -> str:
    """The page, as HTML."""
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            shown = "".join(_operation(method.upper(), path, operation))
            by_tag.setdefault(operation["tags"][0], []).append(shown)
    tags = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in by_tag)
    sections = "".join(
        f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(shown)}'
        for tag, shown in by_tag.items()
    )
    title = escape(document["info"]["title"])
    paragraphs = "".join(
        f"<p>{_text(one)}</p>" for one in document["info"]["description"].split("\n\n")
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main><h1>{title}</h1>"
        f'{paragraphs}<nav aria-label="Sections">{tags}<a href="/openapi.json">openapi.json</a>'
        f"</nav>{sections}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<article id="{escape(operation["operationId"])}"><h3><b>{method}</b> '
    yield f"<code>{escape(path)}</code></h3>"
    yield from (f"<p>{_text(one)}</p>" for one in operation["description"].split("\n\n"))
    parameters = operation.get("parameters", [])
    if parameters:
        rows = ((one["name"], f"{one['in']}. {one.get('description', '')}") for one in parameters)
        yield _table(rows)
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Send <code>{escape(kind)}</code>:</p>{_example(content['example'])}"
    for status in ("200", "201"):
        for content in operation["responses"].get(status, {}).get("content", {}).values():
            yield f"<details><summary>Answer {status}</summary>{_example(content['example'])}"
            yield "</details>"
    problems = (
        (f"{status} {HTTPStatus(int(status)).phrase}", answer["description"])
        for status, answer in operation["responses"].items()
        if status not in ("200", "201")
    )
    yield f"<details><summary>Problems</summary>{_table(problems)}</details></article>"


def _table(rows: Any) -> str:
    cells = (f"<tr><td>{escape(a)}</td><td>{_text(b)}</td></tr>" for a, b in rows)
    return f"<table>{''.join(cells)}</table>"


def _example(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return f"<pre><code>{escape(text)}</code></pre>"


def _text(words: str) -> str:
    """Prose in which `this` is code."""
    parts = escape(words, quote=False).split("`")
    return "".join(f"<code>{one}</code>" if i % 2 else one for i, one in enumerate(parts))
