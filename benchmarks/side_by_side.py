"""Time answers alone, and while a bulk import embeds beside them.

A server with the real model answers one request after the other; then it does so while a client
sends it new profiles without pause. Once queries go first, as they do, and once bulk embedding
takes the model as it comes, 512 texts at a time.
"""

import argparse
import json
import socket
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import uvicorn
from machine import ROOT, stamp
from profiles import Profiles

from api import bulk
from api.app import create_app
from api.settings import Settings
from api.tenants import Tenants
from api.wiring import Indexing
from indexer.importing import Import
from indexer.mapping import ColumnMapping
from models import priority

OUT = ROOT / "benchmarks" / "side-by-side.md"
REQUESTS = 150
GOALS = ("I run audits and want to move into venture capital", "from the ward into public health")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--occupations", type=Path, required=True, help="onet_occupations.jsonl")
    profiles = Profiles(parser.parse_args().occupations)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder) / "data")
        indexing = Indexing(settings)
        mentors = ROOT / "examples" / "mentors.jsonl"
        Import("jsonl", ColumnMapping()).read(mentors, indexing.writer)
        indexing.publish()
        indexing.close()
        rows = [measured(settings, profiles, first=True), measured(settings, profiles, first=False)]
    alone = rows[0][0]
    lines = [
        f"# Answers beside a bulk import\n\n{stamp()}\n\nMade by `benchmarks/side_by_side.py`. "
        f"{' '.join(__doc__.split())} Milliseconds of {REQUESTS} requests, over HTTP.\n",
        "| | median | times alone | 95th percentile | times alone | profiles imported a second |",
        "|---|---|---|---|---|---|",
        f"| alone | {alone[0]:.0f} | 1 | {alone[1]:.0f} | 1 | |",
    ]
    for name, (_, beside, imported) in zip(("queries first", "as it comes"), rows, strict=True):
        lines.append(
            f"| beside a bulk import, {name} | {beside[0]:.0f} | {beside[0] / alone[0]:.1f} "
            f"| {beside[1]:.0f} | {beside[1] / alone[1]:.1f} | {imported:.1f} |"
        )
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(OUT.read_text(encoding="utf-8"))


def measured(
    settings: Settings, profiles: Profiles, *, first: bool
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Median and 95th percentile alone and beside an import, in ms; profiles imported a second."""
    priority.PIECE, bulk.TOGETHER = (16, 16) if first else (512, 64)
    priority.PATIENCE_S = 0.25 if first else 0.0
    config = uvicorn.Config(
        create_app(settings, tenants=Tenants(settings)), port=0, log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        ask(client, 20)
        alone = ask(client, REQUESTS)
        stop = threading.Event()
        imported: list[bytes] = []
        importing = threading.Thread(target=send, args=(port, profiles, first, stop, imported))
        importing.start()
        while not imported:
            time.sleep(0.05)
        before, began = len(imported), time.monotonic()
        beside = ask(client, REQUESTS)
        rate = (len(imported) - before) / (time.monotonic() - began)
        stop.set()
        importing.join()
    server.should_exit = True
    thread.join()
    return alone, beside, rate


def ask(client: httpx.Client, times: int) -> tuple[float, float]:
    took = []
    for i in range(times):
        began = time.perf_counter()
        body = {"goals": f"{GOALS[i % 2]}, {i}", "limit": 10}
        client.post("/v1/recommendations", json=body).raise_for_status()
        took.append(1000 * (time.perf_counter() - began))
    return float(np.median(took)), float(np.percentile(took, 95))


def send(
    port: int, profiles: Profiles, first: bool, stop: threading.Event, imported: list[bytes]
) -> None:
    """One bulk request that goes on until stopped; results are read while lines are sent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        head = "POST /v1/mentors:bulk HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked"
        connection.sendall(f"{head}\r\n\r\n".encode())
        reading = threading.Thread(target=read_results, args=(connection, imported))
        reading.start()
        sent, offset = 0, 0 if first else 1_000_000
        while not stop.is_set():
            if sent - len(imported) > 300:  # so many wait on the way at any time
                time.sleep(0.01)
                continue
            line = json.dumps(profiles.record(offset + sent)).encode() + b"\n"
            connection.sendall(f"{len(line):x}\r\n".encode() + line + b"\r\n")
            sent += 1
        connection.sendall(b"0\r\n\r\n")
        reading.join()


def read_results(connection: socket.socket, imported: list[bytes]) -> None:
    with connection.makefile("rb") as answer:
        for line in answer:
            if line.startswith(b'{"line"'):
                imported.append(line)
            elif line == b"0\r\n":  # the last chunk
                return


if __name__ == "__main__":
    main()
