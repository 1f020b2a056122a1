# Reads what one machine has, and changes nothing. The ask is one line for each
# thing, ended by "end". One process answers for all files, one for all
# digests, one for all units: a look costs a machine little.
frame clock 0 "$(date +%s%N | tr -dc 0-9)"

software='' paths='' texts='' dirs='' sysctls='' modules='' units='' asked_runs='' line=''
while IFS= read -r line; do
  case $line in
  'file '*) paths=$paths${line#file }$nl ;;
  'text '*)
    paths=$paths${line#text }$nl
    texts=$texts${line#text }$nl
    ;;
  'dir '*) dirs=$dirs${line#dir }$nl ;;
  'sysctl '*) sysctls=$sysctls${line#sysctl }$nl ;;
  'module '*) modules=$modules${line#module }$nl ;;
  'unit '*) units=$units${line#unit }$nl ;;
  'run '*) asked_runs=$asked_runs${line#run }$nl ;;
  software) software=yes ;;
  end) break ;;
  *) exit 65 ;;
  esac
done
[ "$line" = end ] || exit 65
exec </dev/null

# Lists are lines; they become arguments by splitting at line breaks alone.
set -f

# unread NAME STATUS REASON
unread() {
  frame unread "$2" "$1$nl$3"
}

# take KIND NAME COMMAND... answers with what the command printed, or says
# under NAME why it could not. A hanging program is not waited for.
take() {
  take_kind=$1 take_name=$2
  shift 2
  if take_out=$(bounded 20 "$@" 2>/dev/null); then
    frame "$take_kind" 0 "$take_out"
    return 0
  else
    take_status=$?
  fi
  take_why=
  [ "$take_status" = 124 ] || take_why=$(bounded 20 "$@" 2>&1 >/dev/null)
  unread "$take_name" "$take_status" "$take_why"
  return 1
}

# look_absent PATH... : the test that found them missing cannot tell "there is
# none" from "it cannot be read"; stat can.
look_absent() {
  absent=
  for p in "$@"; do
    # stat fails for what is absent; what it complains of says which it is.
    why=$(stat -c %f "$p" 2>&1 >/dev/null)
    case $why in
    *': No such file or directory' | *': Not a directory') absent=$absent$p$nl ;;
    '') unread "$p" 1 'it appeared while it was looked at' ;;
    *) unread "$p" 1 "$why" ;;
    esac
  done
  frame absent 0 "$absent"
}

# all_absent PATH... : the same in one process, when all of them agree.
all_absent() {
  why=$(stat -c %f "$@" 2>&1 >/dev/null)
  IFS=$nl
  agreed=0
  for w in $why; do
    case $w in
    *': No such file or directory' | *': Not a directory') agreed=$((agreed + 1)) ;;
    esac
  done
  [ "$agreed" = "$#" ] || return 1
  frame absent 0 "$*"
}

# look_files PATH...
look_files() {
  there='' regular='' gone=''
  for p in "$@"; do
    if [ -L "$p" ]; then
      there=$there$p$nl
    elif [ -f "$p" ]; then
      there=$there$p$nl
      regular=$regular$p$nl
    elif [ -e "$p" ]; then
      there=$there$p$nl
    else
      gone=$gone$p$nl
    fi
  done
  IFS=$nl
  if [ -n "$there" ]; then
    # What vanished meanwhile has no line, and is missed by who asked.
    # shellcheck disable=SC2086 # split at line breaks on purpose
    frame stat 0 "$(stat -c %f/%s/%u/%g/%U/%G%n $there 2>/dev/null)"
  fi
  if [ -n "$regular" ]; then
    # shellcheck disable=SC2086 # split at line breaks on purpose
    frame sha256 0 "$(sha256sum $regular 2>/dev/null)"
  fi
  if [ -n "$gone" ]; then
    # shellcheck disable=SC2086 # split at line breaks on purpose
    all_absent $gone || look_absent $gone
  fi
}

# look_texts PATH... : content of regular files, never of what could block.
look_texts() {
  for p in "$@"; do
    if [ -f "$p" ] && [ ! -L "$p" ]; then
      # The dot keeps the line breaks at the end; NULs are lost, which the
      # digest tells.
      {
        text=$(
          head -c 1048576 "$p"
          s=$?
          echo .
          exit "$s"
        )
        s=$?
      } 2>/dev/null
      frame text "$s" "$p$nl${text%.}"
    fi
  done
}

# look_dirs DIRECTORY... adds what lies in them, two levels deep, to paths.
look_dirs() {
  real=
  for d in "$@"; do
    paths=$paths$d$nl
    if [ -d "$d" ] && [ ! -L "$d" ]; then
      real=$real$d$nl
    fi
  done
  [ -n "$real" ] || return 0
  IFS=$nl
  # A name with a line break cannot be told apart from two names.
  # shellcheck disable=SC2086 # split at line breaks on purpose
  odd=$(find $real -mindepth 1 -maxdepth 2 -path "*$nl*" 2>/dev/null)
  # shellcheck disable=SC2086
  if entries=$(find $real -mindepth 1 -maxdepth 2 ! -path "*$nl*" 2>/dev/null) && [ -z "$odd" ]; then
    # shellcheck disable=SC2086
    set -- $entries
    if [ $# -le 2000 ]; then
      paths=$paths$entries$nl
      return 0
    fi
    why='there are more than 2000 entries'
  else
    # shellcheck disable=SC2086
    why=$(find $real -mindepth 1 -maxdepth 2 2>&1 >/dev/null)
    [ -z "$odd" ] || why='there is a name with a line break'
    paths=$paths$entries$nl
  fi
  for d in $real; do
    unread "$d" 1 "its entries could not all be listed: $why"
  done
}

# look_sysctls KEY... (with slashes) : grep reads each in one go, as the kernel
# wants it; a shell's read would take one byte and get no more.
look_sysctls() {
  exist=
  for k in "$@"; do
    if [ -e "/proc/sys/$k" ]; then
      exist=$exist/proc/sys/$k$nl
    fi
  done
  IFS=$nl
  if [ -z "$exist" ]; then
    frame sysctl 0 ''
    return 0
  fi
  # shellcheck disable=SC2086 # split at line breaks on purpose
  out=$(grep -H '' $exist 2>/dev/null)
  frame sysctl 0 "$out"
  for f in $exist; do
    case $nl$out in
    *"$nl$f:"*) ;;
    *) unread "sysctl ${f#/proc/sys/}" 1 "$(grep -H '' "$f" 2>&1 >/dev/null)" ;;
    esac
  done
}

# look_modules "NAME PATTERN"... (with underscores) : loaded, or built into the kernel.
look_modules() {
  builtin=/lib/modules/$(uname -r)/modules.builtin
  out=
  for m in "$@"; do
    pattern=${m#* }
    m=${m%% *}
    if [ -d "/sys/module/$m" ] || grep -qw "$m" /proc/filesystems 2>/dev/null; then
      out="$out$m yes$nl"
      continue
    fi
    why=$(grep -q "/$pattern\.ko" "$builtin" 2>&1)
    case $? in
    0) out="$out$m yes$nl" ;;
    1) out="$out$m no$nl" ;;
    # Built-in code need not show under /sys.
    *) unread "module $m" 1 "it is not loaded, and whether it is built in cannot be read: $why" ;;
    esac
  done
  frame modules 0 "$out"
}

# look_table: `table inet bulwark` without its counters, which move.
look_table() {
  if ! have nft; then
    unread Table 127 'nft is not installed'
  elif text=$(bounded 20 nft -s list table inet bulwark 2>/dev/null); then
    frame table 0 "$text"
  elif tables=$(bounded 20 nft list tables 2>/dev/null); then
    case $nl$tables$nl in
    *"${nl}table inet bulwark$nl"*) unread Table 1 "$(bounded 20 nft -s list table inet bulwark 2>&1 >/dev/null)" ;;
    *) frame table 0 '' ;;
    esac
  else
    unread Table 1 "$(bounded 20 nft list tables 2>&1 >/dev/null)"
  fi
}

# look_processes: arguments of the components that run in the machine's own
# network, where kubeadm's all do; a pod's own etcd does not.
look_processes() {
  set +f
  for p in /proc/[0-9]*; do
    comm=
    { IFS= read -r comm <"$p/comm"; } 2>/dev/null
    case $comm in
    kube-apiserver | kube-controller | kube-scheduler | etcd | kubelet | kube-proxy) ;;
    *) continue ;;
    esac
    # shellcheck disable=SC3013 # dash, bash and busybox all know -ef
    if [ "$p/ns/net" -ef /proc/1/ns/net ]; then
      frame process 0 "$comm$nl$(od -An -v -tx1 "$p/cmdline" 2>/dev/null)"
    fi
  done
  set -f
}

# look_peer: how the machine sees us. sudo drops the variable, but not from
# the processes above us.
look_peer() {
  peer=${SSH_CONNECTION:-}
  pid=$$
  while [ -z "$peer" ] && [ "$pid" -gt 1 ]; do
    peer=$({ tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^SSH_CONNECTION=//p'; } 2>/dev/null)
    parent=0
    while read -r key value; do
      if [ "$key" = PPid: ]; then
        parent=$value
        break
      fi
    done 2>/dev/null <"/proc/$pid/status"
    pid=$parent
  done
  frame peer 0 "$peer"
}

# look_space: of a directory that is not there yet, the space of where it will be.
look_space() {
  out=
  for d in /sys/fs/cgroup / /var /var/lib/etcd /var/lib/kubelet /var/lib/containerd /var/log /etc; do
    at=$d
    until [ -d "$at" ]; do
      at=${at%/*}
      at=${at:-/}
    done
    if s=$(stat -f -c '%t %a %S %d %c' "$at" 2>/dev/null); then
      out="$out$s $d$nl"
    fi
  done
  frame space 0 "$out"
}

look_listeners() {
  if have ss && out=$(bounded 20 ss -Hltnp 2>/dev/null); then
    frame ss 0 "$out"
  else
    take proctcp Listening cat /proc/net/tcp && [ -r /proc/net/tcp6 ] &&
      frame proctcp6 0 "$(cat /proc/net/tcp6)"
  fi
}

look_container() {
  if [ -e /run/systemd/container ] || [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
    frame container 0 yes
  elif have systemd-detect-virt && systemd-detect-virt --quiet --container; then
    frame container 0 yes
  else
    frame container 0 no
  fi
}

# look_account: who has etcd's number. A look-up that fails is not "nobody".
look_account() {
  if have getent; then
    out=$(bounded 20 getent passwd 2379 2>/dev/null)
    case $? in
    0 | 2) frame etcdaccount 0 "$out" ;;
    *) unread EtcdAccount 1 'getent passwd fails' ;;
    esac
  else
    take etcdaccount EtcdAccount sed -n '/^[^:]*:[^:]*:2379:/p' /etc/passwd
  fi
}

look_systemd() {
  comm=
  { read -r comm </proc/1/comm; } 2>/dev/null
  if [ "$comm" = systemd ] && have systemctl; then
    take systemd Systemd systemctl show -p Version
  fi
}

look_plugins() {
  set +f
  out=
  for f in /opt/cni/bin/*; do
    if [ -f "$f" ] && [ -x "$f" ]; then
      out=$out${f##*/}$nl
    fi
  done
  set -f
  frame plugins 0 "$out"
}

# look_software starts programs to learn their versions: on a machine that is
# to become a node, never on one that is.
look_software() {
  if have containerd; then
    take containerd Containerd containerd --version
    take criconfig SandboxImage containerd config dump
  fi
  if have runc; then take runc Runc runc --version; fi
  if have kubelet; then take kubelet Kubelet kubelet --version; fi
  if have kubeadm; then take kubeadm Kubeadm kubeadm version -o short; fi
  if have ctr && [ -S /run/containerd/containerd.sock ]; then
    take images Images ctr --namespace k8s.io images list --quiet
  elif [ -S /run/containerd/containerd.sock ]; then
    unread Images 127 'ctr is not installed'
  else
    unread Images 1 'containerd does not run'
  fi
}

IFS=$nl
# shellcheck disable=SC2086 # split at line breaks on purpose, from here on
[ -z "$dirs" ] || look_dirs $dirs
IFS=$nl
# An entry of a directory may have been asked for by itself too.
paths=$(printf %s "$paths" | sort -u)
# shellcheck disable=SC2086
[ -z "$paths" ] || look_files $paths
IFS=$nl
# shellcheck disable=SC2086
[ -z "$texts" ] || look_texts $texts
# shellcheck disable=SC2086
[ -z "$sysctls" ] || look_sysctls $sysctls
IFS=$nl
# shellcheck disable=SC2086
[ -z "$modules" ] || look_modules $modules
IFS=$nl
if [ -n "$units" ]; then
  # shellcheck disable=SC2086
  take units Units systemctl show --no-pager -p Id -p Names -p LoadState -p UnitFileState -p ActiveState -p SubState $units
fi
for unit in $asked_runs; do
  run_state "$unit"
  case $run_is in
  none) ;;
  unknown) unread "$unit" 1 'systemd does not answer' ;;
  *) frame run 0 "$unit$nl$run_is$nl$({ run_output "$unit" 65536; } 2>/dev/null)" ;;
  esac
done
IFS=$std

look_table
look_processes
frame uname 0 "$(uname -n) $(uname -r) $(uname -m)"
frame small 0 "$(grep -H '' /etc/machine-id /etc/os-release /proc/swaps /proc/meminfo /sys/devices/system/cpu/online 2>/dev/null)"
frame user 0 "$(id -un 2>/dev/null)"
look_peer
look_space
look_listeners
take addresses Addresses ip -o addr
look_container
look_account
look_systemd
look_plugins
if [ -S /run/containerd/containerd.sock ]; then
  frame cri 0 yes
else
  frame cri 0 no
fi
[ -z "$software" ] || look_software
frame clock 0 "$(date +%s%N | tr -dc 0-9)"
finish
