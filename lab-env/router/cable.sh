#!/bin/sh
# A cable between the router and one of its networks that can be made bad, for runtimes without a hand on the switch.
#
#   cable.sh bad SUBNET   moves the router's address behind a pair of interfaces, prints the outer one's name;
#                         labkit.runtime.wire then joins it to the interface "far"
#   cable.sh good NAME    puts the address back
set -eu

nic_of() { nic=$(ip -o -4 addr show to "$1"); nic=${nic#*: }; echo "${nic%% *}"; }
address_of() { address=$(ip -o -4 addr show dev "$1"); address=${address#* inet }; echo "${address%% *}"; }

case $1 in
bad)
    nic=$(nic_of "$2")
    address=$(address_of "$nic")
    read -r mac <"/sys/class/net/$nic/address"
    ip link add near address "$mac" type veth peer name far
    # only the wire may take what arrives: it reads in front of this hook
    nft "add table netdev cable; add chain netdev cable taken { type filter hook ingress device $nic priority 0; policy drop; }"
    ip addr del "$address" dev "$nic"
    ip addr add "$address" dev near
    ip link set far up
    ip link set near up
    echo "$nic"
    ;;
good)
    address=$(address_of near)
    ip link del near
    nft delete table netdev cable
    ip addr add "$address" dev "$2"
    ;;
esac
