# One static binary in an empty image, run by nobody in particular. Needs BuildKit (or buildah), for the caches.
#
#   docker build --tag REGISTRY/appaccess:0.1.0 .
#
# Pin both images by digest where your builds have to be repeatable.

# Alpine's Rust links against musl, statically.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache ca-certificates gcc musl-dev
WORKDIR /source
COPY . .
# What was downloaded and compiled before is there in the next build; the program itself is kept outside of the cache.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --locked --release --bin appaccess \
    && mkdir -p /empty/tmp /empty/var/lib/appaccess \
    && cp target/release/appaccess /appaccess

FROM scratch
# Whom to trust: the vendors' certificates are verified against these.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build --chown=65532:65532 /empty/ /
COPY --from=build /appaccess /appaccess
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/appaccess"]
CMD ["operator"]
