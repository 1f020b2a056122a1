# Asks the machine's own kubeadm what it would write, and changes nothing: it runs
# dry, in a mount namespace of its own. $inside is the program there.
have unshare || no "unshare is not installed${nl}it comes with the package util-linux"
have kubeadm || no 'kubeadm is not installed'
exec unshare -m -- /bin/sh -c "$inside"
