# The image of `straight run`: the program, the libraries it needs, the certificate authorities, and nothing else. There
# is no shell in it. Build it with `docker build -t straight .`, or without a registry with scripts/container.sh.

# Debian with Rust, a C compiler and certificate authorities; at least the Rust of `rust-version` in Cargo.toml.
ARG BUILDER=rust:1.95-slim-bookworm
FROM ${BUILDER} AS build
# `dev` compiles faster, for trying the image out.
ARG PROFILE=release
WORKDIR /src

# The dependencies first: this layer is built anew only when they change.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src && echo 'fn main() {}' > src/main.rs && : > src/lib.rs \
 && cargo build --locked --profile "$PROFILE" --lib --bin straight

COPY . .
# The placeholders above may be newer than the files that were copied over them.
RUN touch src/main.rs src/lib.rs && cargo build --locked --profile "$PROFILE" --bin straight

# The root file system of the image: the program, what it is linked to, the authorities, a user, a place for temporary files.
RUN set -eu; \
    case "$PROFILE" in dev) built=debug ;; *) built="$PROFILE" ;; esac; \
    mkdir -p /image/usr/bin /image/etc/ssl/certs; \
    cp "target/$built/straight" /image/usr/bin/straight; \
    ldd /image/usr/bin/straight | grep -o '/[^ ]*' | while read -r library; do cp -L --parents "$library" /image; done; \
    cp -L /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/; \
    echo 'straight:x:10001:10001::/srv:/sbin/nologin' > /image/etc/passwd; \
    echo 'straight:x:10001:' > /image/etc/group; \
    mkdir -m 1777 /image/tmp; \
    mkdir -p /volumes/articles /volumes/data

FROM scratch
COPY --from=build /image/ /
COPY --from=build --chown=10001:10001 /volumes/ /srv/

# newsletter.yaml and subscribers.yaml are read from here when they are mounted here.
WORKDIR /srv
VOLUME ["/srv/articles", "/srv/data"]
USER 10001:10001
# These two stand over newsletter.yaml: a container is reached from outside, and only its volumes are written to.
ENV STRAIGHT_LISTEN=0.0.0.0:8080 \
    STRAIGHT_OUTBOX=data/outbox
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s --retries=3 CMD ["/usr/bin/straight", "healthcheck"]
ENTRYPOINT ["/usr/bin/straight"]
CMD ["run"]
