"""The lab's configuration as PJSIP objects: explained, linted."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.lab.config import ROUTER
from labkit.pjsip import documentation, explaining
from labkit.pjsip.explaining import Explanation
from labkit.pjsip.lint import Report, lint_files
from labkit.pjsip.objects import read_objects
from labkit.runtime import rootfs


def explain(option: str, config: Mapping[str, str]) -> Explanation:
    """An option with its value in the lab's files and with Asterisk's own words, where there are such."""
    found = rootfs.find()
    pages = documentation.Documentation.read(found.path / documentation.PATH) if found else None
    return explaining.explain(option, read_objects(config) if "pjsip.conf" in config else None, pages)


def lint(config: Mapping[str, str]) -> Report:
    """What lint finds in the lab's files; its RTP ports are compared with the router's rules."""
    files = dict(config)
    return lint_files(files, files.get(ROUTER, ""))
