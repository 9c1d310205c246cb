#!/bin/sh
# virt-nest: installs the emulator wrapper at its path; changes nothing if it is already there.
# If the wrapper replaces QEMU, virt-nest-wrapper.path runs this after each package upgrade.
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

# systemd misses a change that happens while the service still runs, so the service checks again until
# the wrapper stays.
if [ "${1-}" = --until-it-stays ]; then
  while sh "$0"; do
    sleep 1
    if is_wrapper "$root$wrapper" || [ ! -e "$root$wrapper" ]; then exit 0; fi
  done
  exit 1
fi

# The file at the path is opened once, because rpm or another run of this script may replace it.
there=/proc/self/fd/3
if [ -e "$root$wrapper" ]; then exec 3<"$root$wrapper"; else exec 3</dev/null; fi
if ! is_wrapper "$there"; then
  if [ "$placement" = replace ]; then
    [ -x "$root$wrapper" ] || fail "$wrapper does not exist; install QEMU for ppc64 first"
  elif [ -e "$root$wrapper" ] || [ -L "$root$wrapper" ]; then
    fail "$wrapper exists and is not a virt-nest wrapper; choose another path, or move the file away"
  fi
fi
if [ "$placement" = beside ] || is_wrapper "$there"; then
  [ -x "$root$emulator" ] || fail "$emulator does not exist; install QEMU for ppc64 first"
fi

new=$root$wrapper.virt-nest-new.$$
second=$root$emulator.virt-nest-new.$$
trap 'rm -f "$new" "$second"' EXIT
trap 'exit 143' HUP INT TERM
print_wrapper >"$new"
chmod 755 "$new"
if is_wrapper "$there"; then
  # An unchanged wrapper is not touched, because the watch would start this script again and again.
  if cmp -s "$new" "$there"; then exit 0; fi
elif [ "$placement" = replace ]; then
  # QEMU gets its second name before the first one is replaced, so that an emulator exists at every
  # moment. If another run has installed the wrapper meanwhile, the wrapper must not get that name,
  # because it would run itself. The link fails if the file is replaced at this moment, which each run
  # that is at work may do once.
  left=100
  until [ "$left" = 0 ] || ln -f "$root$wrapper" "$second" 2>/dev/null; do left=$((left - 1)); done
  [ "$left" != 0 ] || ln -f "$root$wrapper" "$second"
  if is_wrapper "$second"; then exit 0; fi
  # mv fails if another run of this script has made the same link already.
  mv -f "$second" "$root$emulator" 2>/dev/null || cmp -s "$second" "$root$emulator" ||
    fail "cannot rename $emulator.virt-nest-new.$$ to $emulator"
fi
mv -f "$new" "$root$wrapper"
if [ -z "$root" ] && command -v restorecon >/dev/null 2>&1; then
  restorecon "$wrapper" "$emulator"
fi
