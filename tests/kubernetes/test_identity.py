"""Identities of objects: read back as written, also from inventories of 0.1."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.kubernetes import ObjectId

_WORD = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True)
_GROUP = st.just("") | st.from_regex(r"[a-z][a-z0-9]{0,5}(\.[a-z][a-z0-9]{0,5}){0,2}", fullmatch=True)
_NAME = st.text("abc.:-/ 1", min_size=1, max_size=9)
IDS = st.builds(ObjectId, _GROUP, _WORD, st.just("") | _WORD, _NAME)


@given(IDS)
def test_what_is_written_is_read_back(identity: ObjectId) -> None:
    assert ObjectId.read(json.loads(json.dumps(identity.plain()))) == identity


@given(IDS.filter(lambda identity: "/" not in identity.name))
def test_the_text_of_0_1_is_read(identity: ObjectId) -> None:
    assert ObjectId.read(str(identity)) == identity


@pytest.mark.parametrize(
    "value",
    [None, 3, "", "Secret", [], {}, {"kind": "A"}, {"kind": "A", "name": 1}, {"kind": "A", "name": "b", "x": "c"}],
)
def test_anything_else_is_none(value: object) -> None:
    with pytest.raises(ValueError, match="is not an object"):
        ObjectId.read(value)


def test_an_object_says_what_it_is() -> None:
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    assert ObjectId.of(body) == ("apps", "Deployment", "shop", "web")
    assert str(ObjectId.of(body)) == "Deployment.apps shop/web"
    assert ObjectId.of({"apiVersion": "v1", "kind": "Node"}) == ("", "Node", "", "")
