#!/bin/sh
# virt-nest: installs an emulator wrapper on this host, or uninstalls it.
# Usage, as root: sh FILE [--install | --uninstall]. It can safely be run again.
# With DESTDIR=TREE it changes the files of that tree and not the running host.
set -eu
umask 022

root=${DESTDIR:-}
wrapper='@PATH@'
emulator='@EMULATOR@'
placement='@PLACEMENT@'
action='@ACTION@'

keeper=/usr/local/sbin/virt-nest-place-wrapper
units=/etc/systemd/system
abstraction=/etc/apparmor.d/abstractions/libvirt-qemu
mark='# virt-nest wrapper'

say() {
  printf 'virt-nest: %s\n' "$*" >&2
}

fail() {
  say "error: $*"
  exit 1
}

on_this_host() {
  [ -z "$root" ]
}

is_wrapper() {
  [ -f "$1" ] && head -n 2 "$1" | LC_ALL=C grep -q -x '# virt-nest: emulator wrapper'
}

print_placer() {
  cat <<'VIRT_NEST_PLACER'
@PLACER@
VIRT_NEST_PLACER
}

# With a diversion, dpkg writes the package's file to another path when it upgrades the package.

has_dpkg() {
  [ -s "$root/var/lib/dpkg/status" ] && command -v dpkg-divert >/dev/null 2>&1
}

divert() {
  # An older dpkg-divert has no option --no-rename, and never renames without --rename.
  if dpkg-divert --help | grep -q -e --no-rename; then set -- --no-rename "$@"; fi
  dpkg-divert ${root:+--root "$root"} --quiet --local "$@" "$wrapper"
}

is_diverted() {
  has_dpkg && [ "$(dpkg-divert ${root:+--root "$root"} --truename "$wrapper")" = "$emulator" ]
}

# rpm has no diversions. Instead, a systemd unit watches the path and restores the wrapper after an
# upgrade. A guest that starts before that runs without nesting.

unit_text() {
  printf '%s\n' "$1" | sed 's/%/%%/g'
}

of_package='# QEMU is of a package of rpm.'

runs_systemd() {
  on_this_host && [ -d /run/systemd/system ]
}

watch() {
  mkdir -p "$root${keeper%/*}" "$root$units/multi-user.target.wants"
  print_placer >"$root$keeper"
  chmod 755 "$root$keeper"
  # No start limit, because one upgrade changes the path several times, and systemd would stop the
  # watch after the sixth start within ten seconds. The service does not trigger itself: it changes
  # nothing if the wrapper is in its place.
  cat >"$root$units/virt-nest-wrapper.service" <<UNIT
[Unit]
Description=Restore the virt-nest emulator wrapper after an upgrade of QEMU
ConditionPathExists=$(unit_text "$wrapper")
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=$keeper --until-it-stays
UNIT
  cat >"$root$units/virt-nest-wrapper.path" <<UNIT
[Unit]
Description=Watch the emulator that the virt-nest wrapper replaces

[Path]
PathChanged=$(unit_text "$wrapper")

[Install]
WantedBy=multi-user.target
UNIT
  # Uninstalling needs to know whether QEMU came from a package, which may be removed by then.
  if is_rpms; then echo "$of_package" >>"$root$units/virt-nest-wrapper.path"; fi
  # The same as systemctl enable, which needs a running systemd.
  ln -sf "$units/virt-nest-wrapper.path" "$root$units/multi-user.target.wants/"
  if runs_systemd; then
    systemctl daemon-reload
    systemctl start virt-nest-wrapper.path
  elif on_this_host; then
    say "warning: systemd is not running; after an upgrade of QEMU run $keeper"
  fi
}

unwatch() {
  if runs_systemd; then systemctl stop virt-nest-wrapper.path virt-nest-wrapper.service; fi
  rm -f "$root$units/multi-user.target.wants/virt-nest-wrapper.path" \
    "$root$units/virt-nest-wrapper.path" "$root$units/virt-nest-wrapper.service" "$root$keeper"
  if runs_systemd; then
    systemctl daemon-reload
    systemctl reset-failed virt-nest-wrapper.path virt-nest-wrapper.service 2>/dev/null || :
  fi
}

# SELinux: a label set with chcon would be lost at the next relabel.

has_selinux() {
  on_this_host && command -v selinuxenabled >/dev/null 2>&1 && selinuxenabled
}

# semanage does not accept a space in a pattern.
pattern_of() {
  printf '%s' "$1" | sed -e 's/[][\\.*^$+?(){}|]/\\&/g' -e 's/ /\\x20/g'
}

label() {
  for path in "$wrapper" "$emulator"; do
    semanage fcontext -a -t qemu_exec_t "$(pattern_of "$path")" 2>/dev/null ||
      semanage fcontext -m -t qemu_exec_t "$(pattern_of "$path")"
    restorecon -F "$path"
  done
}

unlabel() {
  for path in "$wrapper" "$emulator"; do
    semanage fcontext -d "$(pattern_of "$path")" 2>/dev/null || :
    if [ -e "$path" ]; then restorecon -F "$path"; fi
  done
}

# AppArmor: the profile of guests lists each emulator. libvirt's own profile allows /usr/bin.

apparmor_path() {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[][\\*?^{}"]/\\&/g')"
}

add_rule() {
  file=$root$1
  rule="$2 $mark"
  if grep -q -x -F -e "$rule" "$file" 2>/dev/null; then return 0; fi
  mkdir -p "${file%/*}"
  if [ -s "$file" ] && [ -n "$(tail -c 1 "$file")" ]; then printf '\n' >>"$file"; fi
  printf '%s\n' "$rule" >>"$file"
}

remove_rules() {
  file=$root$1
  if ! grep -q -F -e "$mark" "$file" 2>/dev/null; then return 0; fi
  sed "/^\".*$mark\$/d" "$file" >"$file.virt-nest-new"
  cat "$file.virt-nest-new" >"$file"
  rm -f "$file.virt-nest-new"
}

allow() {
  local_rules=/etc/apparmor.d/local/abstractions/libvirt-qemu
  for path in "$wrapper" "$emulator"; do
    add_rule "$local_rules" "$(apparmor_path "$path") rmix,"
  done
  if ! grep -q local/abstractions/libvirt-qemu "$root$abstraction"; then
    say "warning: $abstraction does not include $local_rules; add the line: include <${local_rules#*.d/}>"
  fi
  case $wrapper in /usr/bin/*/*) ;; /usr/bin/*) return 0 ;; esac
  for daemon in libvirtd virtqemud; do
    if [ ! -e "$root/etc/apparmor.d/usr.sbin.$daemon" ]; then continue; fi
    add_rule "/etc/apparmor.d/local/usr.sbin.$daemon" "$(apparmor_path "$wrapper") PUx,"
    reload "$daemon"
  done
}

disallow() {
  remove_rules /etc/apparmor.d/local/abstractions/libvirt-qemu
  for daemon in libvirtd virtqemud; do
    if ! grep -q -F -e "$mark" "$root/etc/apparmor.d/local/usr.sbin.$daemon" 2>/dev/null; then
      continue
    fi
    remove_rules "/etc/apparmor.d/local/usr.sbin.$daemon"
    reload "$daemon"
  done
}

reload() {
  if on_this_host && [ -e /sys/kernel/security/apparmor/profiles ]; then
    apparmor_parser -r "/etc/apparmor.d/usr.sbin.$1"
  fi
}

install_wrapper() {
  if has_selinux && ! command -v semanage >/dev/null 2>&1; then
    fail "SELinux is on, but semanage is not installed; install policycoreutils-python-utils and run this again"
  fi
  print_placer | sh
  if [ "$placement" = replace ]; then
    if has_dpkg; then divert --divert "$emulator" --add; else watch; fi
  fi
  if has_selinux; then label; fi
  if [ -e "$root$abstraction" ]; then allow; fi
  # libvirt probes an emulator again if its ctime has changed.
  touch "$root$wrapper"
  if [ "$placement" = beside ]; then
    say "guests with <emulator>$wrapper</emulator> use the wrapper; after an upgrade of QEMU run: touch $wrapper"
  else
    say "$wrapper is now the wrapper, and QEMU is now $emulator"
  fi
}

# Whether an installed rpm package owns the emulator's path.
is_rpms() {
  on_this_host && command -v rpm >/dev/null 2>&1 && rpm -q --whatprovides "$wrapper" >/dev/null 2>&1
}

put_back() {
  if is_wrapper "$root$wrapper"; then
    # If QEMU does not exist, its package has been removed, and the wrapper goes too.
    if [ -e "$root$emulator" ]; then
      mv -f "$root$emulator" "$root$wrapper"
    else
      rm -f "$root$wrapper"
    fi
  elif [ ! -e "$root$wrapper" ] && { is_diverted || is_rpms; }; then
    # Only the wrapper was deleted.
    if [ -e "$root$emulator" ]; then mv -f "$root$emulator" "$root$wrapper"; fi
  elif [ ! -e "$root$wrapper" ] && [ "$was_watched" = yes ] && [ "$was_of_package" = no ]; then
    # Only the wrapper was deleted, and this may be the only QEMU.
    if [ -e "$root$emulator" ]; then mv -f "$root$emulator" "$root$wrapper"; fi
  elif [ "$was_watched" = yes ]; then
    # rpm has installed another QEMU while the path was not watched, or has removed the package. It
    # does not know the second name of the old QEMU.
    rm -f "$root$emulator"
  elif [ -e "$root$wrapper" ]; then
    say "$wrapper is not a virt-nest wrapper; it was not changed"
  fi
}

uninstall_wrapper() {
  case $placement in
    beside)
      if is_wrapper "$root$wrapper"; then
        rm -f "$root$wrapper"
      elif [ -e "$root$wrapper" ]; then
        say "$wrapper is not a virt-nest wrapper; it was not changed"
      fi
      ;;
    replace)
      # First stop the watch, because it would replace the restored QEMU by the wrapper again.
      was_watched=no
      was_of_package=no
      if [ -e "$root$units/virt-nest-wrapper.path" ]; then
        was_watched=yes
        if grep -q -x -F -e "$of_package" "$root$units/virt-nest-wrapper.path"; then
          was_of_package=yes
        fi
        unwatch
      fi
      put_back
      if has_dpkg; then divert --remove; fi
      ;;
  esac
  if has_selinux; then unlabel; fi
  disallow
}

main() {
  on_this_host || [ -d "$root" ] || fail "DESTDIR: $root is not a folder"
  if on_this_host && [ "$(id -u)" != 0 ]; then fail "run this as root"; fi
  case ${1:-$action} in
    --install) install_wrapper ;;
    --uninstall) uninstall_wrapper ;;
    *) fail "unknown option $1; use --install or --uninstall" ;;
  esac
}

# Only the last line starts the work, so that an incomplete copy of the script does nothing. If sh
# reads the script from standard input, no command may read the rest of it.
main "$@" </dev/null
