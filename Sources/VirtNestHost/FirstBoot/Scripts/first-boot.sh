#!/bin/sh
# virt-nest: sets up a guest to run guests of its own. Run it in the guest as root. It can safely be
# run again.
# With DESTDIR=TREE it changes the files of that tree and not the running system.
set -eu
umask 022

root=${DESTDIR:-}
hostname='@HOSTNAME@'
keys='@KEYS@'
packages='@PACKAGES@'

on_this_system() {
  [ -z "$root" ]
}

main() {
  if on_this_system && [ "$(id -u)" != 0 ]; then
    echo 'virt-nest: error: run this as root' >&2
    exit 1
  fi

  if [ -n "$hostname" ]; then
    mkdir -p "$root/etc"
    printf '%s\n' "$hostname" >"$root/etc/hostname"
    if on_this_system; then
      # hostnamectl fails if systemd is not running.
      hostnamectl set-hostname "$hostname" 2>/dev/null || hostname "$hostname"
    fi
  fi

  if [ -n "$keys" ]; then
    folder=$root/root/.ssh
    mkdir -p "$folder"
    chmod 700 "$folder"
    touch "$folder/authorized_keys"
    chmod 600 "$folder/authorized_keys"
    printf '%s\n' "$keys" | while IFS= read -r key; do
      if grep -q -x -F -e "$key" "$folder/authorized_keys"; then continue; fi
      if [ -n "$(tail -c 1 "$folder/authorized_keys")" ]; then echo >>"$folder/authorized_keys"; fi
      printf '%s\n' "$key" >>"$folder/authorized_keys"
    done
  fi

  if [ -n "$packages" ] && on_this_system; then
    # shellcheck disable=SC2086 # a list of words
    if command -v apt-get >/dev/null 2>&1; then
      DEBIAN_FRONTEND=noninteractive
      export DEBIAN_FRONTEND
      apt-get update
      apt-get install -y $packages
    elif command -v dnf >/dev/null 2>&1; then
      dnf install -y $packages
    elif command -v zypper >/dev/null 2>&1; then
      zypper --non-interactive install $packages
    else
      echo "virt-nest: warning: apt-get, dnf or zypper was not found; install these packages: $packages" >&2
    fi
  fi

  mkdir -p "$root/etc/modules-load.d"
  echo kvm-hv >"$root/etc/modules-load.d/kvm-hv.conf"
  on_this_system || exit 0
}

# Only the last line starts the work, so that an incomplete copy of the script does nothing. If sh
# reads the script from standard input, no command may read the rest of it.
main </dev/null

@NETWORK@

@LOAD@
