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

# QEMU and its helpers are daemons that outlive virsh; libvirt writes each one's number before it
# runs it. A number may be somebody else's by now, so its command line has to name the folder.
# shellcheck disable=SC2317 # called by a function of a trap
end_guests() {
  find "$folder" -name '*.pid' ! -name driver.pid -type f 2>/dev/null | while read -r file; do
    pid=$(cat "$file" 2>/dev/null)
    case $pid in '' | *[!0-9]*) continue ;; esac
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$folder" || continue
    kill -KILL "$pid" 2>/dev/null
  done
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
