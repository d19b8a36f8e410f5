"""A client of ARI, Asterisk's REST interface (docs.asterisk.org, Asterisk REST Interface)."""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

from labkit.errors import HostError
from labkit.runtime.base import Runtime

PORT = 8088


class Ari:
    """Reads resources of ARI; one connection a question."""

    def __init__(self, runtime: Runtime, address: str, password: str, user: str = "lab") -> None:
        """Speak to the ARI that listens at this address of the host `pbx`."""
        self._runtime = runtime
        self._address = address
        self._login = b64encode(f"{user}:{password}".encode()).decode()

    def get(self, path: str) -> Any:
        """The resource at a path such as `/endpoints`; None where there is none, HostError where it fails."""
        line = http.client.HTTPConnection(self._address, PORT)
        line.sock = self._runtime.connect("pbx", (self._address, PORT))
        try:
            line.request("GET", f"/ari{path}", headers={"Authorization": f"Basic {self._login}"})
            reply = line.getresponse()
            text = reply.read().decode(errors="replace")
        except OSError as why:
            raise HostError(f"Asterisk closed the line of ARI during {path} ({why}).", host="pbx") from why
        finally:
            line.close()
        if reply.status == http.client.NOT_FOUND:
            return None
        if reply.status != http.client.OK:
            raise HostError(f"ARI answered {reply.status} to {path}: {text[:200]}", host="pbx")
        return json.loads(text)

    def object(self, type_: str, name: str) -> dict[str, str] | None:
        """All options of a PJSIP object as Asterisk holds them, None where it holds no such object.

        The values of an option that it holds several times have commas between them.
        """
        found = self.get(f"/asterisk/config/dynamic/res_pjsip/{quote(type_, safe='')}/{quote(name, safe='')}")
        if found is None:
            return None
        values: dict[str, list[str]] = {}
        for each in found:
            values.setdefault(each["attribute"], []).append(each["value"])
        return {name: ",".join(several) for name, several in values.items()}
