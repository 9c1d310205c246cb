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
        # Also cap-nested-papr, because QEMU refuses both together. QEMU takes `_` for `-` in names.
        machine.cap[-_]nested[-_]* | machine.nocap[-_]nested[-_]*) explicit=yes ;;
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
          --*) option=${word#--} ;;
          -*) option=${word#-} ;;
          *) continue ;;
        esac
        case $option in
          name) expected=name ;;
          machine | M) expected=machine ;;
          # The options of QEMU that take no value. The word after any other option is its value, whatever
          # it looks like.
          S | alt-grab | async-teardown | audio-help | ctrl-grab | curses | daemonize | enable-fips) ;;
          enable-hax | enable-hvf | enable-kvm | enable-sync-profile | full-screen | h | help) ;;
          mem-prealloc | no-acpi | no-fd-bootchk | no-frame | no-hpet | no-kvm | no-kvm-irqchip) ;;
          no-kvm-pit | no-kvm-pit-reinjection | no-quit | no-reboot | no-shutdown | no-user-config) ;;
          nodefaults | nodefconfig | nographic | old-param | only-migratable | portrait | preconfig) ;;
          s | sdl | semihosting | singlestep | snapshot | usb | version | win2k-hack | xen-attach) ;;
          xen-domid-restrict) ;;
          *) expected=text ;;
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
