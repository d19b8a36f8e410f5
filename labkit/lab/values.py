"""The values that the lab's files ask for as `{{name}}`: addresses, accounts, numbers, passwords."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches

from labkit.errors import ScenarioError
from labkit.runtime.topology import Topology, lab_env

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def address_values(topology: Topology) -> dict[str, str]:
    """Addresses and subnets by name: `pbx`, `router.wan`, `provider.2` (second address), `lan` (subnet)."""
    values = {name: str(network) for name, network in topology.networks.items()}
    for host in topology.hosts.values():
        values[host.name] = host.address
        for network, addresses in host.addresses.items():
            values[f"{host.name}.{network}"] = addresses[0]
            values |= {f"{host.name}.{number}": address for number, address in enumerate(addresses[1:], 2)}
    return values


def own_values() -> dict[str, str]:
    """Accounts, numbers and passwords of lab-env/values.toml as `table.key`."""
    tables = tomllib.loads((lab_env() / "values.toml").read_text())
    return {f"{table}.{key}": value for table, entries in tables.items() for key, value in entries.items()}


def render(text: str, values: Mapping[str, str], name: str) -> str:
    """Fill the placeholders of a file; ScenarioError names file, line and the nearest value."""

    def fill(match: re.Match[str]) -> str:
        wanted = match[1]
        if wanted in values:
            return values[wanted]
        line = text.count("\n", 0, match.start()) + 1
        near = get_close_matches(wanted, values, 1)
        hint = f"; did you mean {{{{{near[0]}}}}}?" if near else "."
        raise ScenarioError(f"{name}, line {line}: there is no value {{{{{wanted}}}}}{hint}", file=name, line=line)

    return _PLACEHOLDER.sub(fill, text)


def nft_definitions(topology: Topology) -> str:
    """The addresses as `define` lines for nft (nft(8)), where a name has underscores only."""
    values = address_values(topology)
    return "".join(f"define {re.sub('[.-]', '_', name)} = {value}\n" for name, value in values.items())
