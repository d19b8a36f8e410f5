"""The files that Asterisk ships: read, written back byte for byte, and made into the objects that Asterisk makes."""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pytest

from labkit.errors import ConfigRejected, ParseError
from labkit.lab.lab import Lab
from labkit.pjsip import config
from labkit.pjsip.documentation import PATH
from labkit.pjsip.lint import lint, lint_files
from labkit.pjsip.objects import read_objects
from labkit.pjsip.reported import differences
from labkit.runtime import rootfs

NO_CONFIGURATION = {"ast_debug_tools.conf"}
"""Settings of a shell script, which bear the same suffix."""
WITHOUT_SECTION = {"cel_sqlite3_custom.conf", "dbsep.conf"}
"""Samples with all sections commented out but not all options: Asterisk refuses them as well."""
SHOWN = re.compile(r"^;\s?(\[[^\]]*\]|[a-z_0-9]+ *=[^;]+)", re.MULTILINE)
"""What pjsip.conf's comments show: sections and options behind one `;`."""


@pytest.fixture(scope="module")
def samples() -> dict[str, str]:
    """Text of each sample file by the name that it is installed under."""
    folder = rootfs.ensure().path / "usr/share/asterisk/conf/samples"
    texts = {path.name.removesuffix(".sample"): path.read_bytes() for path in folder.glob("*.conf*")}
    return {name: text.decode(errors="surrogateescape") for name, text in texts.items()}


def readable(samples: dict[str, str], name: str) -> bool:
    try:
        config.read(samples, name)
    except ParseError:
        return False
    return True


def test_every_sample_is_read(samples: dict[str, str]) -> None:
    assert len(samples) > 80
    assert {name for name in samples if not readable(samples, name)} == NO_CONFIGURATION | WITHOUT_SECTION


def test_every_option_of_every_sample_is_written_back_byte_for_byte(samples: dict[str, str]) -> None:
    options = 0
    for name, text in samples.items():
        with suppress(ParseError):
            sections = config.read({**samples, name: text}, name).sections
            for option in (each for section in sections for each in section.options if not each.inherited):
                source = samples[option.file]
                assert config.edited(source, option, option.value) == source
                there = config.edited(source, option, "other")
                begin = option.span[0]
                assert (there[:begin], there[begin : begin + 5]) == (source[:begin], "other")
                assert there[begin + 5 :] == source[option.span[1] :]
                options += 1
    assert options > 1000


def test_the_samples_have_no_error(tmp_path: Path, samples: dict[str, str]) -> None:
    for name, text in samples.items():
        (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    assert lint(tmp_path).errors == ()
    for name in samples:
        assert lint(tmp_path / name).errors == ()


def shown(text: str) -> str:
    """The examples in pjsip.conf's comments as a file, sections of the same name told apart."""
    numbers = count()
    lines = [match[1] for match in SHOWN.finditer(text)]
    return "\n".join(f"[{line[1:-1]}-{next(numbers)}]" if line.startswith("[") else line for line in lines)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """Any running Asterisk."""
    with Lab("samples", runtime="namespaces").up(fresh=True) as made:
        yield made
        made.down()


def test_the_examples_in_the_sample_make_the_objects_that_asterisk_makes(lab: Lab, samples: dict[str, str]) -> None:
    text = shown(samples["pjsip.conf"])
    lab.config["pjsip.d/shown.conf"] = text = text[text.index("[") :]
    with suppress(ConfigRejected):
        lab.reload()
    kinds = ("endpoint", "aor", "auth", "identify", "registration")
    objects = [each for each in read_objects({"pjsip.conf": text}).all if each.type in kinds]
    assert len(objects) >= 15
    held = {(each.type, each.id): lab.ari.object(each.type, each.id) for each in objects}
    assert [key for key, options in held.items() if options is None] == []
    unequal = [(each.type, each.id, differences(each, held[each.type, each.id] or {})) for each in objects]
    assert [found for found in unequal if found[2]] == []


def test_the_documentations_wizards_are_read() -> None:
    root = ElementTree.parse(rootfs.ensure().path / PATH).getroot()
    texts = ["".join(example.itertext()) for example in root.iter("example")]
    wizards = [text for text in texts if re.search(r"^\s*type = wizard", text, re.MULTILINE)]
    assert len(wizards) == 2
    for text in wizards:
        made = read_objects({"pjsip.conf": "", "pjsip_wizard.conf": text})
        assert made.endpoints
        assert made.refused == ()
        assert (
            lint_files({"pjsip.conf": "[ipv4]\ntype=transport\nbind=0.0.0.0\n", "pjsip_wizard.conf": text}).errors == ()
        )
