"""The examples that the RFCs print."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiler.model.overlays import JsonOperation
from compiler.overlay.errors import PatchError
from compiler.overlay.jsonpatch import equal, json_patch, parse_pointer
from compiler.overlay.mergepatch import merge_patch

# RFC 7396, appendix A: original, patch, result.
MERGE_PATCHES = """
{"a":"b"}            | {"a":"c"}                     | {"a":"c"}
{"a":"b"}            | {"b":"c"}                     | {"a":"b","b":"c"}
{"a":"b"}            | {"a":null}                    | {}
{"a":"b","b":"c"}    | {"a":null}                    | {"b":"c"}
{"a":["b"]}          | {"a":"c"}                     | {"a":"c"}
{"a":"c"}            | {"a":["b"]}                   | {"a":["b"]}
{"a":{"b":"c"}}      | {"a":{"b":"d","c":null}}      | {"a":{"b":"d"}}
{"a":[{"b":"c"}]}    | {"a":[1]}                     | {"a":[1]}
["a","b"]            | ["c","d"]                     | ["c","d"]
{"a":"b"}            | ["c"]                         | ["c"]
{"a":"foo"}          | null                          | null
{"a":"foo"}          | "bar"                         | "bar"
{"e":null}           | {"a":1}                       | {"e":null,"a":1}
[1,2]                | {"a":"b","c":null}            | {"a":"b"}
{}                   | {"a":{"bb":{"ccc":null}}}     | {"a":{"bb":{}}}
"""

# RFC 6902, appendix A, by its numbers: document, operations, result (or ! where it must fail).
JSON_PATCHES = {
    "1 adding an object member": (
        {"foo": "bar"},
        [{"op": "add", "path": "/baz", "value": "qux"}],
        {"baz": "qux", "foo": "bar"},
    ),
    "2 adding an array element": (
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    "3 removing an object member": (
        {"baz": "qux", "foo": "bar"},
        [{"op": "remove", "path": "/baz"}],
        {"foo": "bar"},
    ),
    "4 removing an array element": (
        {"foo": ["bar", "qux", "baz"]},
        [{"op": "remove", "path": "/foo/1"}],
        {"foo": ["bar", "baz"]},
    ),
    "5 replacing a value": (
        {"baz": "qux", "foo": "bar"},
        [{"op": "replace", "path": "/baz", "value": "boo"}],
        {"baz": "boo", "foo": "bar"},
    ),
    "6 moving a value": (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    "7 moving an array element": (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    "8 testing a value: success": (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    "9 testing a value: error": ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "bar"}], "!"),
    "10 adding a nested member object": (
        {"foo": "bar"},
        [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
        {"foo": "bar", "child": {"grandchild": {}}},
    ),
    "12 adding to a nonexistent target": ({"foo": "bar"}, [{"op": "add", "path": "/baz/bat", "value": "qux"}], "!"),
    "14 escape ordering": (
        {"/": 9, "~1": 10},
        [{"op": "test", "path": "/~01", "value": 10}],
        {"/": 9, "~1": 10},
    ),
    "15 comparing strings and numbers": ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": "10"}], "!"),
    "16 adding an array value": (
        {"foo": ["bar"]},
        [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}],
        {"foo": ["bar", ["abc", "def"]]},
    ),
    # Beyond the appendix.
    "an index with a leading zero": ({"foo": [1, 2]}, [{"op": "remove", "path": "/foo/01"}], "!"),
    "removing at the dash": ({"foo": [1]}, [{"op": "remove", "path": "/foo/-"}], "!"),
    "the empty key": ({"": {"": 1}}, [{"op": "replace", "path": "//", "value": 2}], {"": {"": 2}}),
    "a move into itself": ({"a": {"b": 1}}, [{"op": "move", "from": "/a", "path": "/a/b"}], "!"),
    "a move of an item into itself": ({"a": [{}, {}]}, [{"op": "move", "from": "/a/0", "path": "/a/0/x"}], "!"),
    "a move to the same place": ({"a": 1}, [{"op": "move", "from": "/a", "path": "/a"}], {"a": 1}),
    "removing the whole": ({"a": 1}, [{"op": "remove", "path": ""}], "!"),
    "replacing the whole": ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    "true is not 1": ({"a": 1}, [{"op": "test", "path": "/a", "value": True}], "!"),
    "1.0 is 1": ({"a": [1]}, [{"op": "test", "path": "/a", "value": [1.0]}], {"a": [1]}),
    "below a scalar": ({"a": 1}, [{"op": "add", "path": "/a/b", "value": 2}], "!"),
    "after a failed operation nothing is done": (
        {"a": 1},
        [{"op": "test", "path": "/a", "value": 2}, {"op": "remove", "path": "/a"}],
        "!",
    ),
}


@pytest.mark.parametrize("line", MERGE_PATCHES.strip().splitlines())
def test_merge_patch(line: str) -> None:
    original, patch, result = map(json.loads, line.split("|"))
    assert merge_patch(original, patch) == result


@pytest.mark.parametrize(("document", "operations", "result"), JSON_PATCHES.values(), ids=JSON_PATCHES)
def test_json_patch(document: Any, operations: list[dict[str, Any]], result: Any) -> None:
    parsed = [JsonOperation(each["op"], each["path"], each.get("from", ""), each.get("value")) for each in operations]
    before = json.dumps(document)
    if result == "!":
        with pytest.raises(PatchError, match=r"^operation \d \("):
            json_patch(document, parsed)
    else:
        assert equal(json_patch(document, parsed), result)
    assert json.dumps(document) == before


# RFC 6901, section 5.
POINTERS = {
    "": (),
    "/foo": ("foo",),
    "/foo/0": ("foo", "0"),
    "/": ("",),
    "/a~1b": ("a/b",),
    "/c%d": ("c%d",),
    "/m~0n": ("m~n",),
    "/ ": (" ",),
}


@pytest.mark.parametrize(("text", "keys"), POINTERS.items())
def test_pointer(text: str, keys: tuple[str, ...]) -> None:
    assert parse_pointer(text) == keys


@pytest.mark.parametrize("text", ["foo", "/a~2b", "/a~", "#/foo"])
def test_no_pointer(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON pointer|must be written"):
        parse_pointer(text)
