# shellcheck shell=bash
# Two hosts out of one, for root: `. "$(dirname "$0")/two_hosts.sh"`, which is replicas.sh and more, then two_hosts_up.
# Each host has its own network, joined by one cable, its own name and its own shared memory; processes and files are
# common.
# A host is there as long as the process that holds it, and that reads a pipe which ends with this script, however that
# ends: no name is left in the system.
# shellcheck source=tests/cli/replicas.sh
. "${CAVIAR_SOURCE:?}/tests/cli/replicas.sh"

hosts=(left right)
addresses=(10.213.7.1 10.213.7.2) # in networks of their own: no other machine is reached by them

two_hosts_down() {
  local name
  for name in "${hosts[@]}"; do
    [ -s "$work/host-$name" ] && kill -9 "$(cat "$work/host-$name")" 2>/dev/null
  done
  leave
}

# on HOST COMMAND...
on() {
  local host=$1
  shift
  enter "$host"
  "${entry[@]}" "$@" 9>&-
}

# enter HOST: sets entry, the words that put a command there
enter() {
  entry=(nsenter --target "$(cat "$work/host-$1")" --mount --uts --net -- env -C "$PWD")
}

cannot() {
  echo "skipped: $1"
  exit 77
}

# Ends the test, skipped, where the system does not let us.
two_hosts_up() {
  local i holder name
  [ "$(id -u)" = 0 ] || cannot "only root can make network namespaces"
  for name in ip nsenter unshare; do
    command -v $name >/dev/null || cannot "$name is not installed"
  done
  trap two_hosts_down EXIT
  mkfifo "$work/leash"
  exec 9<>"$work/leash"
  for i in 0 1; do
    unshare --mount --uts --net --propagation private sh -c "
      hostname ${hosts[i]} && mount -t tmpfs -o mode=1777 tmpfs /dev/shm && ip link set lo up &&
      echo \$\$ >'$work/new' && mv '$work/new' '$work/host-${hosts[i]}' && exec cat" \
      <"$work/leash" 9>&- >/dev/null 2>"$work/namespaces" &
    holder=$!
    disown
    until [ -s "$work/host-${hosts[i]}" ] || ! kill -0 $holder 2>/dev/null; do sleep 0.01; done
    [ -s "$work/host-${hosts[i]}" ] || cannot "no namespaces here: $(tail -n 1 "$work/namespaces")"
  done
  on left ip link add cable type veth peer name cable netns "$(cat "$work/host-right")" 2>"$work/namespaces" ||
    cannot "no pair of network devices: $(tail -n 1 "$work/namespaces")"
  for i in 0 1; do
    on "${hosts[i]}" ip addr add "${addresses[i]}/24" dev cable
    on "${hosts[i]}" ip link set cable up
  done
  # what mpirun calls in place of ssh: agent ADDRESS COMMAND...
  cat >"$work/agent" <<AGENT
#!/bin/sh
case \$1 in
  ${addresses[0]}) pid=\$(cat '$work/host-left') ;;
  *) pid=\$(cat '$work/host-right') ;;
esac
shift
exec nsenter --target \$pid --mount --uts --net -- sh -c "\$*"
AGENT
  chmod +x "$work/agent"
}

# two_hosts_launcher N: sets launcher, the words that start a command on N ranks, half of them on each host; mpirun
# itself is on the left one
# shellcheck disable=SC2034 # for those who source this
two_hosts_launcher() {
  local i
  for i in 0 1; do echo "${addresses[i]} slots=$(($1 / 2))"; done >"$work/hostfile"
  enter left
  launcher=("${entry[@]}" mpirun -q -n "$1" --hostfile "$work/hostfile" --oversubscribe --bind-to none
    -mca plm_rsh_agent "$work/agent" -mca btl "self,vader,tcp" -mca btl_tcp_if_include cable -mca oob_tcp_if_include cable)
}
