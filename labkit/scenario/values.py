"""The values that the lab's files ask for as `{{name}}`: addresses, accounts, numbers; and what a seed draws."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping

from labkit.errors import ScenarioError
from labkit.runtime.topology import Topology, lab_env
from labkit.scenario.form import nearest

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_COLOURS = ("amber", "blue", "coral", "green", "indigo", "lemon", "olive", "plum", "rose", "teal")
_THINGS = ("anchor", "bridge", "candle", "desk", "engine", "garden", "harbour", "lantern", "meadow", "window")


def address_values(topology: Topology) -> dict[str, str]:
    """Addresses and subnets by name: `pbx`, `router.wan`, `provider.2` (second address), `lan` (subnet)."""
    values = {name: str(network) for name, network in topology.networks.items()}
    for host in topology.hosts.values():
        values[host.name] = host.address
        for network, addresses in host.addresses.items():
            values[f"{host.name}.{network}"] = addresses[0]
            values |= {f"{host.name}.{number}": address for number, address in enumerate(addresses[1:], 2)}
    return values


def own_values(seed: int | None = None) -> dict[str, str]:
    """Accounts, numbers and passwords of lab-env/values.toml as `table.key`; with a seed others in their place."""
    tables = tomllib.loads((lab_env() / "values.toml").read_text())
    plain = {name: entry for name, entry in tables.items() if isinstance(entry, str)}
    nested = {name: entry for name, entry in tables.items() if not isinstance(entry, str)}
    own = plain | {f"{table}.{key}": value for table, entries in nested.items() for key, value in entries.items()}
    return own if seed is None else own | _seeded(seed)


def _seeded(seed: int) -> dict[str, str]:
    """Fictional numbers (020 7946 0xxx, 555 01xx), names and passwords of a seed."""
    first = drawn(seed, "did.first", 1000)
    second = (first + 1 + drawn(seed, "did.second", 999)) % 1000
    return {
        "account.user": f"trunk-{1000 + drawn(seed, 'account.user', 9000)}",
        "account.password": _password(seed, "account"),
        "did.first": f"+442079460{first:03d}",
        "did.second": f"+442079460{second:03d}",
        "phone-1001.password": _password(seed, "phone-1001"),
        "phone-1002.password": _password(seed, "phone-1002"),
        "customer": f"+155501{30 + drawn(seed, 'customer', 60)}",
        "pstn": f"+155501{20 + drawn(seed, 'pstn', 10)}",
    }


def _password(seed: int, of: str) -> str:
    colour, thing = (words[drawn(seed, f"{of} {kind}", len(words))] for kind, words in enumerate((_COLOURS, _THINGS)))
    return f"{colour}-{thing}-{10 + drawn(seed, f'{of} figure', 90)}"


def drawn(seed: int, name: str, count: int) -> int:
    """A number below `count`, the same for a seed and name on every machine."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "big") % count


def render(text: str, values: Mapping[str, str], name: str) -> str:
    """Fill the placeholders of a file; ScenarioError names file, line and the nearest value."""

    def fill(match: re.Match[str]) -> str:
        wanted = match[1]
        if wanted in values:
            return values[wanted]
        line = text.count("\n", 0, match.start()) + 1
        message = f"{name}, line {line}: {unknown(wanted, values)}"
        raise ScenarioError(message, file=name, line=line)

    return _PLACEHOLDER.sub(fill, text)


def placeholders(text: str) -> list[str]:
    """Names of the values that a text asks for."""
    return _PLACEHOLDER.findall(text)


def unknown(wanted: str, values: Mapping[str, str]) -> str:
    """What to say of a value that there is not."""
    near = nearest(wanted, values).replace("'", "")
    hint = re.sub(r"mean (.*)\?", r"mean {{\1}}?", near) if "did you mean" in near else "."
    return f"there is no value {{{{{wanted}}}}}{hint}"


def nft_definitions(topology: Topology) -> str:
    """The addresses as `define` lines for nft (nft(8)), where a name has underscores only."""
    values = address_values(topology)
    return "".join(f"define {re.sub('[.-]', '_', name)} = {value}\n" for name, value in values.items())
