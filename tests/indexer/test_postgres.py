"""What PostgreSQL has beyond the store's tests, which run on it too: one server, many hosts."""

import hashlib
import itertools
import re
import threading
import time
from contextlib import closing, contextmanager

import numpy as np
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from indexer import backup, keeping, postgres, proof
from indexer.database import EVERYBODY, HEAD, Database
from indexer.feedback import Event, Feedback
from indexer.folder import DataFolder
from indexer.following import Follower
from indexer.generations import Generations
from indexer.keeping import Keeper
from indexer.records import canonical_json
from indexer.store import Change, Cut, Store
from indexer.tables import mentors as table
from indexer.tables import metadata
from indexer.tallies import by_day
from indexer.vectors import Vectors
from indexer.writing import Writer
from models.errors import BadInput, DataFolderError, DataFolderForeign, NoIndex, StoreUnavailable
from models.mentor import Mentor
from tests.conftest import rounds_of
from tests.fakes import TableEncoder, WideEncoder, put
from tests.fakes import mentors as people
from tests.postgres import Postgres, migrated
from tests.postgres import postgres as server_of

pytestmark = pytest.mark.scale
ONE, TWO = b"1" * 32, b"2" * 32
TABLES = set(metadata.tables)


@pytest.fixture
def server() -> Postgres:
    return server_of()


@pytest.fixture
def name(server):
    name = server.new(migrated())
    yield name
    server.drop(name)


@pytest.fixture
def url(server, name):
    return server.url(name)


@pytest.fixture
def store(url):
    store = Store(url)
    yield store
    store.close()


def change(id, *texts, bio="Baker."):
    mentor = Mentor(id, bio=bio)
    return Change(mentor, canonical_json(mentor), Cut(texts))


def write(store, tenant, id, *texts, bio="Baker."):
    fresh = {text: np.float32([1, 0]) for text in texts}
    return store.write(tenant, [change(id, *texts, bio=bio)], "s", "r", fresh)


def eventually(holds, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "nothing happened before the deadline"
        time.sleep(0.02)


# --- the schema ---


def test_a_new_database_has_the_schema_of_the_program(url):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        # Types are compared on SQLite; how text is sorted, which is not, has a test below.
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD
    engine.dispose()


def test_every_table_with_a_tenant_is_guarded_and_binds_its_owner(server, name):
    guarded = server.admin(
        "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
        " WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polcmd = '*'"
        " AND pg_get_expr(p.polqual, c.oid) ~ 'tenant.*mentors.tenant'",
        database=name,
    )
    with_tenant = {name for name, found in metadata.tables.items() if "tenant" in found.columns}
    assert {row[0] for row in guarded} == with_tenant
    assert set(metadata.tables) - with_tenant == {"vectors"}  # shared: a text's, whoever has it


def test_every_text_is_sorted_by_its_bytes(server, name):
    others = server.admin(
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_collation l ON l.oid = a.attcollation WHERE c.relkind IN ('r', 'i')"
        " AND c.relnamespace = 'public'::regnamespace AND l.collname <> 'C'"
        " AND c.relname !~ '^alembic'",
        database=name,
    )
    assert others == []


def test_several_hosts_may_migrate_a_new_database_at_once(server):
    name = server.new()
    failed = []

    def open_it():
        try:
            Database(server.url(name)).close()
        except Exception as error:  # noqa: BLE001 (told to the test's own thread)
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Store(server.url(name)).tenants() == []
    server.drop(name)


# --- what is refused ---


def test_a_role_that_passes_row_level_security_is_refused(server, name):
    server.admin("CREATE ROLE freed LOGIN BYPASSRLS", f"GRANT {'mentors'} TO freed")
    for role in ("postgres", "freed"):
        with pytest.raises(DataFolderError, match="is a superuser or has BYPASSRLS"):
            Store(server.url(name, role))
    server.admin("DROP ROLE freed")


def test_a_database_of_another_encoding_is_refused(server):
    server.admin(
        "CREATE DATABASE latin TEMPLATE template0 OWNER mentors ENCODING 'LATIN1' LOCALE 'C'"
    )
    with pytest.raises(DataFolderError, match="is encoded as LATIN1, expected UTF8"):
        Store(server.url("latin"))
    server.drop("latin")


def test_a_database_that_the_role_may_not_use_is_refused_in_one_sentence(server):
    name = server.new(owner="postgres")
    with pytest.raises(DataFolderError, match=r"permission denied.*that its role owns"):
        Store(server.url(name))
    server.drop(name)


def test_an_empty_database_is_left_empty_where_none_is_to_be_made(server):
    name = server.new()
    with pytest.raises(NoIndex, match="is empty"):
        Store(server.url(name), create=False)
    assert server.admin("SELECT 1 FROM pg_tables WHERE schemaname = 'public'", database=name) == []
    server.drop(name)


def test_no_password_is_in_what_is_said(server):
    where = f"mentors:verysecret@127.0.0.1:{server.port}/nowhere"
    with pytest.raises(StoreUnavailable, match=r"mentors:\*\*\*@.*does not exist") as raised:
        Store(f"postgresql+psycopg://{where}")
    assert "verysecret" not in str(raised.value)


@pytest.mark.parametrize("name", ["password", "sslpassword"])
def test_no_password_that_is_asked_for_in_the_url_is_in_what_is_said(server, name):
    url = f"{server.url('nowhere')}?{name}=verysecret"
    with pytest.raises(StoreUnavailable, match="does not exist") as raised:
        Store(url)
    assert server.url("nowhere") in str(raised.value)
    assert "verysecret" not in str(raised.value)


# --- tenants ---


def test_a_transaction_that_names_no_tenant_sees_nobody_and_writes_nothing(store):
    write(store, "t", "a", ONE)
    with store.database._engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert connection.execute(sa.delete(table)).rowcount == 0
    assert store.count("t") == 1


def test_a_query_that_forgets_the_tenant_sees_only_that_of_its_transaction(store):
    write(store, "t", "a", ONE)
    write(store, "u", "b", TWO)
    everything = sa.select(table.c.id)
    for tenant, ids in (("t", ["a"]), ("u", ["b"]), ("x", []), (EVERYBODY, ["a", "b"])):
        with store.database.reading(tenant) as connection:
            assert sorted(connection.scalars(everything)) == ids
    with store.database.writing("t") as connection:
        assert connection.execute(sa.delete(table)).rowcount == 1
    assert (store.count("t"), store.count("u")) == (0, 1)


def test_a_row_of_another_tenant_cannot_be_written(store):
    row = {"tenant": "u", "id": "a", "revision": 1, "content_hash": "", "text_hash": ""}
    with (
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
        store.database.writing("t") as connection,
    ):
        connection.execute(sa.insert(table).values(**row))
    assert store.tenants() == []


def test_a_vector_that_another_tenant_needs_stays(store):
    write(store, "t", "a", ONE)
    write(store, "u", "b", ONE)
    store.remove("t", ["a"])
    assert list(store.vectors("s", [ONE])) == [ONE]
    store.remove("u", ["b"])
    assert list(store.vectors("s", [ONE])) == []


def test_tenants_that_share_texts_write_at_once_and_every_passage_has_its_vector(store, url):
    texts = [bytes([i]) * 32 for i in range(8)]
    failed = []

    def work(tenant, seed):
        chance = np.random.default_rng(seed)
        with closing(Store(url)) as own:
            for number in range(rounds_of("writes of tenants that share texts")):
                some = [texts[i] for i in chance.permutation(len(texts))[:3]]
                try:
                    if chance.random() < 0.3:
                        own.remove(tenant, ["a"])
                    else:
                        write(own, tenant, "a", *some, bio=f"Baker {number}.")
                except Exception as error:  # noqa: BLE001 (told to the test's own thread)
                    failed.append(error)

    threads = [threading.Thread(target=work, args=(f"t{i}", i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert store.count_strays() == (0, 0)
    with store.database.reading(EVERYBODY) as connection:
        lacking = connection.exec_driver_sql(
            "SELECT count(*) FROM passages p WHERE NOT EXISTS"
            " (SELECT 1 FROM vectors v WHERE v.text_hash = p.text_hash)"
        ).scalar()
    assert lacking == 0


def test_writers_of_one_tenant_take_turns_and_those_of_two_do_not(store):
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with store.database.writing("t"):
            entered.set()
            assert leave.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(20)
    assert write(store, "u", "b", TWO) == 1
    waiting = threading.Thread(target=write, args=(store, "t", "a", ONE))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    leave.set()
    holder.join(20)
    waiting.join(20)
    assert store.count("t") == 1


def test_changes_become_visible_in_the_order_of_the_sequence(store, url):
    """A follower that has seen a change never misses an earlier one, whoever writes."""
    each = rounds_of("writes of tenants that share texts")

    def work(i):
        with closing(Store(url)) as own:
            for number in range(each):
                write(own, "t", f"m{i}-{number}", ONE)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    since, seen = 0, []
    while len(seen) < 4 * each:
        assert any(thread.is_alive() for thread in threads) or store.head("t").sequence > since
        _, changes = store.changes("t", since)
        seen += [one.revision for one in changes]
        since = seen[-1] if seen else 0
    for thread in threads:
        thread.join()
    assert seen == list(range(1, 4 * each + 1))


def test_transactions_are_those_that_the_store_relies_on_whatever_the_role_has(server, url):
    server.admin("ALTER ROLE mentors SET default_transaction_isolation = serializable")
    shown = []
    try:
        with closing(Store(url)) as store:
            for begun in (store.database.reading("t"), store.database.writing("t")):
                with begun as connection:
                    shown.append(connection.exec_driver_sql("SHOW transaction_isolation").scalar())
    finally:
        server.admin("ALTER ROLE mentors RESET default_transaction_isolation")
    assert shown == ["repeatable read", "read committed"]


def test_who_has_made_commits_weaker_for_other_programs_has_not_for_this_one(server, url):
    server.admin("ALTER ROLE mentors SET synchronous_commit = off")
    try:
        with closing(Store(url)) as store, store.database.reading(EVERYBODY) as connection:
            kept = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
    finally:
        server.admin("ALTER ROLE mentors RESET synchronous_commit")
    assert kept == "on"


# --- text ---


@pytest.mark.parametrize("odd", ["a\0b", "\ufdd0", "\ufdd00\0", "\ufdd01\0\ufdd0", "\0"])
def test_any_text_comes_back_as_it_was(store, odd):
    write(store, "t", "a")
    Feedback(store.database).record("t", [Event("r", "a", "shown", None, 1.0)], goals=odd)
    assert [said for _, said in Feedback(store.database).events("t")] == [odd]
    assert store.read("t", [odd]) == {}


def test_a_day_begins_at_its_first_second_and_not_half_one_before(store):
    write(store, "t", "a")
    last, first = 86_400 * 10 - 0.4, 86_400 * 10 + 0.4
    events = [Event("r", "a", kind, None, at) for kind, at in (("shown", last), ("opened", first))]
    Feedback(store.database).record("t", events)
    found = {tally.event: tally.day for tally in by_day(store.database, "t", 0)}
    assert found == {"shown": 9, "opened": 10}


# --- being woken ---


def test_what_another_process_changes_is_heard(store, url):
    with closing(store.database.listen(5.0)) as heard, closing(Store(url)) as other:
        assert next(heard) is True
        began = time.monotonic()
        write(other, "t", "a", ONE)
        assert next(heard) is True
        assert time.monotonic() - began < 4


def test_who_listens_is_told_when_the_connection_is_lost(store, server, name):
    with closing(store.database.listen(5.0)) as heard:
        next(heard)
        server.cut(name)
        with pytest.raises(StoreUnavailable, match="cannot be listened to now"):
            next(heard)


# --- faults ---


def test_a_connection_cut_in_the_middle_of_a_batch_leaves_nothing_of_it(store, server, name):
    write(store, "t", "a", ONE)

    def cut_off():
        with store.database.together("t"):
            write(store, "t", "b", TWO)
            server.cut(name)
            write(store, "t", "c", TWO)

    with pytest.raises(StoreUnavailable, match="nothing of this change was kept"):
        cut_off()
    assert store.head("t").sequence == 1
    assert write(store, "t", "b", TWO) == 2
    assert store.count_strays() == (0, 0)


def test_connections_cut_while_nobody_uses_them_are_not_noticed(store, server, name):
    write(store, "t", "a", ONE)
    assert server.cut(name) > 0
    assert store.count("t") == 1
    assert write(store, "t", "b", ONE) == 2


def test_a_commit_whose_answer_is_lost_is_said_to_be_unknown(store, monkeypatch):
    """The server has it, the caller cannot know: made again it is found to be there."""

    dialect = store.database._engine.dialect
    commit = dialect.do_commit

    def lose(connection):
        commit(connection)
        connection.driver_connection.close()
        raise dialect.loaded_dbapi.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(dialect, "do_commit", lose)
        with pytest.raises(StoreUnavailable, match="is not known, and making it again is harmless"):
            write(store, "t", "a", ONE)
    assert store.count("t") == 1


def test_writers_that_wait_too_long_are_told(url, monkeypatch):
    monkeypatch.setattr(postgres, "WAIT_MS", 100)
    with closing(Store(url)) as store, closing(Store(url)) as other:
        entered, leave = threading.Event(), threading.Event()

        def hold():
            with other.database.writing("t"):
                entered.set()
                leave.wait(20)

        holder = threading.Thread(target=hold)
        holder.start()
        assert entered.wait(20)
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            write(store, "t", "a", ONE)
        assert store.database.answers is True
        leave.set()
        holder.join(20)


def test_a_server_killed_while_many_write_and_read_loses_nothing_acknowledged(  # noqa: PLR0915
    server, url
):
    """Killed with all its processes and started again, several times."""
    acknowledged: dict[str, int] = {}
    refused, wrong = [], []
    ended = threading.Event()

    def work(i):
        number = 0
        with closing(Store(url)) as own:
            while not ended.is_set():
                number += 1
                id = f"m{i}-{number}"
                try:
                    acknowledged[id] = write(own, "t", id, ONE)
                except StoreUnavailable as error:
                    refused.append(str(error))
                    time.sleep(0.01)
                except Exception as error:  # noqa: BLE001 (told to the test's own thread)
                    wrong.append(error)

    def read():
        with closing(Store(url)) as own:
            since = 0
            while not ended.is_set():
                try:
                    _, changes = own.changes("t", since)
                except StoreUnavailable:
                    time.sleep(0.01)
                    continue
                except Exception as error:  # noqa: BLE001 (told to the test's own thread)
                    wrong.append(error)
                    return
                found = [one.revision for one in changes]
                if found != list(range(since + 1, since + len(found) + 1)):
                    wrong.append(f"after {since} came {found}")
                since = found[-1] if found else since

    threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
    threads.append(threading.Thread(target=read))
    for thread in threads:
        thread.start()
    for _ in range(rounds_of("kills of a PostgreSQL server")):
        before = len(acknowledged)
        eventually(lambda before=before: len(acknowledged) > before + 20 or wrong)
        server.kill()
        eventually(lambda: refused or wrong)
        server.start()
    before = len(acknowledged)
    eventually(lambda: len(acknowledged) > before or wrong)
    ended.set()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert refused
    with closing(Store(url)) as store:
        rows = {row.id: row.revision for row in store.rows("t", 0, 1_000_000)}
        assert {id: rows.get(id) for id in acknowledged} == acknowledged
        assert sorted(rows.values()) == list(range(1, store.head("t").sequence + 1))
        # Of what was not acknowledged, at most one change a writer and kill is there all the same.
        assert len(rows) - len(acknowledged) <= 3 * rounds_of("kills of a PostgreSQL server")


def test_a_server_that_is_away_is_said_to_be_and_comes_back(server, store):
    write(store, "t", "a", ONE)
    assert store.database.answers is True
    server.kill()
    try:
        for _ in range(2):  # the first may find that its connection is lost
            with pytest.raises(StoreUnavailable, match="cannot be read now"):
                store.head("t")
        assert store.database.answers is False
    finally:
        server.start()
    assert store.head("t").sequence == 1
    assert store.database.answers is True


# --- erasure ---

WORDS = [hashlib.sha256(bytes([i])).hexdigest() for i in range(100)]  # which do not compress


def files_with(server, text):
    return [path for path in server.files() if text in path.read_bytes()]


def dead(server, name):
    """Rows of mentors that are deleted and still there."""
    (row,) = server.admin(
        "SELECT pg_stat_force_next_flush(), n_dead_tup FROM pg_stat_user_tables"
        " WHERE relname = 'mentors'",
        database=name,
    )
    return row[1]


def test_dead_rows_are_gone_once_the_log_is_purged(store, server, name):
    write(store, "t", "a", ONE)
    store.remove("t", ["a"])
    store.database._engine.dispose()  # who leaves says at once what they did
    eventually(lambda: dead(server, name) > 0)
    assert store.database.purge_log() is True
    eventually(lambda: dead(server, name) == 0)


def test_a_reader_of_an_older_state_keeps_dead_rows(store, url):
    write(store, "t", "a", ONE)
    with closing(Store(url)) as other, other.database.reading(EVERYBODY) as connection:
        connection.scalar(sa.select(sa.func.count()).select_from(table))
        store.remove("t", ["a"])
        assert store.database.purge_log() is False
    assert store.database.purge_log() is True


def test_a_table_that_another_process_cleans_is_not_taken_for_clean(store, url, server, name):
    write(store, "t", "a", ONE)
    store.remove("t", ["a"])
    engine = sa.create_engine(server.url(name))
    with engine.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE mentors IN SHARE UPDATE EXCLUSIVE MODE")
        assert store.database.purge_log() is False
    engine.dispose()
    assert store.database.purge_log() is True


def vacuumed(server, name):
    """How often each table has been vacuumed."""
    rows = server.admin("SELECT relname, vacuum_count FROM pg_stat_user_tables", database=name)
    return dict(map(tuple, rows))


@contextmanager
def old_transaction(server, name):
    """Somebody else's, which sees what is removed after it began; yields what ends it."""
    engine = sa.create_engine(
        server.url(name, "postgres"), isolation_level="REPEATABLE READ", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM mentors").all()
        yield connection.close
    engine.dispose()


def test_nothing_is_vacuumed_for_nothing(store, server, name):
    write(store, "t", "a", ONE)
    with old_transaction(server, name):
        store.remove("t", ["a"])
        assert store.database.purge_log() is False
        assert {table for table, count in vacuumed(server, name).items() if count} == {
            "alembic_version"
        }
    assert store.database.purge_log() is True
    assert all(count == 1 for table, count in vacuumed(server, name).items() if table in TABLES)


def test_a_read_that_overlaps_is_waited_for(store, server, name, monkeypatch):
    write(store, "t", "a", ONE)
    with old_transaction(server, name) as end:
        store.remove("t", ["a"])
        monkeypatch.setattr(time, "sleep", lambda _: end())
        assert store.database.purge_log() is True


def test_a_report_that_is_not_understood_proves_no_erasure(
    store, server, name, monkeypatch, caplog
):
    postgres._say_unknown.cache_clear()
    monkeypatch.setattr(postgres, "_UNDERSTOOD", re.compile("Zeilenversionen:"))
    write(store, "t", "a", ONE)
    store.remove("t", ["a"])
    assert store.database.purge_log() is False
    assert store.database.purge_log() is False
    assert vacuumed(server, name)["mentors"] == 2
    assert [record.message for record in caplog.records if "lc_messages" in record.message] == [
        "PostgreSQL does not report in English what a vacuum has kept, so no erasure can be shown "
        "to be done: set lc_messages = 'C' for the database."
    ]


def test_what_keeps_rows_for_hours_is_asked_about_ever_less_often(
    url, server, name, tmp_path, monkeypatch
):
    now, tries = [1000.0], []
    monkeypatch.setattr(time, "sleep", lambda _: None)
    vacuum = postgres.vacuum

    def counted(*arguments):
        tries.append(now[0])
        return vacuum(*arguments)

    monkeypatch.setattr(postgres, "vacuum", counted)
    with host(url, tmp_path / "one") as (store, _, keeper):
        put(store)
        keeper.keep(snapshot=True)
        monkeypatch.setattr(keeping.time, "monotonic", lambda: now[0])

        def live(seconds):
            for _ in range(0, seconds, 5):
                now[0] += 5.0
                if keeper.is_due():
                    keeper.keep()

        with old_transaction(server, name):
            store.remove("default", ["nurse"])
            live(3600)
            waits = [later - before for before, later in itertools.pairwise(tries)]
            assert 15 <= waits[0] <= 60
            assert all(before < later for before, later in itertools.pairwise(waits[:6]))
            assert 600 <= max(waits) <= 660
            assert len(tries) <= 12
        live(660)
        head = store.head("default")
        assert head.erased_at == head.removed_at > 0


def test_feedback_is_erased_without_a_vacuum_and_vacuumed_later(store, server, name, monkeypatch):
    write(store, "t", "a", ONE)
    database = store.database
    feedback = Feedback(database)
    for id in ("r", "s"):
        feedback.record("t", [Event(id, "a", "shown", None, 1.0)], goals="My own words")
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def counts():
        found = vacuumed(server, name)
        return found["feedback"], found["asked"], found["mentors"]

    assert feedback.erase("t", "r") == 1
    assert counts() == (0, 0, 0)
    with old_transaction(server, name):
        assert feedback.erase("t", "s") == 1
        database.purge_left()  # which somebody keeps from being done
        assert counts() == (0, 0, 0)
        assert database.pauses
    database.end_pause()
    database.purge_left(3600)
    assert counts() == (0, 0, 0)
    database.purge_left()
    assert counts() == (1, 1, 0)
    database.purge_left()
    assert counts() == (1, 1, 0)


def test_files_of_whoever_is_removed_do_not_wait_for_the_database(
    url, server, name, tmp_path, monkeypatch
):
    now = [1000.0]
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with host(url, tmp_path / "one") as (store, _, keeper):
        put(store)
        keeper.keep(snapshot=True)
        monkeypatch.setattr(keeping.time, "monotonic", lambda: now[0])
        with old_transaction(server, name):
            store.remove("default", ["nurse"])
            keeper.keep()
            assert store.database.pauses
            store.remove("default", ["welder"])
            kept = keeper.generations.names()
            assert keeper.is_due() is False
            now[0] += keeping.ERASE_AFTER_S - 1
            store.database._vacuums.put_off()  # which is longer than removals are gathered
            now[0] += 1
            assert store.database.pauses
            assert keeper.is_due() is True
            keeper.keep()
            assert set(keeper.generations.names()).isdisjoint(kept)
            assert keeper.is_due() is False


def test_no_file_of_the_server_has_a_removed_text_after_a_full_vacuum(store, server, name):
    """A plain one leaves bytes in free space, which the guide says; this is what it recommends."""
    store.write("t", [change("a", bio=" ".join(WORDS))])
    server.admin("CHECKPOINT")
    assert [path for path in files_with(server, WORDS[50].encode()) if "base" in path.parts]
    store.remove("t", ["a"])
    assert store.database.purge_log() is True
    server.admin("VACUUM FULL", "CHECKPOINT", database=name)
    assert [path for path in files_with(server, WORDS[50].encode()) if "base" in path.parts] == []


def test_the_proof_looks_into_every_table(store, tmp_path):
    bio = "I taught Quincewright how to bake bread for the whole town."
    record = {"id": "a", "bio": bio, "skills": ["quinces"]}
    Writer(store, "default", Vectors(store, WideEncoder())).put(people(record))
    (mentor,) = store.all("default")[1]
    wanted = proof.evidence(store, "default", mentor)
    before = proof.look(tmp_path, wanted, store.database.contents())
    assert {trace.path.name for trace in before.traces} == {
        "the table mentors",
        "the table outlines",
        "the table vectors",
    }
    store.remove("default", ["a"])
    after = proof.look(tmp_path, wanted, store.database.contents())
    assert (after.traces, after.tables) == ((), len(metadata.tables))


@contextmanager
def host(url, data, tenant="default"):
    """One host: a data folder of its own on the shared database, and what keeps it."""
    folder = DataFolder(data, by_url=True)
    folder.ensure_writable()
    with closing(Store(url)) as store:
        vectors = Vectors(store, TableEncoder())
        follower = Follower(store, tenant, Generations(folder.tenant(tenant)), vectors)
        yield store, folder, Keeper(store, folder, tenant, follower)


def test_what_one_host_erases_goes_from_the_files_of_another_that_has_not_opened_the_tenant(
    url, store, tmp_path, monkeypatch
):
    monkeypatch.setattr(keeping, "BEHIND", 0)
    put(store)
    put(store, tenant="other")
    for data in ("one", "two"):
        with host(url, tmp_path / data) as (_, _, keeper):
            keeper.keep(snapshot=True)
    kept = Generations(DataFolder(tmp_path / "two").tenant("default"))
    assert kept.names()
    with host(url, tmp_path / "one") as (own, _, keeper):
        own.remove("default", ["nurse"])
        keeper.keep()
        head = own.head("default")
        assert head.erased_at == head.removed_at > 0
    assert kept.names()
    with host(url, tmp_path / "two", "other") as (_, _, keeper):
        keeper.keep_others()
    assert [found for found in kept.names() if kept.path(found).is_dir()] == []


def test_tombstones_that_one_host_has_dropped_are_missed_by_none(url, store, tmp_path):
    put(store)
    with host(url, tmp_path / "two") as (_, _, keeper):
        keeper.keep(snapshot=True)
        behind = keeper._follower
        with host(url, tmp_path / "one") as (own, _, other):
            own.remove("default", ["nurse"])
            other.keep(snapshot=True)
            assert own.head("default").purged_at > 0
        assert "nurse" in behind.index.catalogue.ids_alive()
        behind.catch_up()
        assert "nurse" not in behind.index.catalogue.ids_alive()


# --- moving between databases ---


def everything(store):
    with store.database.reading(EVERYBODY) as connection:
        return {
            name: sorted(map(repr, connection.execute(sa.select(found)).all()))
            for name, found in metadata.tables.items()
        }


def test_a_backup_leads_from_one_database_to_the_other_and_back(store, server, tmp_path):
    put(store)
    put(store, tenant="other")
    Feedback(store.database).record("default", [Event("r", "nurse", "shown", None, 1.5)], "a\0b")
    store.remove("other", ["nurse"])
    backup.backup(store, tmp_path / "backup")
    with closing(backup.restore(tmp_path / "backup", DataFolder(tmp_path / "folder"))) as file:
        assert everything(file) == everything(store)
        backup.backup(file, tmp_path / "again")
    name = server.new()
    folder = DataFolder(tmp_path / "elsewhere", by_url=True)
    with closing(backup.restore(tmp_path / "again", folder, server.url(name))) as moved:
        assert everything(moved) == everything(store)
        with pytest.raises(DataFolderForeign, match="is not empty: restore into a new one"):
            backup.restore(tmp_path / "again", folder, server.url(name))
    server.drop(name)


def test_what_is_no_backup_is_not_restored(url, tmp_path):
    (tmp_path / "letter").write_bytes(b"Dear diary, " * 500)
    with pytest.raises(BadInput, match="is damaged or no backup of this program"):
        backup.restore(tmp_path / "letter", DataFolder(tmp_path / "new", by_url=True), url)
