"""schemathesis asks a running server whatever its OpenAPI document allows, and does not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from indexer.keys import SCOPES
from tests.api.conftest import add_words, bearer, new_key
from tests.conftest import ROOT, rounds_of
from tests.live.servers import server

pytestmark = pytest.mark.live


def requests_of(url: str, key: str) -> dict[str, int]:
    """How many requests the server has answered, by status."""
    said = httpx.get(f"{url}/metrics", headers=bearer(key), trust_env=False).text
    found: dict[str, int] = {}
    for status, count in re.findall(
        r'^mentors_requests_total\{.*status="(\d+)"\} ([\d.e+]+)$', said, flags=re.MULTILINE
    ):
        found[status] = found.get(status, 0) + int(float(count))
    return found


def test_a_server_does_what_its_document_says(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data")
    add_words(settings)
    key = new_key(settings, *SCOPES)
    examples = rounds_of("examples of each operation")
    with server(settings.data) as url:
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                "--config-file",
                str(ROOT / "tests" / "live" / "schemathesis.toml"),
                "run",
                f"{url}/openapi.json",
                "--header",
                f"Authorization: Bearer {key}",
                "--max-examples",
                str(examples),
                "--seed",
                "1",
                "--no-color",
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "tests.live.schemathesis_hooks",
                "PYTHONPATH": str(ROOT),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        counts = requests_of(url, key)
    print(done.stdout[-3000:])
    print(f"measured: schemathesis sent {sum(counts.values()):,} requests: {counts}")
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]
    assert not [status for status in counts if status.startswith("5") and status != "503"]
    assert sum(counts.values()) >= rounds_of("requests of schemathesis at least")
