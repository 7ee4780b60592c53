"""Milvus, as far as it is used here: its collections, its rows, and what can go wrong with it.

This module alone speaks to it, and needs the extra `milvus` only where an address of one is set.

    <prefix>_<space>         a row a passage: key, tenant (the partition key), owner, facets, vector
    <prefix>_marks           a row a tenant and space: how far it has been brought, and by whom
    <prefix>_of_<tenant>     an alias of the collection that the tenant is served from

A row's key is made of tenant, mentor, words and place, so a passage has the same one whoever brings
it, and rows of a mentor's older words are other rows. Nothing is overwritten: what is not wanted
any more is deleted, what is missing inserted, and both are counted afterwards. Milvus does not
refuse a second row of one key, and its upsert is wrong with a partition key before 2.3.10.
"""

import contextlib
import hashlib
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from indexer.statements import batches
from models.errors import BadInput, SearchUnavailable

if TYPE_CHECKING:
    from pymilvus import MilvusClient

FACETS = ("country", "timezone", "seniority", "languages")
ANSWER_S = 3.0  # how long a search may take
WORK_S = 30.0  # how long anything else may take
MOST = 16_384  # rows of one answer; Milvus has no more
INDEX: dict[str, Any] = {"index_type": "IVF_SQ8", "params": {"nlist": 1024}}
READ = 128  # lists read of each of its segments; benchmarks/remote.md has the recall
PARTITIONS = 64  # into which tenants are hashed
_INSERTED = 1_000  # rows of one insert: a megabyte and a half
_DELETED = 5_000
_OWNERS = 1_000  # named in one question
_KEYS = 4  # hexadecimal digits of a passage's place
_SCHEMES = {"milvus": "http", "http": "http", "https": "https"}

_T = TypeVar("_T")
log = logging.getLogger(__name__)


def mentor_key(tenant: str, id: str, text_hash: str) -> bytes:
    """What the keys of a mentor's rows begin with, as long as the words are the same: 16 bytes."""
    return _digest(tenant, id, text_hash)


def owner_key(tenant: str, id: str) -> str:
    """The mentor, whatever the words: 32 hexadecimal digits."""
    return _digest(tenant, id).hex()


def facet(value: str) -> int:
    """A value that filters look at, as the number that stands for it; equal ones are equal."""
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=7).digest())


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()


def _address_of(url: str) -> tuple[SplitResult, int] | None:
    """The parts of an address and its port; None for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or 19530
    except ValueError:
        return None
    prefix = parts.path.strip("/") or "mentors"
    right = parts.scheme in _SCHEMES and parts.hostname and prefix.isidentifier()
    right = right and not (parts.query or parts.fragment)  # of a password that is not quoted
    return (parts, port) if right else None


def _without_password(url: str) -> str:
    """An address, right or wrong, as it may be shown: scheme, host and path."""
    scheme, there, rest = url.partition("://")
    if not scheme.isalpha() or not there:
        scheme, there, rest = "", "", url
    return scheme + there + re.split(r"[?#]", rest.rpartition("@")[2])[0]


class Row(NamedTuple):
    """A passage as Milvus has it; `vector`: float16, shape (dimension,), a unit but for rounding.

    Of a row that is read back the facets and the vector may be left out.
    """

    key: str
    owner: str
    facets: tuple[int, ...] = ()
    vector: NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a tenant has been brought in a space.

    `sequence`: of the last change that is there, with all before it; `holder`: who is at work, ""
    when nobody is; `beat`: another number whenever the mark is written; `left_at`: seconds since
    1970 when the tenant was seen to have moved to another space, 0 while it has not.
    """

    sequence: int = 0
    holder: str = ""
    beat: int = 0
    left_at: int = 0


class Milvus:
    """One Milvus and the prefix of what is ours in it; any number of threads may share it."""

    def __init__(self, url: str) -> None:
        """Nothing is asked of it yet. Raises BadInput for what is no address, or needs an extra."""
        try:
            import pymilvus
        except ImportError as error:
            raise BadInput(
                "Milvus needs a package that is not installed: pip install "
                "'mentor-recommender[milvus]'."
            ) from error
        # It reports every error that is raised here anyway, with its traceback.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        self.errors: tuple[type[Exception], ...] = (pymilvus.MilvusException,)
        address = _address_of(url)
        if address is None:
            raise BadInput(
                f"{_without_password(url)!r} is no address of a Milvus: expected "
                f"milvus://HOST:PORT, with /PREFIX where several deployments share one (letters, "
                f"digits and underscores)."
            )
        parts, port = address
        prefix = parts.path.strip("/") or "mentors"
        self.name = f"{parts.hostname}:{port}"
        self.prefix = prefix
        self._address = f"{_SCHEMES[parts.scheme]}://{self.name}"
        who, word = (unquote(one or "") for one in (parts.username, parts.password))
        self._token = f"{who}:{word}" if who else ""
        self._connecting = threading.Lock()
        self._client: MilvusClient | None = None
        self._begin()

    def _begin(self) -> None:
        self.problem = ""
        """Why it cannot be asked, in one sentence; "" while it can."""
        self._pinging = threading.Lock()
        self._pinged_at = -math.inf

    def do(self, work: Callable[["MilvusClient"], _T]) -> _T:
        """What `work` comes to. Raises SearchUnavailable when Milvus cannot do it."""
        import grpc

        try:
            return work(self._connected())
        except (*self.errors, grpc.RpcError, OSError, ValueError) as error:
            said = " ".join(str(getattr(error, "message", error)).split())[:300]
            raise SearchUnavailable(f"Milvus at {self.name}: {said}") from error

    def ping(self, every_s: float = 0.0) -> bool:
        """Whether it reads something small, as of `every_s` ago at most; `problem` says why not.

        Of several who ask at once one does. The connection is let go where there is no answer: one
        that has failed for long is tried again by gRPC after minutes only.
        """
        with self._pinging:
            if time.monotonic() - self._pinged_at < every_s:
                return not self.problem
            try:
                self.do(self._read_something)
            except SearchUnavailable as error:
                if not self.problem:
                    log.warning("%s", error)
                self.problem = str(error)
                self.close()
            else:
                if self.problem:
                    log.warning("Milvus at %s answers again", self.name)
                self.problem = ""
            self._pinged_at = time.monotonic()
            return not self.problem

    def _read_something(self, client: "MilvusClient") -> None:
        """The least that needs every part of it which a search needs."""
        marks = f"{self.prefix}_marks"
        if marks in client.list_collections(timeout=ANSWER_S):
            client.query(
                marks, 'key >= ""', ["key"], limit=1, timeout=ANSWER_S, consistency_level="Bounded"
            )

    def close(self) -> None:
        """Let go of the connection; the next question makes another."""
        with self._connecting:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def spaces_of(self, tenant: str) -> dict[str, Mark]:
        """The mark of each collection that has, or has had, something of the tenant."""
        name = f"{self.prefix}_marks"
        if not self.has(name):
            return {}
        return {
            found["collection"]: _mark_of(found)
            for found in self.query(name, f'tenant == "{_digest(tenant).hex()}"', _MARK)
        }

    def has(self, name: str) -> bool:
        """Whether there is a collection."""
        return self.do(lambda client: bool(client.has_collection(name, timeout=WORK_S)))

    def query(
        self, collection: str, where: str, fields: Sequence[str], *, strong: bool = True
    ) -> list[dict[str, Any]]:
        """The rows for which `where`, `MOST` at most.

        `strong`: as they are at this moment; else as they were up to some seconds ago.
        """
        level = "Strong" if strong else "Bounded"

        def work(client: "MilvusClient") -> list[dict[str, Any]]:
            return list(
                client.query(
                    collection, where, list(fields), timeout=WORK_S, limit=MOST,
                    consistency_level=level,
                )
            )  # fmt: skip

        return self.do(work)

    def count(self, collection: str, where: str) -> int:
        """How many rows there are for which `where`; two of one key count twice."""

        def work(client: "MilvusClient") -> int:
            found = client.query(
                collection, where, ["count(*)"], timeout=WORK_S, consistency_level="Strong"
            )
            return int(found[0]["count(*)"])

        return self.do(work)

    def marked(self, tenant: str, collection: str, mark: Mark | None) -> None:
        """Write a mark, or take it out."""
        name, key = f"{self.prefix}_marks", _digest(tenant, collection).hex()
        if mark is None:
            self.do(lambda client: client.delete(name, ids=[key], timeout=WORK_S))
            return
        row = {
            "key": key,
            "tenant": _digest(tenant).hex(),
            "collection": collection,
            "sequence": mark.sequence,
            "holder": mark.holder,
            "beat": mark.beat,
            "left_at": mark.left_at,
            "nothing": [0.0, 0.0],
        }
        self.do(lambda client: client.upsert(name, [row], timeout=WORK_S))

    def make_marks(self) -> None:
        """Make the collection of marks where there is none."""
        from pymilvus import DataType

        name = f"{self.prefix}_marks"
        if self.has(name):
            return

        def make(client: "MilvusClient") -> None:
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=32)
            schema.add_field("tenant", DataType.VARCHAR, max_length=32)
            schema.add_field("collection", DataType.VARCHAR, max_length=300)
            schema.add_field("holder", DataType.VARCHAR, max_length=32)
            for number in ("sequence", "beat", "left_at"):
                schema.add_field(number, DataType.INT64)
            # Milvus wants a vector in every collection.
            schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)
            index = client.prepare_index_params()
            index.add_index("nothing", index_type="FLAT", metric_type="L2")
            client.create_collection(name, schema=schema, index_params=index, timeout=WORK_S)

        self.made(name, make)

    def made(self, name: str, make: Callable[["MilvusClient"], None]) -> None:
        """Make a collection; another process may be faster."""
        try:
            self.do(make)
        except SearchUnavailable:
            if not self.has(name):
                raise
        self.searched(name)

    def searched(self, name: str) -> None:
        """Have Milvus search a collection, unless it does, with however many copies."""

        def load(client: "MilvusClient") -> None:
            if client.get_load_state(name, timeout=WORK_S)["state"].name != "Loaded":
                client.load_collection(name, timeout=WORK_S)

        self.do(load)

    def _connected(self) -> "MilvusClient":
        with self._connecting:
            if self._client is None:
                from pymilvus import MilvusClient

                self._client = MilvusClient(self._address, token=self._token, timeout=ANSWER_S)
            return self._client


_MARK = ("collection", "sequence", "holder", "beat", "left_at")


def _mark_of(found: dict[str, Any]) -> Mark:
    return Mark(*(found[name] for name in _MARK[1:]))


class Passages:
    """The rows of one tenant in the collection of one space."""

    def __init__(self, milvus: Milvus, tenant: str, space_id: str, dimension: int) -> None:
        self.milvus = milvus
        self.tenant = tenant
        self.collection = collection_of(milvus, space_id)
        self._space_id = space_id
        self._dimension = dimension
        self._tenant_key = _digest(tenant).hex()
        self.alias = f"{milvus.prefix}_of_{self._tenant_key[:16]}"
        self._mine = f'tenant == "{self._tenant_key}"'

    def make(self) -> None:
        """Make the collection where there is none, and have Milvus search it."""
        self.milvus.make_marks()
        name = self.collection
        if not self.milvus.has(name):
            marks = f"{self.milvus.prefix}_marks"  # of one that somebody has dropped
            of_it = f'collection == "{name}"'
            self.milvus.do(lambda client: client.delete(marks, filter=of_it, timeout=WORK_S))
            self.milvus.made(name, self._make)
        self.milvus.searched(name)

    def is_there(self) -> bool:
        """Whether there is the collection; if so, Milvus is to search it."""
        names = (f"{self.milvus.prefix}_marks", self.collection)
        if not all(self.milvus.has(name) for name in names):
            return False
        for name in names:
            self.milvus.searched(name)
        return True

    def _make(self, client: "MilvusClient") -> None:
        from pymilvus import DataType

        schema = client.create_schema(
            auto_id=False, enable_dynamic_field=False, description=self._space_id
        )
        schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=40)
        schema.add_field("tenant", DataType.VARCHAR, is_partition_key=True, max_length=32)
        schema.add_field("owner", DataType.VARCHAR, max_length=32)
        for name in FACETS:
            schema.add_field(name, DataType.INT64)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self._dimension)
        index = client.prepare_index_params()
        index.add_index("vector", metric_type="IP", **INDEX)
        index.add_index("owner", index_type="Trie")
        client.create_collection(
            self.collection,
            schema=schema,
            index_params=index,
            num_partitions=PARTITIONS,
            consistency_level="Bounded",
            timeout=WORK_S,
        )

    @classmethod
    def of(cls, milvus: Milvus, tenant: str) -> "list[tuple[Passages, Mark]]":
        """The rows of the tenant in every collection that has, or has had, any; and its marks."""
        found = []
        for collection, mark in milvus.spaces_of(tenant).items():
            one = cls(milvus, tenant, "", 0)
            one.collection = collection
            found.append((one, mark))
        return found

    # --- reading ---

    def mark(self, *, strong: bool = True) -> Mark:
        """How far the tenant is here."""
        key = _digest(self.tenant, self.collection).hex()
        marks = f"{self.milvus.prefix}_marks"
        found = self.milvus.query(marks, f'key == "{key}"', _MARK, strong=strong)
        return _mark_of(found[0]) if found else Mark()

    def nearest(
        self,
        queries: NDArray[np.float32],
        top_k: int,
        where: str = "",
        *,
        strong: bool = False,
    ) -> list[list[tuple[str, float]]]:
        """For each query the keys of about the `top_k` nearest rows, and their cosines.

        What was inserted or deleted within the last seconds may not show, unless it is `strong`.
        """
        filter = f"{self._mine} and {where}" if where else self._mine

        def work(client: "MilvusClient") -> list[list[tuple[str, float]]]:
            found = client.search(
                self.collection,
                list(queries),
                filter=filter,
                limit=min(top_k, MOST),
                search_params={"metric_type": "IP", "params": {"nprobe": READ}},
                consistency_level="Strong" if strong else "Bounded",
                timeout=ANSWER_S,
            )
            return [[(hit["id"], hit["distance"]) for hit in hits] for hits in found]

        return self.milvus.do(work)

    def keys_of(self, owners: Collection[str]) -> set[str]:
        """The keys of everything that these owners have."""
        found: set[str] = set()
        for some in batches(list(owners), _OWNERS):
            found |= self._keys_where(f"owner in {_quoted(some)}")
        return found

    def count_of(self, owners: Collection[str]) -> int:
        """How many rows these owners have; two of one key count twice."""
        return sum(
            self.milvus.count(self.collection, f"{self._mine} and owner in {_quoted(some)}")
            for some in batches(list(owners), _OWNERS)
        )

    def count(self) -> int:
        """How many rows the tenant has; two of one key count twice."""
        return self.milvus.count(self.collection, self._mine)

    def keys(self, begin: str = "") -> set[str]:
        """The keys of the tenant that begin with these hexadecimal digits."""
        return self._keys_where(begin=begin)

    def _keys_where(self, where: str = "", begin: str = "") -> set[str]:
        """Those that begin with `begin`; of more than one answer holds, by the next digit."""
        within = f'key >= "{begin}" and key < "{begin}g"'
        terms = [self._mine, *([where] if where else []), within]
        found = self.milvus.query(self.collection, " and ".join(terms), ["key"])
        if len(found) < MOST:
            return {row["key"] for row in found}
        return set().union(
            *(self._keys_where(where, begin + digit) for digit in "0123456789abcdef")
        )

    def vectors(self, keys: Collection[str]) -> dict[str, NDArray[np.float32]]:
        """The vectors of rows."""
        found: dict[str, NDArray[np.float32]] = {}
        for some in batches(list(keys), 500):
            rows = self.milvus.query(
                self.collection, f"{self._mine} and key in {_quoted(some)}", ["key", "vector"]
            )
            found |= {row["key"]: np.asarray(row["vector"], np.float32) for row in rows}
        return found

    # --- writing ---

    def insert(self, rows: Sequence[Row]) -> None:
        """Add rows; whoever does not know whether they are there counts afterwards."""
        for some in batches(list(rows), _INSERTED):
            content = [
                {"key": row.key, "tenant": self._tenant_key, "owner": row.owner}
                | dict(zip(FACETS, row.facets, strict=True))
                | {"vector": np.asarray(row.vector).astype(np.float32)}
                for row in some
            ]
            self.milvus.do(
                lambda client, content=content: client.insert(  # type: ignore[misc]
                    self.collection, content, timeout=WORK_S
                )
            )

    def delete(self, keys: Collection[str]) -> None:
        """Take rows out, however many there are of each key."""
        for some in batches(sorted(keys), _DELETED):
            self.milvus.do(
                lambda client, some=some: client.delete(  # type: ignore[misc]
                    self.collection, ids=list(some), timeout=WORK_S
                )
            )

    def drop(self) -> None:
        """Take the tenant out, and the collection where nobody else has anything in it."""
        self.delete(self.keys())
        self.milvus.marked(self.tenant, self.collection, None)
        others = self.milvus.query(
            f"{self.milvus.prefix}_marks", f'collection == "{self.collection}"', _MARK
        )
        if not others:
            self.milvus.do(lambda client: client.drop_collection(self.collection, timeout=WORK_S))

    def serve(self) -> None:
        """Point the tenant's alias here."""

        def work(client: "MilvusClient") -> None:
            try:
                client.alter_alias(self.collection, self.alias, timeout=WORK_S)
            except self.milvus.errors:
                client.create_alias(self.collection, self.alias, timeout=WORK_S)

        self.milvus.do(work)

    def served_from(self) -> str:
        """The collection that the tenant's alias points to; "" while there is none."""
        with contextlib.suppress(SearchUnavailable):
            return str(
                self.milvus.do(
                    lambda client: client.describe_alias(self.alias, timeout=WORK_S)[
                        "collection_name"
                    ]
                )
            )
        return ""

    def width(self) -> int:
        """The dimension of the vectors."""
        found = self.milvus.do(
            lambda client: client.describe_collection(self.collection, timeout=WORK_S)
        )
        vector = next(one for one in found["fields"] if one["name"] == "vector")
        return int(vector["params"]["dim"])

    def flush(self) -> None:
        """Have what was brought sealed and indexed; until then it is searched in another way."""
        self.milvus.do(lambda client: client.flush(self.collection, timeout=WORK_S))

    def compact(self) -> Callable[[], bool]:
        """Begin to write segments anew without what was deleted; asks whether that is done."""
        job = self.milvus.do(lambda client: client.compact(self.collection, timeout=WORK_S))
        return lambda: (
            self.milvus.do(lambda client: client.get_compaction_state(job, timeout=WORK_S))
            == "Completed"
        )


def collection_of(milvus: Milvus, space_id: str) -> str:
    """The collection of a space."""
    return f"{milvus.prefix}_{hashlib.sha256(space_id.encode()).hexdigest()[:16]}"


def key_of(mentor: bytes, place: int) -> str:
    """The key of the passage at `place` of a mentor, by the mentor's `mentor_key`."""
    return f"{mentor.hex()}{place:0{_KEYS}x}"


def mentor_and_place(key: str) -> tuple[bytes, int]:
    """What a key was made of."""
    return bytes.fromhex(key[:-_KEYS]), int(key[-_KEYS:], 16)


def _quoted(texts: Sequence[str]) -> str:
    return "[" + ",".join(f'"{text}"' for text in texts) + "]"


def none_of(name: str, texts: Sequence[str]) -> str:
    """The expression that `name` is none of `texts`, which need no quoting."""
    return f"{name} not in {_quoted(texts)}"


def one_of(name: str, numbers: Iterator[int] | Sequence[int]) -> str:
    """The expression that `name` is one of `numbers`."""
    return f"{name} in [{','.join(map(str, numbers))}]"
