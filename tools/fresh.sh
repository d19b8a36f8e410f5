#!/usr/bin/env bash
# The promise, kept: a bare Debian 12 with python3, make, git and apt and nothing else, a fresh clone of HEAD, empty caches;
# `make lab` twice, as root and as an ordinary user. Run by root on a host with debootstrap; everything stays in build/fresh.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD/build/fresh base=$PWD/build/fresh/base
read -ra limits <<<"${FRESH_LIMITS_S:-90 12}" # the first time, the second time; a busy machine may need more

make_base() {
    local mirror
    mirror=$(python3 -c 'from labkit.runtime.apt import host_mirror; print(host_mirror())')
    echo "Making a bare Debian 12 in $base"
    debootstrap --variant=minbase --include=python3,make,git,ca-certificates bookworm "$base.part" "$mirror" >"$top/debootstrap.log"
    chroot "$base.part" useradd --create-home --shell /bin/bash learner
    mv "$base.part" "$base"
}

# The machine's own settings for apt, pip and names belong to the machine, so the bare one gets them too.
settle() { # MACHINE HOME
    rm -rf "$1/etc/apt" && cp -a /etc/apt "$1/etc/apt"
    cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
    if [ -e /etc/pip.conf ]; then cp -L /etc/pip.conf "$1/etc/"; fi
    if [ -e "$HOME/.config/pip" ]; then mkdir -p "$1$2/.config" && cp -aL "$HOME/.config/pip" "$1$2/.config/"; fi
    git clone --quiet --no-local . "$1$2/lab"
}

# Processes in a chroot may not make user namespaces, so the bare machine becomes the root by pivot_root.
enter() { # MACHINE USER HOME COMMAND...
    unshare --mount --pid --fork --kill-child --propagation private bash -euc '
        machine=$1 user=$2 home=$3; shift 3
        mount --bind "$machine" "$machine"; cd "$machine"
        mount -t proc proc proc; mount --rbind /sys sys; mount --rbind /dev dev; mkdir -p old
        pivot_root . old; cd "$home/lab"; umount -l /old
        export HOME=$home USER=$user; exec setpriv --reuid "$user" --regid "$user" --init-groups "$@"' fresh "$@"
}

try() { # USER HOME
    local machine=$top/$1 limit began seconds
    rm -rf "$machine" && cp -a --reflink=auto "$base" "$machine"
    settle "$machine" "$2"
    chroot "$machine" chown -R "$1:" "$2"
    for limit in "${limits[@]}"; do
        began=$(date +%s%N)
        enter "$machine" "$1" "$2" make -s lab JUPYTER=0 </dev/null >"$top/$1.log" 2>&1 || { cat "$top/$1.log"; return 1; }
        seconds=$((($(date +%s%N) - began) / 1000000000))
        grep ' calls ' "$top/$1.log" | grep 'answered$'
        echo "make lab as $1: $seconds s (at most $limit s)"
        [ "$seconds" -le "$limit" ]
    done
    rm -rf "$machine"
}

mkdir -p "$top"
[ -d "$base" ] || make_base
try root /root
try learner /home/learner
