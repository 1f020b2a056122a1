#!/bin/busybox sh
# shellcheck shell=dash
# The first program of the virtual machine: finds its disk, gives a new machine its
# identity, and hands over to systemd. Modules are named in the order they need each other.
set -eu
b=/bin/busybox
$b mkdir -p /proc /dev /disk
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
until [ -b /dev/vda ] && [ -b /dev/vdb ]; do $b sleep 0.1; done
$b mount -t ext4 -o rw /dev/vda /disk
# The second disk is an archive. Once only: a reboot finds the machine as it was left.
[ -e /disk/etc/ssh/ssh_host_ed25519_key ] || $b tar -x -f /dev/vdb -C /disk
$b umount /dev
$b umount /proc
exec $b switch_root /disk /sbin/init
