import bz2
import gzip
import io
import json
import lzma
import zipfile

import faiss
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from indexer.database import EVERYBODY
from indexer.live import LiveIndex
from indexer.passages import passages
from indexer.proof import Evidence, Trace, evidence, look
from indexer.records import mentor_from
from indexer.rejects import kept
from indexer.snapshot import Snapshot, read, write
from indexer.store import Store
from indexer.tables import outlines
from indexer.vectors import Vectors, text_key
from indexer.writing import Writer
from tests.fakes import RECORDS, WideEncoder, mentors

TEXT = 'Zażółć "gęślą" jaźń before dawn'
PLAIN = "I mend broken violins before dawn"
VECTOR, OTHER = WideEncoder().encode_passages([PLAIN, "somebody else"])
TEXTS = Evidence((TEXT, PLAIN), ())
VECTORS = Evidence((), (VECTOR,))
RUBBISH = np.random.default_rng(7).integers(0, 256, 40_000, dtype=np.uint8).tobytes()


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


@pytest.fixture
def put(store):
    def write(*records, tenant="default"):
        Writer(store, tenant, Vectors(store, WideEncoder())).put(mentors(*records))

    return write


@pytest.fixture
def planted(tmp_path):
    """Looks at a folder of nothing but a file with `content`, and at one more of rubbish."""

    def at(content, wanted):
        folder = tmp_path / "planted"
        folder.mkdir()
        (folder / "file").write_bytes(content)
        (folder / "rubbish").write_bytes(RUBBISH)
        return [
            (trace.path.name, trace.inside, trace.what) for trace in look(folder, wanted).traces
        ]

    return at


def zipped(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.txt", "nothing")
        archive.writestr(name, content)
    return buffer.getvalue()


def zstd(content):
    sink = pa.BufferOutputStream()
    with pa.output_stream(sink, compression="zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def arrow(array, compression="lz4"):
    table = pa.table({"id": ["a", "b"], "text": array})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet(*texts, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": list(texts)}), sink, **options)
    return sink.getvalue().to_pybytes()


def faiss_bytes(kind, *vectors):
    index = faiss.index_factory(len(vectors[0]), kind, faiss.METRIC_INNER_PRODUCT)
    rows = np.stack(vectors)
    index.train(rows)
    index.add(rows)
    return faiss.serialize_index(index).tobytes()


# Every stretch of PLAIN comes here too, so a compressor writes it as references to these.
AROUND = "I mend broken wheels; broken violins belong to me; I rise before dawn; " * 20


@pytest.mark.parametrize(
    "form",
    [
        TEXT.encode(),
        json.dumps({"bio": TEXT}).encode(),
        json.dumps({"bio": TEXT}, ensure_ascii=False).encode(),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16"),
    ],
)
def test_a_text_is_found_in_every_form_it_may_stand_in(planted, form):
    found = planted(b"\x00\x01rubbish" + form + b"\xff", TEXTS)
    assert found == [("file", "", f"the text {TEXT!r}")]


@pytest.mark.parametrize(
    ("name", "packed"),
    [("gzip", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("zstd", zstd)],
)
def test_a_text_is_found_in_a_compressed_file(planted, name, packed):
    content = packed((AROUND + PLAIN + AROUND).encode())
    assert PLAIN.encode() not in content
    assert planted(content, TEXTS) == [("file", f" > {name}", f"the text {PLAIN!r}")]


def test_a_text_is_found_in_a_member_of_a_zip_archive(planted):
    content = zipped("folder/m.json", json.dumps([AROUND, TEXT, TEXT]))
    assert planted(content, TEXTS) == [("file", " > folder/m.json", f"the text {TEXT!r}")]


def test_a_text_is_found_in_archives_within_archives(planted):
    content = gzip.compress(zipped("inner.bz2", bz2.compress((AROUND + PLAIN).encode())))
    assert planted(content, TEXTS) == [("file", " > gzip > inner.bz2 > bz2", f"the text {PLAIN!r}")]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([AROUND, AROUND + PLAIN + AROUND]),
        pa.array([AROUND, AROUND + PLAIN + AROUND], pa.large_string()),
        pa.array([[AROUND], [AROUND, PLAIN]]),
        pa.array([{"deep": AROUND}, {"deep": AROUND + PLAIN + AROUND}]),
        pa.array([AROUND, AROUND + PLAIN + AROUND]).dictionary_encode(),
        pa.array([AROUND, AROUND + PLAIN + AROUND], pa.string_view()),
    ],
    ids=["string", "large", "list", "struct", "dictionary", "view"],
)
@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_a_text_is_found_in_a_compressed_arrow_file(planted, array, compression):
    content = arrow(array, compression)
    assert PLAIN.encode() not in content
    assert ("file", " > text", f"the text {PLAIN!r}") in planted(content, TEXTS)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "lz4", "brotli"])
def test_a_text_is_found_in_a_parquet_file(planted, compression):
    content = parquet(
        AROUND, AROUND + PLAIN + AROUND, compression=compression, write_statistics=False
    )
    assert PLAIN.encode() not in content
    assert ("file", " > text", f"the text {PLAIN!r}") in planted(content, TEXTS)


def test_two_texts_in_one_file_are_two_traces(planted):
    found = planted((PLAIN + TEXT).encode(), TEXTS)
    assert [what for _, _, what in found] == [f"the text {PLAIN!r}", f"the text {TEXT!r}"]


@pytest.mark.parametrize(
    ("kind", "coded"),
    [
        ("f32", VECTOR),
        ("f16", VECTOR.astype(np.float16)),
        ("SQ8 over -1..1", np.floor((VECTOR + 1) / 2 * 255).astype(np.uint8)),
        ("SQ8 over -1..1", np.rint((VECTOR + 1) / 2 * 255).astype(np.uint8)),
        ("SQ8 signed", np.rint(VECTOR * 127).astype(np.int8)),
        (
            "SQ8 over its own range",
            np.rint((VECTOR - VECTOR.min()) / np.ptp(VECTOR) * 255).astype(np.uint8),
        ),
    ],
)
def test_a_vector_is_found_in_every_coding_it_may_stand_in(planted, kind, coded):
    found = planted(RUBBISH[:997] + coded.tobytes() + RUBBISH[:5], VECTORS)
    assert ("file", "", f"a vector as {kind}") in found
    assert {name for name, _, _ in found} == {"file"}


@pytest.mark.parametrize("kept", [slice(0, 64), slice(96, 128), slice(200, 384)])
def test_a_part_of_a_vector_is_found(planted, kept):
    assert planted(VECTOR[kept].tobytes(), VECTORS) == [("file", "", "a vector as f32")]


@pytest.mark.parametrize("kind", ["Flat", "SQ8", "SQfp16", "HNSW8_SQ8", "IVF2,SQ8"])
def test_a_vector_is_found_inside_a_faiss_index(planted, kind):
    drawn = WideEncoder().encode_passages([f"text {i}" for i in range(100)])
    content = faiss_bytes(kind, *drawn[:50], VECTOR, *drawn[50:])
    assert ("file", "", "a vector, decoded by FAISS") in planted(content, VECTORS)


def test_a_vector_is_found_inside_a_faiss_index_after_a_small_snapshot_was_read(planted, tmp_path):
    index = LiveIndex.empty("wide-1", 384)
    write(Snapshot("wide-1", "numpy", 0, index.whole()), tmp_path / "small")
    read(tmp_path / "small")
    drawn = WideEncoder().encode_passages([f"text {i}" for i in range(100)])
    content = faiss_bytes("SQ8", *drawn, VECTOR)
    assert planted(content, VECTORS) == [("file", "", "a vector, decoded by FAISS")]


def test_a_vector_is_found_inside_a_compressed_faiss_index(planted):
    drawn = WideEncoder().encode_passages([f"text {i}" for i in range(50)])
    content = zipped("index.faiss", faiss_bytes("SQ8", *drawn, VECTOR))
    assert ("file", " > index.faiss", "a vector, decoded by FAISS") in planted(content, VECTORS)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x1f\x8b",
        b"\x1f\x8b" + RUBBISH[:100],
        b"BZh" + RUBBISH[:100],
        b"\xfd7zXZ" + RUBBISH[:100],
        b"\x28\xb5\x2f\xfd" + RUBBISH[:100],
        b"PK\x03\x04" + RUBBISH[:100],
        b"PAR1" + RUBBISH[:100],
        b"ARROW1\0\0" + RUBBISH[:100],
        b"IxSQ" + RUBBISH[:100],
        b"IxF2",
        gzip.compress(b"x" * 1000, mtime=0)[:-5],
        zstd(RUBBISH[:1000])[:-5],
        lzma.compress(RUBBISH[:1000])[:-5],
        bz2.compress(RUBBISH[:1000])[:-5],
        arrow(pa.array(["x", "y"]))[:-5],
        parquet("x")[:-5],
        faiss_bytes("SQ8", VECTOR, OTHER)[:-5],
    ],
)
def test_a_file_that_cannot_be_opened_is_looked_at_as_it_is(planted, content):
    assert planted(content, Evidence((PLAIN,), (OTHER[::-1].copy(),))) == []


def test_nothing_is_found_where_nothing_is(planted):
    drawn = WideEncoder().encode_passages([f"text {i}" for i in range(50)])
    content = faiss_bytes("SQ8", *drawn) + drawn.tobytes() + AROUND.encode()
    assert planted(content, Evidence((TEXT, PLAIN), (VECTOR, OTHER))) == []


def test_what_was_looked_through_is_counted(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "sub" / "b").write_bytes(gzip.compress(b"x" * 100, mtime=0))
    found = look(tmp_path, Evidence((TEXT, PLAIN), (VECTOR,)))
    size = 5 + (tmp_path / "sub" / "b").stat().st_size + 100
    assert (found.texts, found.vectors, found.files, found.bytes) == (2, 1, 2, size)


def test_a_trace_names_the_file_the_place_inside_it_and_the_text(tmp_path):
    long = "It was a dark and stormy night, and I welded on."
    trace = Trace(tmp_path / "a", " > gzip", f"the text {long[:40]!r}")
    assert str(trace) == f"{tmp_path}/a > gzip: the text 'It was a dark and stormy night, and I we'"


def test_the_evidence_of_a_mentor_is_every_text_long_enough_and_every_vector(store, put):
    put(*RECORDS)
    nurse = mentor_from(RECORDS[1])
    found = evidence(store, "default", nurse)
    assert sorted(found.texts) == sorted(
        [
            "Tomasz Zielny",
            "Ward nurse turned health informatics lead",
            RECORDS[1]["bio"],
            "leaving the hospital",
            "clinical software",
            "Europe/Warsaw",
            "He worked nights on a surgical ward.",
            "Now patients rarely see him: he builds hospital software.",
        ]
    )
    cut = passages(nurse)
    texts = {text for passage in cut for text in (passage.text, *passage.items)}
    expected = store.vectors("wide-1", [text_key(text) for text in texts])
    assert len(texts) == 6
    assert {v.tobytes() for v in found.vectors} == {v.tobytes() for v in expected.values()}


def test_text_that_another_living_mentor_has_too_is_no_evidence(store, put):
    put({"id": "a", "headline": PLAIN, "bio": TEXT}, {"id": "b", "bio": f"{PLAIN} and at dusk"})
    assert evidence(store, "default", store.read("default", ["a"])["a"].mentor).texts == (TEXT,)


def test_text_that_a_mentor_of_another_tenant_has_too_is_no_evidence(store, put):
    put({"id": "a", "headline": PLAIN, "bio": TEXT})
    put({"id": "a", "headline": PLAIN}, tenant="other")
    found = evidence(store, "default", store.read("default", ["a"])["a"].mentor)
    assert found.texts == (TEXT,)
    assert len(found.vectors) == 1


def test_a_vector_that_another_mentor_needs_is_no_evidence(store, put):
    put({"id": "a", "headline": PLAIN, "bio": TEXT}, {"id": "b", "bio": PLAIN})
    [vector] = evidence(store, "default", store.read("default", ["a"])["a"].mentor).vectors
    assert vector.tobytes() == WideEncoder().encode_passages([TEXT])[0].tobytes()


def test_vectors_of_every_space_are_evidence_while_an_index_moves(store, put):
    put({"id": "a", "headline": PLAIN})
    found = []

    def look_up(_done, _of):
        found.append(evidence(store, "default", store.read("default", ["a"])["a"].mentor))

    Writer(store, "default", Vectors(store, WideEncoder("wide-2"))).adopt(look_up)
    assert [len(one.vectors) for one in found] == [2]


def test_a_word_that_is_the_name_of_a_field_is_no_evidence(store, put, tmp_path):
    put({"id": "a", "topics": ["education", "experience"]}, RECORDS[3])
    wanted = evidence(store, "default", store.read("default", ["a"])["a"].mentor)
    Writer(store, "default", Vectors(store, WideEncoder())).remove(["a"])
    store.database.purge_log()
    assert look(tmp_path, wanted).traces == ()


def test_a_text_that_a_rejected_record_of_somebody_else_has_too_is_no_evidence(store, put):
    put({"id": "a", "headline": "Baker", "skills": ["due diligence"]})
    store.keep_rejects("default", "f", [kept(1, "", "", {"id": "b", "skills": ["due diligence"]})])
    found = evidence(store, "default", store.read("default", ["a"])["a"].mentor)
    assert found.texts == ()


def test_a_stored_mentor_is_found_in_the_database_itself(store, put, tmp_path):
    put({"id": "a", "headline": PLAIN})
    store.database.purge_log()
    wanted = evidence(store, "default", store.read("default", ["a"])["a"].mentor)
    found = look(tmp_path, wanted).traces
    assert [(trace.path.name, trace.what) for trace in found] == [
        ("mentors.db", "a vector as f32"),
        ("mentors.db", "an outline"),
        ("mentors.db", f"the text {PLAIN!r}"),
    ]


def test_an_outline_that_was_left_behind_is_found(store, put, tmp_path):
    long = " ".join(f"word{n}" for n in range(400))
    put({"id": "a", "headline": PLAIN, "bio": long}, {"id": "b", "headline": PLAIN})
    wanted = evidence(store, "default", store.read("default", ["a"])["a"].mentor)
    assert len(wanted.outlines) > 50
    outline = store.read("default", ["a"])["a"].outline
    store.remove("default", ["a"])
    assert store.database.purge_log() is True
    assert look(tmp_path, wanted).traces == ()
    with store.database.writing(EVERYBODY) as connection:
        row = {"tenant": "default", "id": "a", "outline": outline}
        connection.execute(sa.insert(outlines), [row])
    assert {trace.what for trace in look(tmp_path, wanted).traces} == {"an outline"}
    store.drop_strays()
    assert store.database.purge_log() is True
    assert look(tmp_path, wanted).traces == ()


def test_an_outline_that_an_older_process_left_goes_with_the_tombstone(store, put):
    put({"id": "a", "headline": PLAIN})
    outline = store.read("default", ["a"])["a"].outline
    store.remove("default", ["a"])
    with store.database.writing(EVERYBODY) as connection:
        row = {"tenant": "default", "id": "a", "outline": outline}
        connection.execute(sa.insert(outlines), [row])
    store.forget_tombstones("default", 10)
    assert store.count_strays() == (0, 0)


def test_what_stands_where_two_stretches_meet_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr("indexer.proof._STRETCH", 1_000)
    (tmp_path / "file").write_bytes(b"x" * 990 + PLAIN.encode() + b"x" * 3_000)
    (trace,) = look(tmp_path, Evidence((PLAIN,), ())).traces
    assert trace.what == f"the text {PLAIN!r}"


def test_a_removed_mentor_is_found_in_the_log_until_it_is_emptied(store, put, tmp_path):
    put({"id": "a", "headline": PLAIN})
    wanted = evidence(store, "default", store.read("default", ["a"])["a"].mentor)
    Writer(store, "default", Vectors(store, WideEncoder())).remove(["a"])
    assert {trace.path.name for trace in look(tmp_path, wanted).traces} == {"mentors.db-wal"}
    assert store.database.purge_log() is True
    assert look(tmp_path, wanted).traces == ()
