#!/bin/sh
# virt-nest: loads kvm-hv in a guest that is to run guests, and says whether it could.

if modprobe kvm-hv && [ -d /sys/module/kvm_hv ]; then
  echo 'virt-nest: kvm-hv is loaded: this guest can run guests'
  exit 0
fi
release=$(uname -r)
{
  echo 'virt-nest: error: kvm-hv is not loaded, so this guest cannot run guests'
  if ! cat "/lib/modules/$release/modules.dep" "/lib/modules/$release/modules.builtin" 2>/dev/null |
    grep -q '/kvm-hv\.ko'; then
    echo "virt-nest: the kernel $release has no such module here; on Ubuntu: apt-get install linux-modules-extra-$release"
  elif ! grep -q '^MMU[[:space:]]*:[[:space:]]*Radix' /proc/cpuinfo; then
    echo 'virt-nest: the MMU is not radix: look for disable_radix on the kernel command line, and for a CPU before POWER9'
  else
    echo 'virt-nest: the host does not let it nest: on the host, virt-nest inspect says how its definition stands, and virt-nest doctor how the host does'
  fi
} >&2
exit 1
