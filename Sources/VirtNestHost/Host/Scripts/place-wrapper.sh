#!/bin/sh
# virt-nest: puts the emulator wrapper in its place; where it is there already, nothing changes.
# In the place of QEMU itself it is put again after each package upgrade, by virt-nest-wrapper.path.
set -eu

root=${DESTDIR:-}
wrapper='@PATH@'
emulator='@EMULATOR@'
placement='@PLACEMENT@'

fail() {
  printf 'virt-nest: error: %s\n' "$*" >&2
  exit 1
}

is_wrapper() {
  [ -f "$1" ] && head -n 2 "$1" | LC_ALL=C grep -q -x '# virt-nest: emulator wrapper'
}

print_wrapper() {
  cat <<'VIRT_NEST_WRAPPER'
@WRAPPER@
VIRT_NEST_WRAPPER
}

# systemd lets a change pass that comes while the service still runs: it is looked at until it stays.
if [ "${1-}" = --until-it-stays ]; then
  while sh "$0"; do
    sleep 1
    if is_wrapper "$root$wrapper" || [ ! -e "$root$wrapper" ]; then exit 0; fi
  done
  exit 1
fi

# What is there is opened once: rpm, or another of these scripts, may put something else there meanwhile.
there=/proc/self/fd/3
if [ -e "$root$wrapper" ]; then exec 3<"$root$wrapper"; else exec 3</dev/null; fi
if ! is_wrapper "$there"; then
  if [ "$placement" = replace ]; then
    [ -x "$root$wrapper" ] || fail "$wrapper is not there: install QEMU for ppc64 first"
  elif [ -e "$root$wrapper" ] || [ -L "$root$wrapper" ]; then
    fail "$wrapper is there and is no wrapper of virt-nest: choose another path, or move it away"
  fi
fi
if [ "$placement" = beside ] || is_wrapper "$there"; then
  [ -x "$root$emulator" ] || fail "$emulator is not there: install QEMU for ppc64 first"
fi

new=$root$wrapper.virt-nest-new.$$
second=$root$emulator.virt-nest-new.$$
trap 'rm -f "$new" "$second"' EXIT
trap 'exit 143' HUP INT TERM
print_wrapper >"$new"
chmod 755 "$new"
if is_wrapper "$there"; then
  # Nothing of the wrapper is touched: whoever watches it would be called again, and again.
  if cmp -s "$new" "$there"; then exit 0; fi
elif [ "$placement" = replace ]; then
  # A second name for QEMU before the first one goes: at no moment is there no emulator. The wrapper,
  # where it has come there meanwhile, must not get that name: it would run itself.
  # Linux links no file that is replaced in this moment.
  ln -f "$root$wrapper" "$second" 2>/dev/null || ln -f "$root$wrapper" "$second"
  if is_wrapper "$second"; then exit 0; fi
  # mv refuses where another of these scripts has given it that name already.
  mv -f "$second" "$root$emulator" 2>/dev/null || cmp -s "$second" "$root$emulator" ||
    fail "cannot rename $emulator.virt-nest-new.$$ to $emulator"
fi
mv -f "$new" "$root$wrapper"
if [ -z "$root" ] && command -v restorecon >/dev/null 2>&1; then
  restorecon "$wrapper" "$emulator"
fi
