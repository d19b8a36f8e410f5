"""What the Tab key offers after `%asterisk`, `%%pbx` and `%%dialplan`: Asterisk's words, real files and contexts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from IPython.core.completer import CompletionContext, SimpleCompletion, SimpleMatcherResult, context_matcher

from labkit.errors import LabError
from labkit.lab.lab import Lab
from labkit.lesson.editing import DIALPLAN

_CONTEXT = re.compile(r"^\[([^]\s]+)\]", re.MULTILINE)
_NO_CONTEXT = {"general", "globals"}
_NAME = "labkit.magics"
_END = "_EOF_"


def offer(shell: Any, lab: Lab) -> None:
    """Let a notebook offer these words, and no names of Python where one of them fits."""
    offers: dict[str, Callable[[str], Iterable[str]]] = {
        "%asterisk": lambda typed: words(lab.asterisk, typed),
        "%%pbx": lambda _: sorted(lab.config),
        "%%dialplan": lambda _: contexts(lab.config.get(DIALPLAN, "")),
    }

    @context_matcher(identifier=_NAME, priority=200)  # type: ignore[untyped-decorator]
    def matcher(context: CompletionContext) -> SimpleMatcherResult:
        """The words that fit what stands before the cursor; none where the lab cannot tell."""
        magic, _, typed = context.text_until_cursor.lstrip().partition(" ")
        last = re.split(r"\s", typed)[-1]
        try:
            found = [each for each in offers[magic](typed) if each.startswith(last)] if magic in offers else []
        except LabError:
            found = []
        completions = [SimpleCompletion(each, type="magic") for each in found]
        return {"completions": completions, "matched_fragment": last, "suppress": magic in offers}

    others = (each for each in shell.Completer.custom_matchers if getattr(each, "matcher_identifier", "") != _NAME)
    shell.Completer.custom_matchers = [*others, matcher]


def words(command: Callable[[str], str], typed: str) -> list[str]:
    """What may follow on Asterisk's command line, by Asterisk itself: `_command matchesarray` of main/cli.c.

    Its answer begins with what all words have in common, and ends with a mark.
    """
    if '"' in typed:
        return []
    last = re.split(r"\s", typed)[-1]
    found = command(f'_command matchesarray "{typed}" "{last}"').split(" ")
    return list(dict.fromkeys(found[1 : found.index(_END)])) if _END in found else []


def contexts(dialplan: str) -> list[str]:
    """Names of the contexts of a dialplan, in their order."""
    return [name for name in dict.fromkeys(_CONTEXT.findall(dialplan)) if name not in _NO_CONTEXT]
