#!/usr/bin/env bash
# A Docker engine with Compose v2 for a test run on Debian 12, as root:
#
#   tools/docker-engine.sh start    installs what is missing from Debian's packages and starts an engine by hand, with its
#                                   data in a folder of its own; where an engine answers already it starts none
#   tools/docker-engine.sh base     makes the local image labkit-base of Debian forky, for the Dockerfile's BASE: this
#                                   machine's mirror and apt settings are in that image only
#   tools/docker-engine.sh stop     ends the engine that `start` started, by its pid, and removes its data, networks and rules
#
# No registry is asked: images come from the rootfs (labkit image build) and from debootstrap.
set -euo pipefail
cd "$(dirname "$0")/.."
state=/run/labkit-engine
plugins=/usr/local/lib/docker/cli-plugins
suite=forky

answers() { docker version >/dev/null 2>&1; }

install_engine() {
    command -v dockerd >/dev/null && command -v iptables >/dev/null && return
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends docker.io iptables >/dev/null
}

# Debian 12 has no Compose v2; the plugin in forky's package is one program that needs nothing of forky.
install_compose() {
    docker compose version >/dev/null 2>&1 && return
    local folder
    folder=$(mktemp -d)
    PYTHONPATH=. python3 - "$folder" "$suite" <<'PYTHON'
import sys
from pathlib import Path

from labkit.progress import step
from labkit.runtime.apt import PrivateApt

apt = PrivateApt(Path(sys.argv[1]), sys.argv[2])
apt.update()
with step("Downloading Compose") as downloading:
    apt.download([package for package in apt.resolve(["docker-compose"]) if package.name == "docker-compose"], downloading)
PYTHON
    dpkg-deb --fsys-tarfile "$folder"/archives/docker-compose_*.deb | tar -x -C "$folder"
    install -D -t "$plugins" "$folder/usr/libexec/docker/cli-plugins/docker-compose"
    rm -rf "$folder"
}

start() {
    install_engine
    install_compose
    answers && return
    mkdir -p "$state"
    dockerd --data-root "$state/data" --exec-root "$state/exec" --pidfile "$state/pid" >"$state/log" 2>&1 </dev/null &
    for _ in $(seq 300); do
        answers && return
        sleep 0.1
    done
    tail -5 "$state/log" >&2
    stop
    return 1
}

base() {
    command -v debootstrap >/dev/null || apt-get -qq install --no-install-recommends debootstrap >/dev/null
    local folder mirror
    folder=$(mktemp -d)
    mirror=$(PYTHONPATH=. python3 -c 'from labkit.runtime import apt; print(apt.host_mirror())')
    debootstrap --variant=minbase "$suite" "$folder" "$mirror" /usr/share/debootstrap/scripts/sid >"$folder.log" ||
        { tail -3 "$folder.log" >&2; return 1; }
    PYTHONPATH=. python3 -c 'from labkit.runtime import apt; print("\n".join(apt.host_settings()))' \
        >"$folder/etc/apt/apt.conf.d/99-of-this-machine"
    tar -c --exclude='./var/cache/apt/archives/*.deb' -C "$folder" . | docker import - labkit-base >/dev/null
    rm -rf "$folder" "$folder.log"
}

stop() {
    [ -f "$state/pid" ] || return 0
    set +e # what cannot be removed keeps nothing else
    local pid
    pid=$(cat "$state/pid")
    docker ps --all --quiet | xargs --no-run-if-empty docker rm --force >/dev/null
    docker network prune --force >/dev/null
    kill "$pid"
    for _ in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    iptables-save | grep -v -e DOCKER -e docker0 | iptables-restore
    ip link delete docker0
    rm -rf "$state"
}

case ${1:-} in
start | base | stop) "$1" ;;
*)
    sed -n '2,/^set/{/^set/!s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
