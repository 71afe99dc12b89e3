"""What the text of templates says about what a render depends on, read off without running it.

The answers are one-sided: a "no" is certain, a "yes" may cost one render too many. So strings inside actions count as
code (`tpl` runs them), and comments are not told apart. Go's text/template has no names but those written out: only a
name put together at run time (`tpl (printf "{{ %s }}" …)`) could escape, and its parts are looked for too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Functions of Sprig 3 that draw random bytes, read the clock, or give map keys in Go's random order. `date` and its
# relatives fall back to the current time for what is no time; `toDate` reads the machine's time zone.
_RANDOM = re.compile(
    r"""(?<![\w.$])(?:
        rand\w* | uuidv4 | shuffle | htpasswd | bcrypt | encryptAES | gen[A-Z]\w* | getHostByName
      | now | ago | date | (?:must)?[dD]ateModify | (?:must_)?date_modify | dateInZone | date_in_zone
      | htmlDate(?:InZone)? | (?:must)?[tT]oDate | durationRound
      | %s
    )(?!\w)
    | %%[+\#]?[pv] [^|)}]*? \s [.$](?![\w.])            # prints the addresses of pointers in the root context
    | (?<![\w$])\.Chart(?![\w.])                        # as whole it holds pointers: maintainers, dependencies
    """
    % r"(?:keys|values) (?! [^|(){}]* \)* \s* \| \s* (?:sortAlpha|len|uniq\s*\|\s*sortAlpha) (?!\w))",
    re.VERBOSE,
)
_KEYS_INSIDE = re.compile(r"(?:sortAlpha|len)\s+\(\s*(?:keys|values)\b[^|(){}]*\)")
_API_VERSIONS = re.compile(r"Capabilities(?!\.(?:KubeVersion|HelmVersion)\b)")
_KUBE_VERSION = re.compile(r"KubeVersion|Capabilities(?!\.(?:APIVersions|HelmVersion)\b)")
_TPL = re.compile(r"(?<![\w.$])tpl(?!\w)")


def draws_random(text: str) -> bool:
    """Whether what the templates (or values that reach `tpl`) in `text` print may differ from run to run."""
    return any(_RANDOM.search(_KEYS_INSIDE.sub("", action)) for action in _actions(text))


def reads_api_versions(text: str) -> bool:
    """Whether they may ask which APIs the cluster has: `Capabilities` in any form but its two versions."""
    return any(_API_VERSIONS.search(action) for action in _actions(text))


def reads_kube_version(text: str) -> bool:
    """Whether they may ask for the version of Kubernetes."""
    return any(_KUBE_VERSION.search(action) for action in _actions(text))


def runs_strings(text: str) -> bool:
    """Whether they run text as template (`tpl`), so that values and files count as templates too."""
    return any(_TPL.search(action) for action in _actions(text))


def reads_files(text: str) -> bool:
    """Whether they read files of the chart."""
    return any("Files" in action for action in _actions(text))


def _actions(text: str) -> Iterator[str]:
    """Text that covers every action: from each `{{` to the last `}}` before the next, since strings may hold either."""
    for piece in text.split("{{")[1:]:
        end = piece.rfind("}}")
        yield piece if end < 0 else piece[:end]
