# private DIRECTORY makes one that only root can read.
private() {
  [ -d "$1" ] || mkdir "$1" || no "$1 cannot be made"
  [ ! -L "$1" ] || no "$1 is a link; remove it"
}
