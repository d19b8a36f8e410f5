#!/bin/sh
# What a container first runs that needs nothing but to be there: host.sh NAME. It is that host by itself, or with
# LABKIT_HOLD=true leaves word and waits for labkit to start programs in it; the other hosts: labkit.runtime.container.
set -eu

[ "$LABKIT_HOLD" = true ] || exec python3 -m labkit.lab.inside "$1"
: >"run/$1.here"
read -r _  # nobody writes; the image has no program that only waits
