#!/bin/sh
# Builds the image without any registry, and tries it out: the base image is made here, from Debian's packages
# (debootstrap) and this machine's own Rust; the image by buildah, from the Dockerfile as it is.
#
#   scripts/container.sh             with the release profile
#   PROFILE=dev scripts/container.sh faster, larger
#
# Needs root, and Debian's packages buildah and debootstrap. Two images stay in the storage of buildah: straight:local,
# and the base image, so that the next time is shorter.
set -eu
cd "$(dirname "$0")/.."

profile=${PROFILE:-release}
suite=${SUITE:-bookworm}
# Where this machine takes its own packages from.
mirror=${MIRROR:-$(sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null | head -n 1)}
# The base image holds the crates of Cargo.lock, so that it is made anew when that changes.
base=straight-builder:$(sha256sum Cargo.lock | cut -c 1-12)
work=$(mktemp -d)
container=
cleanup() {
    if [ -n "$container" ]; then buildah umount "$container" >/dev/null 2>&1 || :; buildah rm "$container" >/dev/null 2>&1 || :; fi
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# Without namespaces of its own: works within containers too.
export BUILDAH_ISOLATION=chroot

say() { printf '\n== %s\n' "$*"; }

if buildah inspect --type image "$base" >/dev/null 2>&1; then
    say "base image: $base is there already"
else
    say "base image: Debian $suite, a C compiler, certificate authorities"
    debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev "$suite" "$work/base" "$mirror" >"$work/log" 2>&1 \
        || { tail -n 20 "$work/log"; exit 1; }
    rm -rf "$work/base/var/cache/apt" "$work/base/var/lib/apt/lists"

    say "base image: Rust of this machine, and the crates of Cargo.lock"
    rust=$(rustc --print sysroot)
    cp -a "$rust/lib" "$work/base/usr/local/"
    cp -a "$rust/bin/rustc" "$rust/bin/cargo" "$work/base/usr/local/bin/"
    mkdir -p "$work/base/usr/local/cargo"
    cargo vendor --quiet --locked "$work/base/usr/local/cargo/vendor" >/dev/null
    cat >"$work/base/usr/local/cargo/config.toml" <<-'END'
	[source.crates-io]
	replace-with = "here"
	[source.here]
	directory = "/usr/local/cargo/vendor"
	END
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$work/base" / >/dev/null
    buildah config --env CARGO_HOME=/usr/local/cargo --env PATH=/usr/local/bin:/usr/bin:/bin "$container"
    buildah commit --quiet --rm "$container" "$base" >/dev/null
    container=
    rm -rf "$work/base"
fi

say "image, profile $profile"
# Docker's format: the OCI's has no HEALTHCHECK.
buildah build --format docker --layers=false --pull-never --network none \
    --build-arg BUILDER="localhost/$base" --build-arg PROFILE="$profile" \
    --tag straight:local .

container=$(buildah from --pull-never straight:local)
image=$(buildah mount "$container")

say "what is in it"
(cd "$image" && find . -type f -o -type l | sort && du -sh .)
buildah inspect --type image --format 'user {{.Docker.Config.User}} · entry {{.Docker.Config.Entrypoint}} · command {{.Docker.Config.Cmd}}
volumes {{.Docker.Config.Volumes}} · ports {{.Docker.Config.ExposedPorts}} · folder {{.Docker.Config.WorkingDir}}
health {{.Docker.Config.Healthcheck}}' straight:local

say "as its user, without a capability, on a read-only root"
# By hand what `docker run --read-only --cap-drop ALL --tmpfs /srv/data` does: buildah runs no image read-only.
# Whoever loses root keeps no capability (capabilities(7)).
chmod 755 "$work" && mkdir "$work/root"
inside() {
    exec unshare --mount sh -eu -c '
        image=$1 root=$2; shift 2
        mount --bind "$image" "$root"
        mount -t tmpfs -o uid=10001,gid=10001,mode=0755 tmpfs "$root/srv/data"
        mount -o remount,bind,ro "$root"
        if touch "$root/probe" 2>/dev/null; then echo "the root is not read-only" >&2; exit 1; fi
        exec env -i STRAIGHT_LISTEN=0.0.0.0:18080 STRAIGHT_OUTBOX=data/outbox \
            setpriv --clear-groups --no-new-privs \
            unshare --root "$root" --wd /srv --setgid 10001 --setuid 10001 /usr/bin/straight "$@"
    ' sh "$image" "$work/root" "$@"
}
(inside --version)
(inside config --path outbox.folder)
[ ! -e "$image/bin/sh" ] && echo "no shell"
if (inside healthcheck); then
    echo "healthcheck is content though nothing runs" >&2
    exit 1
fi
echo "healthcheck fails while nothing runs, as it should"

if ! (inside help run >/dev/null 2>&1); then
    say "this build has no command run yet: not tried"
    exit 0
fi
say "run, healthcheck, stop"
inside run & running=$!
well=no
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 1
    if (inside healthcheck 2>/dev/null); then well=yes; break; fi
done
kill -TERM "$running"
wait "$running" || { echo "it stopped with $?" >&2; exit 1; }
[ "$well" = yes ] || { echo "it never was well" >&2; exit 1; }
echo "well; stopped with 0"
