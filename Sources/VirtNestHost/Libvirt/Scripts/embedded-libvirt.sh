# Runs virsh with an embedded libvirt whose files are all in a folder, and kills its guests at the end:
#
#   sh embedded-libvirt.sh FOLDER URI COMMANDS
#
# The end of standard input means that the caller has ended or wants to stop. Then, and at SIGTERM,
# SIGINT and SIGHUP, the commands are stopped and the folder is removed. It is kept if the commands end
# by themselves.
folder=$1
removed=$folder
virsh=
watch=

# QEMU and its helpers are daemons that outlive virsh, and a process that libvirt has just started has
# no pid file yet. So every process with the folder on its command line is killed, except this script.
# This is repeated until two passes find no process, because a process may start another one meanwhile.
# shellcheck disable=SC2317 # called by a function of a trap
end_guests() {
  own=$(tr '\0' ' ' </proc/$$/cmdline)
  looks=0
  while [ "$looks" -lt 2 ]; do
    looks=$((looks + 1))
    # shellcheck disable=SC2013 # these paths have no spaces
    for file in $(grep -lsF -- "$folder" /proc/[0-9]*/cmdline); do
      # A subshell of this script has the same command line.
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
