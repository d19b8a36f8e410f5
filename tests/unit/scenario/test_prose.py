"""Marks become elements, everything else stays text."""

from __future__ import annotations

import pytest

from labkit.scenario import prose


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`from_user` overwrites *every* From", "<code>from_user</code> overwrites <em>every</em> From"),
        ("dial `_X.` & <sip:1001>", "dial <code>_X.</code> &amp; &lt;sip:1001&gt;"),
        ("2 * 3 and 4 * 5", "2 * 3 and 4 * 5"),
        ("dial *43 or *97", "dial *43 or *97"),
        ("a lone ` stays", "a lone ` stays"),
        ("<b>`<i>`</b>", "&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;"),
    ],
)
def test_marks_become_elements(text: str, html: str) -> None:
    assert prose.html(text) == html
