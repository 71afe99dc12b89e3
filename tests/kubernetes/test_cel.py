"""CEL: what expressions give, what does not compile, what is not certain. Expected by cel-spec and Kubernetes' libraries."""

from __future__ import annotations

from typing import Any

import pytest

from compiler.kubernetes import cel
from compiler.kubernetes.cel.types import DYN, Type, of_schema
from compiler.kubernetes.cel.values import Optional

SELF = {
    "name": "web",
    "count": 3,
    "ratio": 0.5,
    "tags": ["a", "b"],
    "ports": [{"name": "http", "port": 80}, {"name": "tls", "port": 443}],
    "labels": {"app": "web"},
}


def value(text: str) -> Any:
    return cel.Evaluator().value(cel.parse(text), {"self": SELF})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 == 7 && !(2 > 3)", True),
        ("-7 / 2", -3),
        ("-7 % 2", -1),
        ("7.0 / 2.0", 3.5),
        ("2u + 3u", 5),
        ("0x10 + 1", 17),
        ("1 == 1.0 && 1 < 1.5 && 2u > 1", True),
        ("1 == '1'", False),
        ("'a' + 'b'", "ab"),
        ("[1, 2] + [3]", [1, 2, 3]),
        ("'a\\tb\\u0041' == \"a\\tbA\"", True),
        (r"r'\d' == '\\d'", True),
        ("b'\\xff' == b'\\377'", True),
        ("'''a\nb'''.size()", 3),
        ("true || 1 / 0 == 1", True),
        ("1 / 0 == 1 || true", True),
        ("false && 1 / 0 == 1", False),
        ("[0, 1].exists(x, 1 / x == 1)", True),
        ("[0, 2].all(x, 1 / x == 1)", False),
        ("[1, 2, 3].exists_one(x, x > 2)", True),
        ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
        ("[1, 2, 3].filter(x, x % 2 == 1)", [1, 3]),
        ("{'a': 1, 'b': 2}.all(k, v, k != '' && v > 0)", True),
        ("['x', 'y'].all(i, v, i < 2)", True),
        ("self.labels.exists(k, k == 'app')", True),
        ("'app' in self.labels && !('b' in {'a': 1})", True),
        ("has(self.name) && !has(self.nope)", True),
        ("self.?nope.orValue('x')", "x"),
        ("self.?name.orValue('x')", "web"),
        ("self.?nope.?deeper.hasValue()", False),
        ("self.labels[?'b'].or(optional.of('c')).value()", "c"),
        ("optional.of(2).optMap(x, x * 2).value()", 4),
        ("cel.bind(x, self.count * 2, x + x)", 12),
        ("self.count > 2 ? 'many' : 'few'", "many"),
        ("size(self.tags) == 2 && self.tags.size() == 2 && size('äb') == 2", True),
        ("self.ports.map(p, p.port).sum()", 523),
        ("[1, 3, 2].isSorted() || [1, 1, 2].isSorted()", True),
        ("[3, 1, 2].min() + [3, 1, 2].max()", 4),
        ("['b', 'a', 'b'].indexOf('b') + ['b', 'a', 'b'].lastIndexOf('b')", 2),
        ("'a,b,c'.split(',')", ["a", "b", "c"]),
        ("'a,b,c'.split(',', 2)", ["a", "b,c"]),
        ("['a', 'b'].join('-')", "a-b"),
        ("' Ab '.trim().lowerAscii()", "ab"),
        ("'abc'.substring(1) + 'abc'.substring(0, 1) + 'abc'.charAt(1)", "bcab"),
        ("'hello'.replace('l', 'L', 1)", "heLlo"),
        ("'abc'.matches('^a.c$') && !'xabc'.matches('^a')", True),
        ("'a1b22'.find('[0-9]+')", "1"),
        ("'a1b22'.findAll('[0-9]+')", ["1", "22"]),
        ("int('42') + int(2.9) + int('-1')", 43),
        ("string(42) + string(true)", "42true"),
        ("double('1.5') == 1.5 && type(1) == int && type('a') != type(1)", True),
        ("timestamp('2026-01-02T03:04:05Z').getHours()", 3),
        ("timestamp('2026-01-02T03:04:05+02:00') < timestamp('2026-01-02T03:04:05Z')", True),
        ("duration('1h30m').getMinutes()", 90),
        ("duration('90s') == duration('1m30s') && duration('1s') > duration('100ms')", True),
        ("timestamp('2026-01-02T00:00:00Z') + duration('24h') == timestamp('2026-01-03T00:00:00Z')", True),
        ("quantity('1Gi').compareTo(quantity('1024Mi'))", 0),
        ("quantity('500m').isLessThan(quantity('1')) && isQuantity('1.5') && !isQuantity('1.5x')", True),
        ("quantity('2').add(quantity('500m')).sub(1) == quantity('1500m')", True),
        (
            "url('https://example.com:80/a?b=c').getHostname() + url('https://example.com:80/').getPort()",
            "example.com80",
        ),
        ("isURL('https://example.com') && !isURL('example.com')", True),
        ("ip('10.0.0.1').family() == 4 && isIP('::1') && !isIP('10.0.0.256')", True),
        ("cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').prefixLength() == 8", True),
        ("cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !isCIDR('10.0.0.0')", True),
        ("sets.contains([1, 2, 3], [2]) && sets.intersects([1], [1, 2]) && !sets.equivalent([1], [2])", True),
        ("math.greatest(1, 2, 3) - math.least([4, 5])", -1),
        ("// a comment\n1", 1),
    ],
)
def test_an_expression_gives(text: str, expected: Any) -> None:
    result = value(text)
    assert (result, isinstance(result, bool)) == (expected, isinstance(expected, bool))


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "self.nope",
        "self.tags[2]",
        "9223372036854775807 + 1",
        "0u - 1u",
        "int('a')",
        "duration('x')",
        "quantity('x')",
        "[].max()",
        "self.ports.all(p, p.nope == 1)",
        "optional.none().value()",
    ],
)
def test_an_expression_fails(text: str) -> None:
    with pytest.raises(cel.CelError):
        value(text)


@pytest.mark.parametrize(
    "text", ["semver('1.2.3')", "self.name.format(['a'])", "format.dns1123Label()", "(" * 300 + "1" + ")" * 300]
)
def test_what_only_the_server_has_is_not_certain(text: str) -> None:
    with pytest.raises(cel.CelUnknown):
        value(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("self.a >", "syntax error at character 9: the end is not expected here"),
        ("request.", "syntax error at character 9: the end is not expected here"),
        ("a b", "syntax error at character 3: 'b' is not expected here"),
        ("'open", "syntax error at character 1: ''' is not expected here"),
        ("a ? b", "syntax error at character 6: the end is not expected here"),
        ("[1, 2", "syntax error at character 6: the end is not expected here"),
        ("self.all(x)", "all: expected a variable and an expression"),
        ("has(self)", "has(): expected a field such as has(self.name)"),
        ("for > 1", "syntax error at character 1: 'for' is not expected here"),
        ("'\\q'", "'\\q' is not an escape"),
        ("9223372036854775808", "9223372036854775808 does not fit into 64 bits"),
    ],
)
def test_what_is_not_an_expression(text: str, message: str) -> None:
    with pytest.raises(cel.CelSyntaxError) as error:
        cel.parse(text)
    assert str(error.value) == message


KIND = of_schema(
    {
        "type": "object",
        "properties": {
            "size": {"type": "integer"},
            "ratio": {"type": "number"},
            "name": {"type": "string"},
            "wait": {"type": "string", "format": "duration"},
            "a-b": {"type": "boolean"},
            "namespace": {"type": "string"},
            "port": {"x-kubernetes-int-or-string": True},
            "tags": {"type": "array", "items": {"type": "string"}},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "free": {"x-kubernetes-preserve-unknown-fields": True},
        },
    },
    root=True,
)
assert KIND is not None  # for the type checker
NAMES = {"self": KIND, "object": DYN}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("self.size > 1", "bool"),
        ("self.size + 1", "int"),
        ("self.size < self.ratio", "bool"),
        ("self.a__dash__b && self.__namespace__ != ''", "bool"),
        ("self.metadata.name.size() + self.tags.size()", "int"),
        ("self.wait < duration('1h')", "bool"),
        ("self.port", "dyn"),
        ("self.tags.map(t, t + 'x')", "list(string)"),
        ("self.labels['a'] + self.labels.b", "string"),
        ("self.tags.filter(t, t in ['a']).size() > 0 ? 1 : 2", "int"),
        ("object.anything.at.all == 1", "bool"),
        ("quantity(self.name).isLessThan(quantity('1'))", "bool"),
        ("authorizer == null", "undeclared reference to 'authorizer'"),
        ("self.nope > 1", "undefined field 'nope'"),
        ("has(self.nope)", "undefined field 'nope'"),
        ("self.free == 1", "undefined field 'free'"),
        ("self.metadata.labels", "undefined field 'labels'"),
        ("foo(self)", "undeclared reference to 'foo'"),
        ("self.name.foo()", "undeclared reference to 'foo'"),
        ("1 == 'a'", "found no matching overload for '==' applied to '(int, string)'"),
        ("self.size == 1.0", "found no matching overload for '==' applied to '(int, double)'"),
        ("self.size == null", "found no matching overload for '==' applied to '(int, null)'"),
        ("self.name + 1", "found no matching overload for '+' applied to '(string, int)'"),
        ("self.name && true", "found no matching overload for '&&' applied to '(string, bool)'"),
        ("!self.size", "found no matching overload for '!' applied to '(int)'"),
        ("1 in self.tags", "found no matching overload for 'in' applied to '(int, list(string))'"),
        ("self.name.startsWith(1)", "found no matching overload for 'startsWith' applied to '(string, int)'"),
        ("self.size.x", "type 'int' does not support field selection ('x')"),
        ("self.tags.all(t, t.size())", "'all' wants bool, found 'int'"),
        ("self.size.all(t, true)", "'all' cannot range over type 'int'"),
    ],
)
def test_the_type_of_an_expression(text: str, expected: str) -> None:
    try:
        result = str(cel.check(cel.parse(text), NAMES))
    except cel.CelTypeError as error:
        result = str(error)
    assert result == expected


def test_an_optional_old_value_is_missing_when_an_object_is_made() -> None:
    node = cel.parse("oldSelf.hasValue() ? self.size >= oldSelf.value().size : true")
    assert cel.uses(node, "oldSelf")
    assert not cel.uses(node, "size")
    assert cel.Evaluator().value(node, {"self": SELF, "oldSelf": Optional()}) is True
    assert str(cel.check(node, {**NAMES, "oldSelf": Type("optional", KIND)})) == "bool"
