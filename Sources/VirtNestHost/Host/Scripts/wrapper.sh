#!/bin/sh
# virt-nest: emulator wrapper
# Runs QEMU. A pseries guest whose name matches the pattern below gets cap-nested-hv=on, so that it
# can run guests of its own (nested KVM on Power). All arguments are passed on unchanged.

# A subshell, so that its variables do not reach QEMU's environment. LC_ALL=C compares bytes, so that
# the result is the same in every shell and locale.
wants_nesting() (
  LC_ALL=C
  pattern='@PATTERN@'
  guest=
  machine=
  explicit=no

  # Reads the value $2 of the option $1 as QEMU does: a comma ends a property, two commas are one,
  # and the first property is $3 where it has no key.
  read_properties() {
    key=$3
    value=
    rest=$2
    while :; do
      if [ -z "$value" ]; then
        case ${rest%%,*} in
          *=*) key=${rest%%=*} rest=${rest#*=} ;;
        esac
      fi
      case $rest in
        *,*)
          value=$value${rest%%,*}
          rest=${rest#*,}
          case $rest in
            ,*)
              value=$value,
              rest=${rest#,}
              continue
              ;;
          esac
          ;;
        *)
          value=$value$rest
          rest=
          ;;
      esac
      case $1.${key:-$value} in
        name.guest) guest=$value ;;
        machine.type) machine=$value ;;
        # Also cap-nested-papr, because QEMU refuses both together.
        machine.cap-nested-* | machine.nocap-nested-*) explicit=yes ;;
      esac
      [ -n "$rest" ] || break
      key=
      value=
    done
  }

  expected=option
  for word do
    case $expected in
      name) read_properties name "$word" guest ;;
      machine) read_properties machine "$word" type ;;
      option)
        case $word in
          -name | --name) expected=name ;;
          -machine | --machine | -M | --M) expected=machine ;;
          # These values are free text and may look like an option.
          -append | --append | -kernel | --kernel | -initrd | --initrd | -dtb | --dtb) expected=text ;;
          -bios | --bios | -L | --L | -D | --D | -pidfile | --pidfile) expected=text ;;
        esac
        continue
        ;;
    esac
    expected=option
  done

  [ "$explicit" = no ] || exit 1
  case $machine in
    pseries | pseries-*) ;;
    *) exit 1 ;;
  esac
  # shellcheck disable=SC2254 # the pattern is meant as one
  case $guest in
    *$pattern*) exit 0 ;;
  esac
  exit 1
)

if wants_nesting "$@"; then
  # QEMU merges -machine options, so the versioned machine type is kept.
  set -- -machine cap-nested-hv=on "$@"
fi
exec '@EMULATOR@' "$@"
