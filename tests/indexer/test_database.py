import sqlite3
import sys
import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from indexer import database as module
from indexer.database import EVERYBODY, HEAD
from indexer.records import canonical_json, content_hash, text_hash
from indexer.store import Change, Cut, Head, Store
from indexer.tables import metadata
from indexer.vectors import Vectors, text_key
from indexer.writing import Writer, drafted, texts_of
from models.errors import BadInput, DataFolderError, StoreUnavailable
from models.mentor import Mentor
from models.ports import Stored
from tests.fakes import TableEncoder, mentors

A = Mentor("a", headline="Baker")
FIRST = """
    CREATE TABLE schema_version (version INTEGER NOT NULL, PRIMARY KEY (version));
    CREATE TABLE tenants (
        tenant VARCHAR(200) NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (tenant)
    );
    CREATE TABLE mentors (
        tenant VARCHAR(200) NOT NULL, id VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        content_hash VARCHAR(64) NOT NULL, text_hash VARCHAR(64) NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (tenant, id)
    );
    CREATE TABLE vectors (
        space_id VARCHAR(200) NOT NULL, text_hash BLOB NOT NULL, vector BLOB NOT NULL,
        PRIMARY KEY (space_id, text_hash)
    );
    INSERT INTO schema_version VALUES (1);
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mentors.db"


@pytest.fixture
def script(path):
    """Runs SQL in the file, behind the program's back."""

    def run(sql, *rows):
        connection = sqlite3.connect(path)
        if rows:
            connection.executemany(sql, rows)
            connection.commit()
        else:
            connection.executescript(sql)
        connection.close()

    return run


@pytest.fixture
def first(script):
    """A database as the first version left it: the five mentors, and vectors of their texts."""
    found = mentors()
    script(FIRST)
    script("INSERT INTO tenants VALUES (?, ?)", ("default", len(found)), ("other", 0))
    records = [canonical_json(mentor) for mentor in found]
    script(
        "INSERT INTO mentors VALUES ('default', ?, ?, ?, ?, ?)",
        *(
            (mentor.id, i + 1, content_hash(record), text_hash(mentor), record)
            for i, (mentor, record) in enumerate(zip(found, records, strict=True))
        ),
    )
    texts = {*texts_of(map(drafted, found)).values(), "a stray"}
    script(
        "INSERT INTO vectors VALUES ('table-1', ?, ?)",
        *((text_key(text), TableEncoder().encode_passages([text])[0].tobytes()) for text in texts),
    )


@pytest.fixture
def store(tmp_path):
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def tables(path):
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 2").fetchall()
    connection.close()
    return found


def differences(path):
    """How the schema of the file differs from that of the program."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = compare_metadata(context, metadata)
        revision = context.get_current_revision()
    engine.dispose()
    return revision, found


def value(store, sql):
    with store.database.reading(EVERYBODY) as connection:
        return connection.exec_driver_sql(sql).scalar()


def change(mentor):
    return Change(mentor, canonical_json(mentor), Cut())


def test_the_newest_migration_is_the_one_the_program_asks_for():
    config = Config()
    config.set_main_option("script_location", "indexer:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_new_database_has_the_schema_of_the_program(store, path):
    assert differences(path) == (HEAD, [])


def test_a_migrated_database_has_the_schema_of_the_program(first, store, path):
    assert differences(path) == (HEAD, [])
    assert "schema_version" not in [name for _, name, _ in tables(path)]


def test_a_migrated_database_has_the_columns_defaults_and_keys_of_the_program(first, store, path):
    one, other = sa.create_engine(f"sqlite:///{path}"), sa.create_engine("sqlite://")
    metadata.create_all(other)
    for name in metadata.tables:
        columns = f"PRAGMA table_info({name})"
        with one.connect() as here, other.connect() as there:
            found = here.exec_driver_sql(columns).all()
            assert found == there.exec_driver_sql(columns).all()
    one.dispose()
    other.dispose()


def test_a_migrated_database_keeps_mentors_sequences_and_vectors(first, store):
    assert store.tenants() == ["default", "other"]
    assert store.head("default") == Head(5, 0, 0, "", "")
    assert store.all("default") == (5, mentors())
    nurse = mentors()[1]
    assert store.read("default", ["nurse"]) == {"nurse": Stored(2, text_hash(nurse), nurse)}
    (vector,) = store.vectors("table-1", [text_key("Coded welder")]).values()
    assert vector.tobytes() == TableEncoder().encode_passages(["Coded welder"])[0].tobytes()


def test_what_is_read_and_written_together_is_kept_or_dropped_together(store):
    def fail():
        with store.alone("t"):
            store.write("t", [change(Mentor("b", headline="Miller"))])
            assert store.count("t") == 2
            raise KeyError

    store.write("t", [change(A)])
    with pytest.raises(KeyError):
        fail()
    assert (store.count("t"), store.head("t").sequence) == (1, 1)
    store.write("t", [change(Mentor("c", headline="Brewer"))])
    assert (store.count("t"), store.head("t").sequence) == (2, 2)


PLAIN = "all-MiniLM-L6-v2-57af7d3e3f8a"


@pytest.fixture
def second(store, script):
    """Takes a database back to the second version, its tenant in a space."""

    def make(space):
        store.write("default", [change(A)])
        store.close()
        for column in ("encoder", "moving_to", "secret", "exposed_at"):
            script(f"ALTER TABLE tenants DROP COLUMN {column}")
        for table in ("outlines", "keys", "feedback", "asked", "exposures", "replies"):
            script(f"DROP TABLE {table}")
        script("UPDATE alembic_version SET version_num = '0002'")
        script("UPDATE tenants SET space_id = ?", (space,))

    return make


@pytest.mark.parametrize(
    ("space", "name"),
    [
        (f"{PLAIN}-r1", "all-MiniLM-L6-v2"),
        (f"{PLAIN}-r2", "all-MiniLM-L6-v2"),
        ("all-MiniLM-L6-v2-0123456789ab-r2", ""),
        ("", ""),
    ],
)
def test_an_older_index_is_given_the_name_of_the_model_that_was_the_default(
    second, tmp_path, space, name
):
    second(space)
    store = Store.in_folder(tmp_path)
    assert store.head("default") == Head(1, 0, 0, space, "", encoder=name)
    store.close()


def test_an_index_without_a_space_is_given_the_name_of_the_model_of_its_vectors(
    first, script, tmp_path
):
    script("UPDATE vectors SET space_id = ?", (f"{PLAIN}-r1",))
    store = Store.in_folder(tmp_path)
    assert store.head("default") == Head(5, 0, 0, "", "", encoder="all-MiniLM-L6-v2")
    store.close()


def test_a_migrated_index_is_cut_anew_without_embedding_a_known_text_again(first, store):
    encoder = TableEncoder()
    assert Writer(store, "default", Vectors(store, encoder)).adopt() is True
    assert encoder.encoded == []
    assert store.head("default") == Head(5, 0, 0, "table-1", "numpy")
    assert store.count_passages("default") == 18
    assert store.count_strays() == (0, 0)
    assert store.vectors("table-1", [text_key("a stray")]) == {}


def test_a_migrated_database_is_opened_again_as_it_is(first, tmp_path, path):
    Store.in_folder(tmp_path).close()
    before = tables(path)
    Store.in_folder(tmp_path).close()
    assert tables(path) == before


def test_a_first_database_whose_version_was_never_written_is_migrated(script, tmp_path, path):
    script(FIRST + "DELETE FROM schema_version;")
    Store.in_folder(tmp_path).close()
    assert differences(path) == (HEAD, [])


def test_a_migration_that_fails_leaves_the_database_as_it_was(first, script, tmp_path, path):
    script("CREATE TABLE rejects (something INTEGER)")
    before = tables(path)
    with pytest.raises(DataFolderError, match="table rejects already exists"):
        Store.in_folder(tmp_path)
    assert tables(path) == before


def test_a_database_not_yet_in_log_mode_is_opened_once_another_process_lets_go(
    first, tmp_path, path
):
    entered = threading.Event()

    def write_without_a_log():
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE tenants SET sequence = 6 WHERE tenant = 'default'")
        entered.set()
        threading.Event().wait(0.3)
        connection.execute("COMMIT")
        connection.close()

    writer = threading.Thread(target=write_without_a_log)
    writer.start()
    assert entered.wait(20)
    try:
        store = Store.in_folder(tmp_path)
    finally:
        writer.join(20)
    assert store.head("default").sequence == 6
    store.close()


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE alembic_version SET version_num = '0099'", "'0099'"),
        (
            "DROP TABLE alembic_version; CREATE TABLE schema_version (version INTEGER);"
            "INSERT INTO schema_version VALUES (9)",
            "'schema 9'",
        ),
    ],
)
def test_a_database_of_a_newer_program_is_refused_and_left_alone(
    tmp_path, path, script, sql, found
):
    Store.in_folder(tmp_path).close()
    script(sql)
    before = tables(path)
    expected = f"mentors.db stands at {found}, this program knows '{HEAD}' at most: install the "
    with pytest.raises(DataFolderError, match=expected):
        Store.in_folder(tmp_path)
    assert tables(path) == before


def test_a_file_that_is_no_database_is_refused(tmp_path, path):
    path.write_bytes(b"Dear diary, " * 500)
    with pytest.raises(DataFolderError, match=r"mentors\.db cannot be opened \(file is not a data"):
        Store.in_folder(tmp_path)


def test_a_database_cut_short_is_refused(tmp_path, path):
    store = Store.in_folder(tmp_path)
    store.write("t", [change(A)])
    store.close()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataFolderError, match="it is damaged or not a database of this program"):
        Store.in_folder(tmp_path)


@pytest.mark.parametrize("table", ["cows (name)", "mentors (name)"])
def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path, path, script, table):
    script(f"CREATE TABLE {table}")
    before = tables(path)
    with pytest.raises(DataFolderError, match=r"has a table '\w+' of something else"):
        Store.in_folder(tmp_path)
    assert tables(path) == before


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("secure_delete", 1), ("temp_store", 2)],
)
def test_what_is_written_is_synced_and_what_is_deleted_overwritten(store, pragma, expected):
    assert value(store, f"PRAGMA {pragma}") == expected


def test_a_reader_sees_one_state_while_others_write(store):
    with store.database.reading(EVERYBODY) as connection:
        count = sa.text("SELECT count(*) FROM mentors")
        assert connection.scalar(count) == 0
        store.write("t", [change(A)])
        assert connection.scalar(count) == 0
    assert store.count("t") == 1


def test_writers_wait_for_each_other(store):
    entered, left = threading.Event(), threading.Event()

    def write():
        with store.database.writing(EVERYBODY) as connection:
            entered.set()
            assert left.wait(20)
            connection.exec_driver_sql("INSERT INTO tenants (tenant, sequence) VALUES ('u', 7)")

    slow = threading.Thread(target=write)
    slow.start()
    assert entered.wait(20)
    threading.Timer(0.1, left.set).start()
    assert store.write("u", [change(A)]) == 8
    slow.join(20)


def test_a_database_blocked_too_long_is_unavailable_and_nothing_is_kept(
    tmp_path, path, monkeypatch
):
    monkeypatch.setattr(module, "WAIT_MS", 20)
    store = Store.in_folder(tmp_path)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"cannot be written now \(database is locked\)"):
        store.write("t", [change(A)])
    blocker.execute("ROLLBACK")
    blocker.close()
    assert store.all("t") == (0, [])
    store.close()


def test_a_database_that_cannot_grow_is_unavailable_and_nothing_is_kept(store):
    with store.database.writing(EVERYBODY) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="free disk space or end what blocks it"):
        store.write("t", [change(Mentor("a", bio="x" * 100_000))])
    assert store.all("t") == (0, [])


def test_purging_empties_the_log(store, tmp_path):
    store.write("t", [change(A)])
    assert (tmp_path / "mentors.db-wal").stat().st_size > 0
    assert store.database.purge_log() is True
    assert (tmp_path / "mentors.db-wal").stat().st_size == 0


def test_a_reader_of_an_older_state_keeps_the_log(store, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "WAIT_MS", 20)
    other = Store.in_folder(tmp_path)
    with store.database.reading(EVERYBODY) as connection:
        connection.exec_driver_sql("SELECT count(*) FROM mentors").scalar()
        other.write("t", [change(A)])
        assert other.database.purge_log() is False
    assert other.database.purge_log() is True
    other.close()


def test_what_was_removed_is_in_no_byte_once_the_log_is_empty(store, path):
    store.write("t", [change(Mentor("a", bio="Quincewright " * 500)), change(Mentor("b", bio="x"))])
    store.database.purge_log()
    assert b"Quincewright" in path.read_bytes()
    store.remove("t", ["a"])
    store.database.purge_log()
    assert [f.name for f in path.parent.iterdir() if b"Quincewright" in f.read_bytes()] == []


def test_a_sound_database_has_no_problems(store):
    assert store.database.problems() == []


def test_a_broken_index_of_the_database_is_a_problem(tmp_path, path, script):
    store = Store.in_folder(tmp_path)
    store.write("t", [change(A)])
    store.close()
    script(
        "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'CREATE INDEX "
        "mentors_by_revision ON mentors (tenant, record)' WHERE name = 'mentors_by_revision'"
    )
    store = Store.in_folder(tmp_path)
    assert store.database.problems()[0].startswith("The database: ")
    store.close()


def test_a_copy_of_a_database_in_use_is_one_file_with_all_of_it(store, tmp_path):
    store.write("t", [change(A)])
    (tmp_path / "copy").mkdir()
    store.database.copy_to(tmp_path / "copy" / "mentors.db")
    copy = Store.in_folder(tmp_path / "copy")
    assert copy.all("t") == (1, [A])
    copy.database.single_file()
    copy.close()
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["mentors.db"]


def test_a_database_in_memory_can_be_read_and_written():
    store = Store("sqlite://")
    assert store.write("t", [change(A)]) == 1
    assert store.all("t") == (1, [A])
    store.close()


def test_without_the_driver_of_postgresql_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(DataFolderError, match=r"pip install 'mentor-recommender\[postgres\]'"):
        Store("postgresql+psycopg://nobody@127.0.0.1:1/none")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:verysecret@host/mentors", "one that begins with 'mysql'"),
        ("postgresql+asyncpg://me:verysecret@host/mentors", "begins with 'postgresql.asyncpg'"),
        ("me:verysecret@host", "is no URL"),
    ],
)
def test_a_url_of_something_else_is_refused_and_its_password_not_said(url, said):
    with pytest.raises(BadInput, match=said) as raised:
        Store(url)
    assert "verysecret" not in str(raised.value)
