#!/bin/sh
# virt-nest: loads kvm-hv in a guest that runs guests of its own, and prints the result.

if modprobe kvm-hv && [ -d /sys/module/kvm_hv ]; then
  echo 'virt-nest: kvm-hv is loaded, so this guest can run guests'
  exit 0
fi
release=$(uname -r)
{
  echo 'virt-nest: error: kvm-hv is not loaded, so this guest cannot run guests'
  if ! cat "/lib/modules/$release/modules.dep" "/lib/modules/$release/modules.builtin" 2>/dev/null |
    grep -q '/kvm-hv\.ko'; then
    echo "virt-nest: the module is not installed for the kernel $release; on Ubuntu: apt-get install linux-modules-extra-$release"
  elif ! grep -q '^MMU[[:space:]]*:[[:space:]]*Radix' /proc/cpuinfo; then
    echo 'virt-nest: the MMU is not in radix mode; remove disable_radix from the kernel command line, and use a CPU of POWER9 or later'
  else
    echo 'virt-nest: the host does not allow this guest to nest; on the host, check the definition with virt-nest inspect, and the host with virt-nest doctor'
  fi
} >&2
exit 1
