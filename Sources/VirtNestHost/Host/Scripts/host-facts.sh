#!/bin/sh
# virt-nest: prints facts about a host or a guest on which nested KVM on Power depends, one
# `key=value` per line. It changes nothing and needs no root. FACTS_ROOT=TREE reads the files of that
# tree instead of /. In a value, \\ \n \t and \r are escapes; other control characters are left out.
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/usr/libexec
root=${FACTS_ROOT:-}

emit() {
  value=$2
  case $value in
    '') return 0 ;;
    *[![:print:]]* | *\\*)
      tab=$(printf '\t')
      return_character=$(printf '\r')
      value=$(
        printf '%s' "$value" | tr -d '\000-\010\013\014\016-\037\177' |
          sed -e 's/\\/\\\\/g' -e "s/$tab/\\\\t/g" -e "s/$return_character/\\\\r/g" |
          sed -e ':a' -e '$!{' -e 'N' -e 'ba' -e '}' -e 's/\n/\\n/g'
      )
      ;;
  esac
  printf '%s=%s\n' "$1" "$value"
}

# The first line of a file, without the NUL bytes that end strings of a device tree.
first_line() {
  if [ -r "$root$1" ]; then tr '\000' '\n' <"$root$1" | head -n 1; fi
}

# The value of a line `KEY : VALUE` of /proc/cpuinfo.
cpuinfo() {
  if [ -r "$root/proc/cpuinfo" ]; then
    sed -n "s/^$1[[:space:]]*:[[:space:]]*//p" "$root/proc/cpuinfo" | head -n 1
  fi
}

# The value of a line `KEY=VALUE` of /etc/os-release.
os_release() {
  for file in "$root/etc/os-release" "$root/usr/lib/os-release"; do
    if [ -r "$file" ]; then
      sed -n "s/^$1=//p" "$file" | head -n 1 | sed -e "s/^[\"']//" -e "s/[\"']\$//"
      return 0
    fi
  done
}

meminfo() {
  if [ -r "$root/proc/meminfo" ]; then
    sed -n "s/^$1:[[:space:]]*\([0-9]*\).*/\1/p" "$root/proc/meminfo" | head -n 1
  fi
}

yes_if() {
  if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi
}

# The lines of the configuration files in these folders. A later line overrides an earlier one.
configuration() {
  for folder in "$@"; do
    for file in "$root$folder"/*.conf; do
      if [ -r "$file" ]; then cat "$file" && echo; fi
    done
  done
}

boot_nested() {
  configuration /usr/lib/modprobe.d /lib/modprobe.d /usr/local/lib/modprobe.d /run/modprobe.d \
    /etc/modprobe.d |
    sed -n 's/^[[:space:]]*options[[:space:]]\{1,\}kvm[-_]hv[[:space:]]\(.*[[:space:]]\)\{0,1\}nested=\([^[:space:]]*\).*/\2/p'
  # Last, because options on the kernel command line override those in files.
  first_line /proc/cmdline | tr ' ' '\n' | sed -n 's/^kvm[-_]hv\.nested=//p'
}

loaded_at_boot() {
  {
    configuration /usr/lib/modules-load.d /run/modules-load.d /etc/modules-load.d
    if [ -r "$root/etc/modules" ]; then cat "$root/etc/modules"; fi
  } | grep -q '^[[:space:]]*kvm[-_]hv[[:space:]]*$'
}

# The whole command line is not printed, because it may contain secrets.
disables_radix() {
  first_line /proc/cmdline | tr ' ' '\n' | grep -q '^disable_radix'
}

kvm_hv_module() {
  release=$(uname -r)
  if [ -n "$root" ]; then release=$(first_line /proc/sys/kernel/osrelease); fi
  if [ -d "$root/sys/module/kvm_hv" ]; then
    echo loaded
  elif grep -q '/kvm-hv\.ko' "$root/lib/modules/$release/modules.builtin" 2>/dev/null; then
    echo builtin
  elif grep -q '/kvm-hv\.ko' "$root/lib/modules/$release/modules.dep" 2>/dev/null; then
    echo available
  elif [ -r "$root/lib/modules/$release/modules.dep" ]; then
    echo missing
  fi
}

emulator() {
  for name in qemu-system-ppc64 qemu-kvm; do
    if path=$(command -v "$name" 2>/dev/null); then
      printf '%s\n' "$path"
      return 0
    fi
  done
}

version_in() {
  sed -n '1s/^[^0-9]*\([0-9][0-9.]*[0-9]\).*/\1/p'
}

libvirt_daemon() {
  for name in virtqemud libvirtd; do
    if command -v "$name" >/dev/null 2>&1; then
      "$name" --version 2>/dev/null </dev/null | version_in
      return 0
    fi
  done
}

security() {
  if [ -r "$root/sys/fs/selinux/enforce" ]; then
    case $(first_line /sys/fs/selinux/enforce) in 1) echo enforcing ;; *) echo permissive ;; esac
  else
    echo off
  fi
}

apparmor() {
  case $(first_line /sys/module/apparmor/parameters/enabled) in Y) echo on ;; *) echo off ;; esac
}

echo facts=1
if [ -z "$root" ]; then
  emit arch "$(uname -m)"
  emit kernel.release "$(uname -r)"
else
  emit arch "$(first_line /proc/sys/kernel/arch)"
  emit kernel.release "$(first_line /proc/sys/kernel/osrelease)"
fi
emit kernel.disable_radix "$(yes_if disables_radix)"
emit os.id "$(os_release ID)"
emit os.version "$(os_release VERSION_ID)"
emit os.name "$(os_release PRETTY_NAME)"
cpu=$(cpuinfo cpu)
emit cpu.model "${cpu:-$(cpuinfo 'model name')}"
emit cpu.platform "$(cpuinfo platform)"
emit cpu.mmu "$(cpuinfo MMU)"
emit machine "$(cpuinfo machine)"
emit hypervisor "$(first_line /proc/device-tree/hypervisor/compatible)"
emit memory.kib "$(meminfo MemTotal)"
emit hugepages.total "$(meminfo HugePages_Total)"
emit hugepages.free "$(meminfo HugePages_Free)"
emit hugepages.kib "$(meminfo Hugepagesize)"
emit kvm.device "$(yes_if test -e "$root/dev/kvm")"
emit kvm_hv.module "$(kvm_hv_module)"
emit kvm_hv.nested "$(first_line /sys/module/kvm_hv/parameters/nested)"
emit kvm_hv.boot.nested "$(boot_nested | tail -n 1)"
emit kvm_hv.boot.load "$(yes_if loaded_at_boot)"
qemu=$(emulator)
if [ -n "$qemu" ]; then
  emit qemu.path "$qemu"
  emit qemu.version "$("$qemu" --version 2>/dev/null </dev/null | version_in)"
  emit qemu.script "$(yes_if test "$(dd if="$qemu" bs=2 count=1 2>/dev/null | tr -d '\000')" = '#!')"
  emit qemu.machines "$("$qemu" -machine help 2>/dev/null </dev/null |
    sed -n 's/^\(pseries[^[:space:]]*\).*/\1/p' | tr '\n' ' ' | sed 's/ $//')"
  emit qemu.nested "$("$qemu" -machine pseries,help 2>/dev/null </dev/null |
    sed -n 's/.*\(cap-nested-[a-z]*\)=.*/\1/p' | tr '\n' ' ' | sed 's/ $//')"
fi
emit libvirt.version "$(libvirt_daemon)"
if command -v virsh >/dev/null 2>&1; then
  emit virsh.version "$(virsh --version 2>/dev/null </dev/null | version_in)"
fi
emit selinux "$(security)"
emit apparmor "$(apparmor)"
echo end=1
