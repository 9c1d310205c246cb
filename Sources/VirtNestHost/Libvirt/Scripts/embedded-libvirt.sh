# Runs virsh with a libvirt inside of it whose files are all below a folder, and leaves no guest behind:
#
#   sh embedded-libvirt.sh FOLDER URI COMMANDS
#
# Standard input is not read: its end says that the caller is gone, or wants no more. Then, and at
# SIGTERM, SIGINT and SIGHUP, the folder is removed; it stays where the commands came to their end.
folder=$1
removed=$folder
virsh=
watch=

# QEMU and its helpers are daemons that outlive virsh. What libvirt has just started has no file with
# its number yet: whatever names the folder on its command line is ended, but this script itself, until
# there is none in two looks. Between two looks one may have made another.
# shellcheck disable=SC2317 # called by a function of a trap
end_guests() {
  own=$(tr '\0' ' ' </proc/$$/cmdline)
  looks=0
  while [ "$looks" -lt 2 ]; do
    looks=$((looks + 1))
    # shellcheck disable=SC2013 # these paths have no spaces
    for file in $(grep -lsF -- "$folder" /proc/[0-9]*/cmdline); do
      # A subshell of this script has its command line.
      [ "$(tr '\0' ' ' <"$file")" != "$own" ] || continue
      pid=${file#/proc/}
      if kill -KILL "${pid%/cmdline}"; then looks=0; fi
    done
  done 2>/dev/null
}

# shellcheck disable=SC2317 # called by a trap
stop() {
  status=$?
  trap '' HUP INT TERM PIPE
  trap - EXIT
  [ -z "$watch" ] || kill "$watch" 2>/dev/null
  if [ -n "$virsh" ]; then
    kill -KILL "$virsh" 2>/dev/null
    wait "$virsh" 2>/dev/null
  fi
  end_guests
  [ -z "$removed" ] || rm -rf "$removed"
  exit "$status"
}

trap stop EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

exec 3<&0 </dev/null
{
  read -r _ <&3
  kill -TERM $$
} >/dev/null 2>&1 &
watch=$!
cd "$folder" || exit
virsh --quiet --connect "$2" "$3" 3<&- &
virsh=$!
wait "$virsh"
status=$?
virsh=
removed=
exit "$status"
