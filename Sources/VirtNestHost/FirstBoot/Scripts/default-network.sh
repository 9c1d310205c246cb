#!/bin/sh
# virt-nest: gives this guest's own libvirt network "default" addresses that no other interface of the
# guest is in. A distribution's network has 192.168.122.0/24, which the host's network often has too.

change_default_network() {
  command -v virsh >/dev/null 2>&1 || return 0
  file=/etc/libvirt/qemu/networks/default.xml
  [ -f "$file" ] || return 0
  old=$(sed -n "s/.*<ip address=['\"]\\([0-9]*\\.[0-9]*\\.[0-9]*\\)\\.[0-9]*['\"].*/\\1/p" "$file" | head -n 1)
  [ -n "$old" ] || return 0
  # Everything but the bridges of libvirt's own networks.
  used=$(ip -4 -o address show | awk '$2 !~ /^virbr/ { print $4 }' | cut -d. -f1-3)
  printf '%s\n' "$used" | grep -q -x -F "$old" || return 0
  number=123
  while printf '%s\n' "$used" | grep -q -x -F "192.168.$number"; do number=$((number + 1)); done
  changed=$(mktemp) || return 1
  escaped=$(printf '%s' "$old" | sed 's/\./\\./g')
  sed "s/\\(['\"]\\)$escaped\\./\\1192.168.$number./g" "$file" >"$changed"
  if virsh --quiet --connect qemu:///system net-define "$changed" >/dev/null 2>&1; then
    # A network that runs has its new addresses when it is started anew.
    if virsh --quiet --connect qemu:///system net-destroy default >/dev/null 2>&1; then
      virsh --quiet --connect qemu:///system net-start default >/dev/null ||
        echo "virt-nest: warning: the libvirt network 'default' does not start" >&2
    fi
  else
    # No libvirt runs, and the next one reads the file when it starts.
    cat "$changed" >"$file"
  fi
  rm -f "$changed"
  echo "virt-nest: the libvirt network 'default' has the addresses 192.168.$number.0/24"
}

change_default_network
