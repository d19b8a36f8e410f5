"""What a lesson imports: `from labkit.lesson import check, hint`."""

from __future__ import annotations

from labkit.lesson.check import check, hint

__all__ = ["check", "hint"]
