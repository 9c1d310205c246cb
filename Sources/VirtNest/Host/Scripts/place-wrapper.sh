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

if ! is_wrapper "$root$wrapper"; then
  case $placement in
    beside)
      if [ -e "$root$wrapper" ] || [ -L "$root$wrapper" ]; then
        fail "$wrapper is there and is no wrapper of virt-nest: choose another path, or move it away"
      fi
      ;;
    replace)
      [ -x "$root$wrapper" ] || fail "$wrapper is not there: install QEMU for ppc64 first"
      # A second name for QEMU before the first one goes: at no moment is there no emulator.
      ln -f "$root$wrapper" "$root$emulator"
      ;;
  esac
fi
[ -x "$root$emulator" ] || fail "$emulator is not there: install QEMU for ppc64 first"

new=$root$wrapper.virt-nest-new
trap 'rm -f "$new"' EXIT
print_wrapper >"$new"
chmod 755 "$new"
if ! cmp -s "$new" "$root$wrapper"; then
  mv -f "$new" "$root$wrapper"
  if [ -z "$root" ] && command -v restorecon >/dev/null 2>&1; then
    restorecon "$wrapper" "$emulator"
  fi
fi
