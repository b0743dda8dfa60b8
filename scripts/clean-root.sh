#!/usr/bin/env bash
# Proves the README's commands on a machine that holds nothing: a fresh Debian with git and the Rust toolchain, and this commit.
#
#   scripts/clean-root.sh [--keep] [FOLDER]
#
# The root is made by debootstrap in FOLDER (a new one below $TMPDIR) and removed afterwards, unless it is to be kept. It takes from
# this machine: the mirror and the `Acquire` settings of apt, the name resolution, the certificates, the configuration of cargo, and
# the toolchain, read-only. Needs root, for the chroot.
set -euo pipefail

suite=${SUITE:-bookworm}
keep=
if [ "${1:-}" = --keep ]; then
    keep=1
    shift
fi
repository=$(cd "$(dirname "$0")/.." && pwd)
root=${1:-$(mktemp -d "${TMPDIR:-/tmp}/hob-clean-root.XXXXXX")}
mkdir -p "$root"
chmod 755 "$root"

say() { printf '\n==> %s\n' "$*"; }
die() {
    printf '%s\n' "$*" >&2
    exit 1
}
timed() { "$repository/scripts/stage" "$@"; }

[ "$(id -u)" -eq 0 ] || die "a chroot needs root: run this with sudo"
command -v debootstrap >/dev/null || {
    say "installing debootstrap"
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends debootstrap
}
toolchain=$(rustc --print sysroot) || die "this machine has no Rust toolchain to lend"

# The mirror that this machine uses for its own Debian; MIRROR names another.
mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk -v release="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$2 == release { print $1; exit }')}
[ -n "$mirror" ] || die "apt knows no Debian mirror here: name one with MIRROR="

# Nothing is mounted outside the processes that run in the root, so removing it can't reach anything else.
trap '[ -n "$keep" ] || rm -rf --one-file-system "$root"' EXIT

timed "debootstrap $suite" debootstrap --variant=minbase --include=git,ca-certificates "$suite" "$root" "$mirror" >"$root.log" 2>&1 ||
    die "$(tail -n 20 "$root.log")"
tail -n 1 "$root.log"
rm -f "$root.log"

apt-config dump --format '%F "%v";%n' | grep '^Acquire::.*"..*"' >"$root/etc/apt/apt.conf.d/99host" || true
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
mkdir -p "$root/user/.cargo" "$root/opt/rust"
for file in config.toml config; do
    [ ! -f "$cargo_home/$file" ] || cp "$cargo_home/$file" "$root/user/.cargo/"
done
git clone --quiet "$repository" "$root/hob"

# The README's commands, in their own processes and mounts: nothing of it outlives this script.
inside=(env -i HOME=/user PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/rust/bin)
while IFS= read -r variable; do inside+=("$variable"); done < <(
    env | grep -iE '^(CARGO_(HTTP|NET|REGISTR|SOURCE)[A-Z_]*|https?_proxy|no_proxy|all_proxy)=' || true
)
in_root() {
    timed "in the clean root: $1" unshare --mount --pid --fork sh -euc '
        root=$1 toolchain=$2
        shift 2
        mount --bind "$toolchain" "$root/opt/rust"
        mount -o remount,bind,ro "$root/opt/rust"
        mount -t proc proc "$root/proc"
        mount -t tmpfs tmpfs "$root/tmp"
        exec chroot "$root" "$@"
    ' - "$root" "$toolchain" "${inside[@]}" sh -euc "cd /hob; $1"
}
say "a clean $suite with $(git -C "$root/hob" log -1 --format='%h %s')"
in_root 'for tool in make cmake c++ cc; do ! command -v $tool || exit 1; done; git --version; cargo --version'
in_root ./scripts/bootstrap
in_root 'make demo'
in_root 'make test'
du -sh "$root" | sed 's/^/the root has grown to /'
