# Carries out operations in order, and stops at the first that fails. An
# operation is a line with its kind and a line for each of its fields; the
# bytes of a file follow its fields.
while IFS= read -r kind; do
  case $kind in
  guarded) op_guarded ;;
  will-make)
    IFS= read -r path || exit 65
    op_will_make
    ;;
  has-made)
    IFS= read -r path || exit 65
    op_has_made
    ;;
  put)
    IFS= read -r path && read -r mode && read -r owner && read -r had && read -r want && read -r size || exit 65
    op_put
    ;;
  copy)
    IFS= read -r path && read -r mode && read -r owner && read -r had && IFS= read -r from || exit 65
    op_copy
    ;;
  mkdir)
    IFS= read -r path && read -r mode && read -r owner || exit 65
    op_mkdir
    ;;
  attributes)
    IFS= read -r path && read -r mode && read -r owner || exit 65
    op_attributes
    ;;
  remove)
    IFS= read -r path && read -r had || exit 65
    op_remove
    ;;
  remove-tree)
    IFS= read -r path || exit 65
    op_remove_tree
    ;;
  own-tree)
    IFS= read -r path && read -r owner || exit 65
    op_own_tree
    ;;
  room)
    IFS= read -r path && read -r size && read -r count || exit 65
    op_room
    ;;
  sysctl)
    IFS= read -r key && IFS= read -r value || exit 65
    op_sysctl
    ;;
  module)
    IFS= read -r key || exit 65
    op_module
    ;;
  end-process)
    IFS= read -r key && read -r value || exit 65
    op_end_process
    ;;
  unit)
    IFS= read -r value && IFS= read -r key || exit 65
    op_unit
    ;;
  end)
    settle
    finish
    ;;
  *) exit 65 ;;
  esac
  cd /
done
exit 65
