# What a transient unit executes: the command whose arguments are the lines of
# DIRECTORY/argv. Its output is kept there, up to four megabytes as it comes and
# the last of the rest; its status appears there, whole, when all is written.
set -u
here=$1
cd /
# Only its argument list decides what is run: nothing here is ever code.
set --
while IFS= read -r word; do
  set -- "$@" "$word"
done <"$here/argv"
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root
LC_ALL=C
export PATH HOME LC_ALL
: >"$here/began"
{
  "$@" </dev/null
  echo $? >"$here/status"
} 2>&1 | {
  umask 077
  # dd writes what it read at once: it is there also when all is killed.
  dd of="$here/out" bs=1024 count=4096 2>/dev/null
  tail -c 65536 >"$here/rest"
}
mv "$here/status" "$here/exit"
