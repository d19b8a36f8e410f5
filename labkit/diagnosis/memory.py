"""Answers that are worked out once: many rules ask the same about every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Memory(dict[Question, Answer]):
    """Answers by question; one that is not there yet is worked out."""

    def __init__(self, work_out: Callable[[Question], Answer]) -> None:
        """Remember nothing yet."""
        super().__init__()
        self._work_out = work_out

    def __missing__(self, question: Question) -> Answer:
        answer = self[question] = self._work_out(question)
        return answer
