# The look at all that is not a file of ours: kernel, processes, network, software.

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

# look_modules "NAME PATTERN"... (with underscores) : loaded or built into the
# kernel (yes), to be had from the running kernel's folder (no), or neither
# (missing). modprobe is not asked: each has another way to say so, and some none.
look_modules() {
  folder=/lib/modules/$(uname -r)
  out=
  # Built-in code need not show under /sys.
  systems=$(cat /proc/filesystems 2>/dev/null)
  why=
  built=$(cat "$folder/modules.builtin" 2>/dev/null) || why=$(cat "$folder/modules.builtin" 2>&1 >/dev/null)
  for m in "$@"; do
    pattern=${m#* }
    m=${m%% *}
    if [ -d "/sys/module/$m" ]; then
      out="$out$m yes$nl"
      continue
    fi
    case $nl$systems$nl in
    *"	$m$nl"*)
      out="$out$m yes$nl"
      continue
      ;;
    esac
    if [ -n "$why" ]; then
      unread "module $m" 1 "it is not loaded, and whether it is built in cannot be read: $why"
      continue
    fi
    case $built in
    */$pattern.ko*)
      out="$out$m yes$nl"
      continue
      ;;
    esac
    # Each line is a file, a colon, and the files it needs.
    missed=$(grep -q "^\([^:]*/\)\{0,1\}$pattern\.ko[.a-z0-9]*:" "$folder/modules.dep" 2>&1)
    case $? in
    0) out="$out$m no$nl" ;;
    1) out="$out$m missing$nl" ;;
    *) unread "module $m" 1 "it is not loaded, and whether it can be cannot be read: $missed" ;;
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
    *)
      frame table 0 ''
      frame filters 0 "$(
        filters_of_nft
        filters_of_legacy ip
        filters_of_legacy ip6
      )"
      ;;
    esac
  else
    unread Table 1 "$(bounded 20 nft list tables 2>&1 >/dev/null)"
  fi
}

# filters_of_nft: the chains of other tables that judge what comes to the machine,
# without counters. It is only asked where there is no table of ours.
filters_of_nft() {
  if ! chains=$(bounded 20 nft list chains 2>/dev/null); then
    echo '? nft list chains fails'
    return 0
  fi
  printf '%s\n' "$chains" | while read -r word first second third _; do
    case "$word $first $second $third" in
    'table '*) family=$first table=$second ;;
    'chain '*) chain=$first ;;
    'type filter hook input' | 'type filter hook prerouting' | 'type filter hook ingress')
      bounded 20 nft -s list chain "$family" "$table" "$chain" 2>/dev/null </dev/null ||
        echo "? nft list chain $family $table $chain fails"
      ;;
    esac
  done
}

# filters_of_legacy ip|ip6 : the same of the older tables, which nft does not see.
# A table that is not there is not asked for: that would make it.
filters_of_legacy() {
  names=$(cat "/proc/net/${1}_tables_names" 2>/dev/null)
  [ -n "$names" ] || return 0
  legacy=${1}tables-legacy
  if ! have "$legacy"; then
    legacy=${1}tables
    case $(bounded 20 "$legacy" -V 2>/dev/null) in
    *legacy*) ;;
    *)
      echo "? ${1}tables-legacy is not installed, and the kernel has tables of it"
      return 0
      ;;
    esac
  fi
  for table in filter mangle raw; do
    case $nl$names$nl in
    *"$nl$table$nl"*)
      echo "legacy ${1}tables $table"
      bounded 20 "$legacy" -w -t "$table" -S 2>/dev/null || echo "? $legacy -t $table -S fails"
      ;;
    esac
  done
}

# etcd's arguments as the variables that it takes in their place, without ETCD_.
etcd_variables=" \
ADVERTISE_CLIENT_URLS AUTH_TOKEN AUTH_TOKEN_TTL AUTO_COMPACTION_MODE AUTO_COMPACTION_RETENTION AUTO_TLS \
BACKEND_BATCH_INTERVAL BACKEND_BATCH_LIMIT BACKEND_BBOLT_FREELIST_TYPE BCRYPT_COST \
BOOTSTRAP_DEFRAG_THRESHOLD_MEGABYTES CERT_FILE CIPHER_SUITES CLIENT_CERT_ALLOWED_HOSTNAME \
CLIENT_CERT_AUTH CLIENT_CERT_FILE CLIENT_CRL_FILE CLIENT_KEY_FILE CLUSTER_ACTIVE_SIZE \
CLUSTER_REMOVE_DELAY CLUSTER_SYNC_INTERVAL COMPACT_HASH_CHECK_TIME COMPACTION_BATCH_LIMIT \
COMPACTION_SLEEP_INTERVAL CONFIG CONFIG_FILE CORRUPT_CHECK_TIME CORS DATA_DIR DISCOVERY_CACERT \
DISCOVERY_CERT DISCOVERY_DIAL_TIMEOUT DISCOVERY_ENDPOINTS DISCOVERY_FALLBACK \
DISCOVERY_INSECURE_SKIP_TLS_VERIFY DISCOVERY_INSECURE_TRANSPORT DISCOVERY_KEEPALIVE_TIME \
DISCOVERY_KEEPALIVE_TIMEOUT DISCOVERY_KEY DISCOVERY_PASSWORD DISCOVERY_REQUEST_TIMEOUT DISCOVERY_SRV \
DISCOVERY_SRV_NAME DISCOVERY_TOKEN DISCOVERY_USER DISTRIBUTED_TRACING_ADDRESS \
DISTRIBUTED_TRACING_INSTANCE_ID DISTRIBUTED_TRACING_SAMPLING_RATE DISTRIBUTED_TRACING_SERVICE_NAME \
DOWNGRADE_CHECK_TIME ELECTION_TIMEOUT ENABLE_DISTRIBUTED_TRACING ENABLE_GRPC_GATEWAY ENABLE_LOG_ROTATION \
ENABLE_PPROF FEATURE_GATES FORCE FORCE_NEW_CLUSTER GRPC_KEEPALIVE_INTERVAL GRPC_KEEPALIVE_MIN_TIME \
GRPC_KEEPALIVE_TIMEOUT HEARTBEAT_INTERVAL HOST_WHITELIST INITIAL_ADVERTISE_PEER_URLS INITIAL_CLUSTER \
INITIAL_CLUSTER_STATE INITIAL_CLUSTER_TOKEN INITIAL_ELECTION_TICK_ADVANCE KEY_FILE \
LISTEN_CLIENT_HTTP_URLS LISTEN_CLIENT_URLS LISTEN_METRICS_URLS LISTEN_PEER_URLS LOG_FORMAT LOG_LEVEL \
LOG_OUTPUTS LOG_ROTATION_CONFIG_JSON LOGGER MAX_CONCURRENT_STREAMS MAX_LEARNERS MAX_REQUEST_BYTES \
MAX_RESULT_BUFFER MAX_RETRY_ATTEMPTS MAX_SNAPSHOTS MAX_TXN_OPS MAX_WALS MEMORY_MLOCK METRICS NAME \
PEER_AUTO_TLS PEER_CERT_ALLOWED_CN PEER_CERT_ALLOWED_HOSTNAME PEER_CERT_FILE PEER_CLIENT_CERT_AUTH \
PEER_CLIENT_CERT_FILE PEER_CLIENT_KEY_FILE PEER_CRL_FILE PEER_ELECTION_TIMEOUT PEER_HEARTBEAT_INTERVAL \
PEER_KEY_FILE PEER_SKIP_CLIENT_SAN_VERIFICATION PEER_TRUSTED_CA_FILE PRE_VOTE QUOTA_BACKEND_BYTES \
RAFT_READ_TIMEOUT RAFT_WRITE_TIMEOUT RETRY_INTERVAL SELF_SIGNED_CERT_VALIDITY SNAPSHOT \
SNAPSHOT_CATCHUP_ENTRIES SNAPSHOT_COUNT SOCKET_REUSE_ADDRESS SOCKET_REUSE_PORT STRICT_RECONFIG_CHECK \
TLS_MAX_VERSION TLS_MIN_VERSION TRUSTED_CA_FILE UNSAFE_NO_FSYNC V V2_DEPRECATION VV WAL_DIR \
WARNING_APPLY_DURATION WARNING_UNARY_REQUEST_DURATION WATCH_PROGRESS_NOTIFY_INTERVAL "

# etcd_environment FILE : of an environment what stands for an argument. An image may
# have more under such names, as ETCD_ROOT_PASSWORD, and that stays on the machine; so
# does the value of what is a secret.
etcd_environment() {
  tr '\0' '\n' <"$1" 2>/dev/null | while IFS= read -r line; do
    name=${line%%=*}
    case $name in
    *[!A-Z0-9_]*) continue ;;
    ETCD_*) ;;
    *) continue ;;
    esac
    case $etcd_variables in
    *" ${name#ETCD_} "*) ;;
    *) continue ;;
    esac
    case $line in
    "$name" | "$name=") ;;
    ETCD_DISCOVERY_PASSWORD=* | ETCD_DISCOVERY_TOKEN=*) printf '%s\n' "$name=not-shown" ;;
    *) printf '%s\n' "$line" ;;
    esac
  done
}

# look_processes: the components that run in the machine's own network, where
# kubeadm's all do; a pod's own etcd does not. Of each its number, when it
# began, the static pod it runs in, and its arguments; of etcd its environment too.
look_processes() {
  boot=$(sed -n 's/^btime //p' /proc/stat 2>/dev/null)
  ticks=$(getconf CLK_TCK 2>/dev/null) || ticks=100
  set +f
  for p in /proc/[0-9]*; do
    comm=
    { IFS= read -r comm <"$p/comm"; } 2>/dev/null
    case $comm in
    kube-apiserver | kube-controller | kube-scheduler | etcd | kubelet | kube-proxy | kube-vip) ;;
    *) continue ;;
    esac
    # shellcheck disable=SC3013 # dash, bash and busybox all know -ef
    if [ "$p/ns/net" -ef /proc/1/ns/net ]; then
      args=$(od -An -v -tx1 "$p/cmdline" 2>/dev/null)
      # The kubelet makes the uid of a static pod from what its manifest says.
      group=
      while IFS= read -r group; do
        case $group in
        *pod[0-9a-f]*) break ;;
        esac
      done 2>/dev/null <"$p/cgroup"
      pod=${group##*pod}
      pod=${pod%%[!0-9a-f_-]*}
      case ${#pod} in
      32 | 36) ;;
      *) pod=- ;;
      esac
      began=0
      if { read -r line <"$p/stat"; } 2>/dev/null; then
        # Its own name may hold blanks; what follows does not.
        # shellcheck disable=SC2086 # split on purpose
        set -- ${line##*) }
        [ $# -lt 20 ] || began=$((${boot:-0} + ${20} / ticks))
      fi
      # A child that was about to execute its own program had its parent's name.
      now=
      { IFS= read -r now <"$p/comm"; } 2>/dev/null
      [ "$now" = "$comm" ] || continue
      frame process 0 "$comm ${p#/proc/} $began $pod$nl$args"
      # What etcd is not told by an argument it takes from there, and nothing else of it
      # leaves the machine.
      if [ "$comm" = etcd ]; then
        if cat "$p/environ" >/dev/null 2>&1; then
          frame environment 0 "${p#/proc/}$nl$(etcd_environment "$p/environ")"
        elif [ -e "$p/environ" ]; then
          frame environment 1 "${p#/proc/}$nl"
        fi
      fi
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
  # The port that we came from is another one each time.
  case $peer in
  *' '*' '*' '*) peer="${peer%% *} 0 ${peer#* * }" ;;
  esac
  frame peer 0 "$peer"
}

# look_addresses: without how long each is still good for.
look_addresses() {
  if out=$(bounded 20 ip -o addr 2>/dev/null); then
    frame addresses 0 "$(printf '%s\n' "$out" | sed 's/\\.*//')"
  else
    unread Addresses 1 "$(bounded 20 ip -o addr 2>&1 >/dev/null)"
  fi
}

# look_space DIRECTORY... : of one that is not there yet, the space of where it will be.
look_space() {
  out=
  for d in "$@"; do
    at=$d
    until [ -d "$at" ]; do
      at=${at%/*}
      at=${at:-/}
    done
    if s=$(bounded 20 stat -f -c '%t %a %S %d %c' "$at" 2>/dev/null); then
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
  elif have systemd-detect-virt && bounded 20 systemd-detect-virt --quiet --container; then
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
# to become a node, never on one that is. Without containerd's socket nobody can
# say which images there are; that it is missing is a fact of its own.
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
  fi
}
