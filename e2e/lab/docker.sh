#!/usr/bin/env bash
# Makes sure that a Docker daemon answers. One that is already there is used as it is;
# else Debian's is started, with a data root of the lab's own. Such a daemon does not
# outlive the machine's session, so everything that needs Docker calls this first.
# --stop ends a daemon that was started here, unless a container still runs on it.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

answers() { docker info >/dev/null 2>&1; }

# Root may lack CAP_SYS_RESOURCE (bit 24), as it does inside some virtual machines.
lacks_sys_resource() {
  local bounding
  bounding=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  ((!(16#$bounding >> 24 & 1)))
}

# Every systemd, kubelet and containerd of every machine counts against one limit of the
# kernel, whose default of 128 is enough for about four machines.
raise_inotify() {
  local limit=/proc/sys/fs/inotify/max_user_instances
  [ "$(cat $limit)" -ge 1024 ] || echo 1024 >$limit || say 'could not raise fs.inotify.max_user_instances'
}

# A daemon that was killed leaves its number behind, and dockerd refuses to start while
# any process has that number.
forget_dead_daemon() {
  local pid
  pid=$(cat /var/run/docker.pid 2>/dev/null) || return 0
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || rm -f /var/run/docker.pid
}

start() {
  local flags=(--data-root "$cache/docker")
  if lacks_sys_resource; then
    packages jq
    # dockerd keeps the path: it must not be one inside a checkout that goes away.
    install -m 0755 "$lab/runc-reduced.sh" "$cache/runc-reduced"
    flags+=(--add-runtime "reduced=$cache/runc-reduced" --default-runtime reduced)
  fi
  # A session of its own and no inherited descriptor, the lock's included: a caller's
  # pipe must be able to close while the daemon lives on.
  setsid nohup dockerd "${flags[@]}" </dev/null >>"$cache/dockerd.log" 2>&1 9>&- &
  local daemon=$!
  for _ in $(seq 150); do
    if answers; then
      echo "$daemon" >"$cache/dockerd.pid"
      return
    fi
    kill -0 "$daemon" 2>/dev/null || break # as where nobody may mount or make networks
    sleep 0.2
  done
  tail -n 20 "$cache/dockerd.log" >&2
  die "dockerd does not answer, its log is $cache/dockerd.log"
}

# Numbers of processes come again: only a dockerd on the lab's data is ours.
stop() {
  local pid
  pid=$(cat "$cache/dockerd.pid" 2>/dev/null || echo none)
  tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "--data-root $cache/docker" || die 'no Docker daemon runs that was started here'
  [ -z "$(docker ps -q)" ] || die 'containers still run on it: end them first (docker ps; make down)'
  kill "$pid"
  for _ in $(seq 150); do
    if [ ! -e "/proc/$pid" ]; then
      rm -f "$cache/dockerd.pid"
      say "docker daemon stopped, its data stay in $cache/docker"
      return
    fi
    sleep 0.2
  done
  die "dockerd (process $pid) does not end, its log is $cache/dockerd.log"
}

if [ "${1:-}" = --stop ]; then
  stop
  exit
fi
answers && exit
[ "$(id -u)" -eq 0 ] || die 'no Docker daemon answers, and only root can start one'
exec 9>"$cache/docker.lock"
flock 9
answers && exit # another call was faster
[ -x /usr/sbin/dockerd ] || step 'install docker' '30 s' packages docker.io iptables
started=$SECONDS
raise_inotify
forget_dead_daemon
start
say "docker daemon started in $((SECONDS - started)) s, log $cache/dockerd.log"
