"""Recordings of the lab: a folder each below datasets/, its files' SHA-256 in the registry, checked when it is used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from labkit.errors import DatasetError

VARIABLE = "LABKIT_DATASETS"
"""Environment variable that names another folder of datasets."""

MAX_BYTES = 300_000
"""No dataset may be larger."""

_REGISTRY = "registry.json"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One recording and how it was made."""

    command: str
    """The command that makes it anew."""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of what it was made with."""
    truth: Mapping[str, Any] = field(default_factory=dict)
    """What is in it, where that was decided when it was made."""
    files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of each file, by its name in the dataset's folder."""


def home() -> Path:
    """The folder of all datasets: LABKIT_DATASETS, else beside the package in a clone, inside it when installed."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    installed = Path(__file__).parent / "_datasets"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "datasets"


def registry() -> dict[str, Dataset]:
    """Every dataset by name; DatasetError where the registry cannot be read."""
    path = home() / _REGISTRY
    try:
        return {name: Dataset(**entry) for name, entry in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as why:
        raise DatasetError(f"{path} cannot be read ({why}). Get it again: git checkout -- datasets") from why


def fetch(name: str) -> Path:
    """The folder of a dataset whose files are as they were recorded; else DatasetError says what to do."""
    known = registry()
    if name not in known:
        near = ", ".join(get_close_matches(name, known, 3) or list(known)[:3]) or "none at all"
        message = f"Nothing was recorded as {name!r}; there is: {near}. Record it on a live lab: labkit record"
        raise DatasetError(message, name=name)
    folder = home() / name
    for file, wanted in known[name].files.items():
        found = _sha256(folder / file)
        if found != wanted:
            seen = f"has SHA-256 {found[:12]}, not {wanted[:12]}" if found else "is missing"
            message = (
                f"{folder / file} {seen}.\nGet it again: git checkout -- datasets, or make it: {known[name].command}"
            )
            raise DatasetError(message, name=name, file=file)
    return folder


def register(name: str, dataset: Dataset) -> Dataset:
    """Write down what a dataset's folder holds now; DatasetError where it is too large."""
    folder = home() / name
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    size_bytes = sum(path.stat().st_size for path in paths)
    if size_bytes > MAX_BYTES:
        message = f"{name} has {size_bytes} bytes, at most {MAX_BYTES} are kept. Record shorter or fewer calls."
        raise DatasetError(message, name=name, size_bytes=size_bytes)
    files = {path.relative_to(folder).as_posix(): _sha256(path) for path in paths}
    made = Dataset(dataset.command, dataset.seed, dataset.versions, dataset.truth, files)
    entries = {**registry(), name: made}
    text = json.dumps({each: asdict(entries[each]) for each in sorted(entries)}, indent=1)
    partial = home() / f".{_REGISTRY}"
    partial.write_text(f"{text}\n")
    partial.replace(home() / _REGISTRY)
    return made


def _sha256(path: Path) -> str:
    """Of a file; empty where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
