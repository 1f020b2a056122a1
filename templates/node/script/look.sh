# Reads what one machine has, and changes nothing. The ask is one line for each
# thing, ended by "end". One process answers for all files, one for all
# digests, one for all units: a look costs a machine little.
software='' files_only='' paths='' texts='' certificates='' masked='' owners='' dirs='' sysctls='' modules='' units='' asked_runs='' same='' line=''
while IFS= read -r line; do
  case $line in
  'file '*) paths=$paths${line#file }$nl ;;
  'text '*)
    paths=$paths${line#text }$nl
    texts=$texts${line#text }$nl
    ;;
  'certificate '*) certificates=$certificates${line#certificate }$nl ;;
  'masked '*) masked=$masked${line#masked }$nl ;;
  'owners '*) owners=$owners${line#owners }$nl ;;
  'dir '*) dirs=$dirs${line#dir }$nl ;;
  'sysctl '*) sysctls=$sysctls${line#sysctl }$nl ;;
  'module '*) modules=$modules${line#module }$nl ;;
  'unit '*) units=$units${line#unit }$nl ;;
  'run '*) asked_runs=$asked_runs${line#run }$nl ;;
  'same '*) same=${line#same } ;;
  software) software=yes ;;
  files-only) files_only=yes ;;
  end) break ;;
  *) exit 65 ;;
  esac
done
[ "$line" = end ] || exit 65
exec </dev/null

# tell_clock answers with nanoseconds, or with seconds where date has no better: what
# follows the digits is a format it does not know.
tell_clock() {
  clock=$(date +%s%N)
  frame clock 0 "${clock%%[!0-9]*}"
}

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

# answers is all but the clock: of a machine on which nothing moves it is the same.
answers() {
  IFS=$nl
  # shellcheck disable=SC2086 # split at line breaks on purpose, from here on
  if [ -n "$dirs" ]; then
    look_dirs $dirs
    # An entry of a directory may have been asked for by itself too.
    paths=$(printf %s "$paths" | sort -u)
  fi
  IFS=$nl
  # shellcheck disable=SC2086
  [ -z "$paths" ] || look_files $paths
  IFS=$nl
  # shellcheck disable=SC2086
  [ -z "$texts" ] || look_texts $texts
  IFS=$nl
  # shellcheck disable=SC2086
  [ -z "$certificates" ] || look_certificates $certificates
  IFS=$nl
  # shellcheck disable=SC2086
  [ -z "$masked" ] || look_masked $masked
  IFS=$nl
  # shellcheck disable=SC2086
  [ -z "$owners" ] || look_owners $owners
  [ -z "$files_only" ] || return 0
  # shellcheck disable=SC2086
  [ -z "$sysctls" ] || look_sysctls $sysctls
  IFS=$nl
  # shellcheck disable=SC2086
  [ -z "$modules" ] || look_modules $modules
  IFS=$nl
  if [ -n "$units" ]; then
    # shellcheck disable=SC2086
    take units Units systemctl show --no-pager -p Id -p Names -p LoadState -p UnitFileState -p ActiveState -p SubState \
      -p NeedDaemonReload -p FragmentPath -p DropInPaths $units
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
  frame uname 0 "$(uname -nrm)"
  frame small 0 "$(
    grep -H '' /etc/machine-id /etc/os-release /proc/swaps /sys/devices/system/cpu/online 2>/dev/null
    grep -H '^MemTotal:' /proc/meminfo 2>/dev/null
  )"
  frame user 0 "$(bounded 20 id -un 2>/dev/null)"
  look_peer
  look_addresses
  look_container
  look_account
  look_systemd
  look_plugins
  if [ -S /run/containerd/containerd.sock ]; then
    frame cri 0 yes
  else
    frame cri 0 no
  fi
  # A machine that runs as a node is not judged any more by what is free on it, nor by
  # its software.
  if [ -e /etc/kubernetes/kubelet.conf ] && [ -e /var/lib/kubelet/config.yaml ]; then
    frame joined 0 ''
    look_space /sys/fs/cgroup
  else
    look_space /sys/fs/cgroup / /var /var/lib/etcd /var/lib/kubelet /var/lib/containerd /var/log /etc
    look_listeners
    [ -z "$software" ] || look_software
  fi
}

# The clock is what the time of all else is judged by: it is told before and after.
[ -n "$files_only" ] || tell_clock
if [ -z "$same" ]; then
  answers
else
  # The dot keeps the line break at the end.
  all=$(
    answers
    echo .
  )
  all=${all%.}
  if [ "$(printf %s "$all" | digest)" = "$same" ]; then
    frame same 0 "$same"
  else
    printf %s "$all"
  fi
fi
[ -n "$files_only" ] || tell_clock
finish
