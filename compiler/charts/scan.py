"""What a render may depend on, read off the text of its templates without running them.

The answers are one-sided: a "no" is certain, a "yes" may cost one render too many. Text that may become a template
(values, files) is searched whole; `template` and `code` first drop the parts of a template that Go never runs. Functions
are recognised by name; a name that is put together at run time is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# Functions of Sprig 3 that draw random bytes or read the clock. `date` and its relatives take the current time for anything
# that is not a time; `toDate` reads the machine's time zone. Functions that list maps in Go's random order are sorted
# (`charts.order`).
_RANDOM = re.compile(
    r"(?<![\w.$])(?:"
    r"rand\w*|uuidv4|shuffle|htpasswd|bcrypt|encryptAES|gen[A-Z]\w*|getHostByName"
    r"|now|ago|date|dateInZone|date_in_zone|htmlDate|htmlDateInZone|durationRound"
    r"|dateModify|mustDateModify|date_modify|must_date_modify|toDate|mustToDate)(?!\w)"
)
# The contexts of the chart and its subcharts hold a pointer (the capabilities), whose address would be printed.
_POINTER = re.compile(r"(?<!\w)toString\s+[.$](?![\w.])|(?<![\w.])[.$]\s*\|\s*toString(?!\w)|\.Subcharts(?![\w.])")
# `%v` and, before the command ends, a context by itself. One by one: in one expression each `%v` would look for it anew.
_FORMATTED = re.compile(r"(?P<verb>%[+#]?[pv])|(?P<context>\s[.$](?![\w.]))|[|)}]|include|tpl")
_CLOCK = re.compile(r"(?<![\w.$])(?:now|ago)(?!\w)")
_API_VERSIONS = re.compile(r"Capabilities(?!\.(?:KubeVersion|HelmVersion)\b)")
_KUBE_VERSION = re.compile(r"KubeVersion|Capabilities(?!\.(?:APIVersions|HelmVersion)\b)")
_TPL = re.compile(r"(?<![\w.$])tpl(?!\w)")
STRING = r"""  "(?:[^"\\\n]|\\.)*" | `[^`]*` | '(?:[^'\\\n]|\\.)*'  """
"""A string or character in an action, as a verbose expression."""
# Source: Go's text/template/parse/lex.go. An incomplete action is a syntax error, and nothing is rendered.
ACTION = re.compile(
    rf"""\{{\{{ (?: (?P<comment> (?:-\s)? /\*.*?(?:\*/|\Z))
              | (?: [^"`'}}]+ | \}}(?!\}}) | {STRING} )*+ (?: \}}\}} | \Z | ["`'] ) )""",
    re.DOTALL | re.VERBOSE,
)
_REST = re.compile(r"(?P<comment>.*)", re.DOTALL)
_MOST_BROKEN = 100  # incomplete actions: each may cost a look at the rest of the text
_FORMAT = re.compile(r"%[+#]?[pv]")
_STRINGS = re.compile(rf"""{STRING} | (?P<open>["'`])""", re.DOTALL | re.VERBOSE)


def actions(text: str) -> Iterator[re.Match[str]]:
    """The matches of `ACTION`, in linear time. After many incomplete actions the rest of the text counts as a comment: Go
    refuses a template with a single one, and nothing of it is run."""
    position = broken = 0
    while action := ACTION.search(text, position):
        position = action.end()
        if not action[0].endswith("}}") and action["comment"] is None:
            broken += 1
            if broken > _MOST_BROKEN:
                yield _REST.match(text, action.start())  # type: ignore[misc]  # it matches anywhere
                return
        yield action


def with_actions(text: str, changed: Callable[[re.Match[str]], str]) -> str:
    """The text with each of its actions as `changed` gives it."""
    parts: list[str] = []
    position = 0
    for action in actions(text):
        parts += text[position : action.start()], changed(action)
        position = action.end()
    return "".join((*parts, text[position:]))


def template(text: str) -> str:
    """A template's actions without its comments."""
    return "\n".join(action[0] for action in actions(text) if action["comment"] is None)


def code(text: str) -> str:
    """The result of `template` without strings that are prose. All are kept if one of them is a template (for `tpl`), or
    if many are not closed."""
    broken = 0
    for string in _STRINGS.finditer(text):
        broken += string["open"] is not None
        if broken > _MOST_BROKEN or "{{" in string[0]:
            return text
    return _STRINGS.sub(lambda string: string[0] if string["open"] or _FORMAT.search(string[0]) else '""', text)


def draws_random(text: str) -> bool:
    """Whether what the templates (or values that reach `tpl`) in `text` print may differ from run to run."""
    return any(_RANDOM.search(action) or _prints_pointer(action) for action in _actions(text))


def _prints_pointer(action: str) -> bool:
    if _POINTER.search(action):
        return True
    formatted = False
    for match in _FORMATTED.finditer(action) if "%" in action else ():
        if match["context"] and formatted:
            return True
        formatted = match["verb"] is not None or (formatted and match["context"] is not None)
    return False


def reads_api_versions(text: str) -> bool:
    """Whether they may read the cluster's APIs: `Capabilities` in any form but its two versions."""
    return "Capabilities" in text and any(_API_VERSIONS.search(action) for action in _actions(text))


def reads_kube_version(text: str) -> bool:
    """Whether they may read the version of Kubernetes."""
    return any(_KUBE_VERSION.search(action) for action in _actions(text))


def runs_strings(text: str) -> bool:
    """Whether they run text as a template (`tpl`): then values and files count as templates too."""
    return "tpl" in text and any(_TPL.search(action) for action in _actions(text))


def reads_files(text: str) -> bool:
    """Whether they read files of the chart."""
    return any("Files" in action for action in _actions(text))


def reads_clock(text: str) -> bool:
    """Whether they may read the clock. `date` of something that is not a time also does; that is not detected here."""
    return any(_CLOCK.search(action) for action in _actions(text))


def at_another_time(text: str) -> str:
    """The template with its clock set to another day: its output differs wherever the time is printed.

    Two renders within a second would not show it: most charts print the day. Strings are left alone: those with
    `{{` are nearly always foreign templates (dashboards), which Helm prints as they are.
    """

    def in_action(action: re.Match[str]) -> str:
        if action["comment"] is not None:
            return action[0]
        whole = action[0]
        position, parts = 0, []
        for string in _STRINGS.finditer(whole):
            parts += [_CLOCK.sub(_other_time, whole[position : string.start()]), string[0]]
            position = string.end()
        return "".join([*parts, _CLOCK.sub(_other_time, whole[position:])])

    return with_actions(text, in_action)


def _other_time(word: re.Match[str]) -> str:
    return "toString" if word[0] == "ago" else '(toDate "2006-01-02" "2001-02-03")'


def _actions(text: str) -> Iterator[str]:
    """Text that covers every action: from each `{{` to the last `}}` before the next, since strings may hold either."""
    for piece in text.split("{{")[1:]:
        end = piece.rfind("}}")
        yield piece if end < 0 else piece[:end]
