"""What is said of an address before a Milvus is asked anything."""

import sys
import types

import pytest

from indexer.milvus import Milvus
from models.errors import BadInput


@pytest.fixture(autouse=True)
def package(monkeypatch):
    """Stands in for the client, which only an extra brings and no address needs."""
    standing = types.ModuleType("pymilvus")
    standing.MilvusException = type("MilvusException", (Exception,), {})
    monkeypatch.setitem(sys.modules, "pymilvus", standing)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("milvus://user:secret@host:19530/mentors-prod", "milvus://host:19530/mentors-prod"),
        ("milvus://user:secret@host:port/mentors", "milvus://host:port/mentors"),
        ("milvus://user:secret@host:99999", "milvus://host:99999"),
        ("milvus://user:se@cr#et/secret@host:port", "milvus://host:port"),
        ("milvus://[user:secret@host", "milvus://host"),
        ("mysql://user:secret@host/mentors?password=secret", "mysql://host/mentors"),
        ("user:secret@host:19530", "host:19530"),
        ("user:secret@host://x", "host://x"),
        ("milvus://", "milvus://"),
    ],
)
def test_an_address_that_is_none_is_shown_without_its_password(url, shown):
    with pytest.raises(BadInput, match="is no address of a Milvus") as said:
        Milvus(url)
    assert str(said.value).startswith(f"{shown!r} is no address")
    assert "secret" not in str(said.value)
    assert said.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "name", "prefix"),
    [
        ("milvus://user:secret@host:19531/mentors_prod", "host:19531", "mentors_prod"),
        ("https://host", "host:19530", "mentors"),
    ],
)
def test_an_address_has_a_port_and_a_prefix_where_none_is_given(url, name, prefix):
    milvus = Milvus(url)
    assert (milvus.name, milvus.prefix, milvus.problem) == (name, prefix, "")
