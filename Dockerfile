# syntax=docker/dockerfile:1

# The libraries of the C compiler and the certificates of the final image are Debian's, so the build's are too.
FROM rust:1.94-slim-bookworm AS build
ARG TARGETARCH
ARG PROFILE=dist
WORKDIR /src
COPY . .
# The caches hold what was compiled before: after an edit only Warmline itself is built anew.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,id=warmline-target-${TARGETARCH} \
    cargo build --locked --profile "${PROFILE}" --bin warmline \
    && mkdir -p /out /out/data \
    && cp "target/${PROFILE}/warmline" "/out/warmline-${TARGETARCH}"

# glibc, libgcc, certificates, and nothing else: neither a shell nor a package manager. A release puts binaries in place
# of the stage above (`--build-context build=FOLDER`), so nothing may be run below.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG TARGETARCH
LABEL org.opencontainers.image.title="Warmline" \
      org.opencontainers.image.description="A realtime voice-AI escalation bridge" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/warmline-${TARGETARCH} /usr/local/bin/warmline
# Ours to write: the file of SQLite. An empty folder cannot be made without a shell, so it is copied.
COPY --from=build --chown=65532:65532 /out/data /data
VOLUME /data
# `warmline.toml`, `prompts/` and `tools/` are looked for here.
WORKDIR /warmline
ENV DATABASE_URL=sqlite:/data/warmline.db
USER 65532:65532
EXPOSE 8080
# Drains: new calls go to people, live ones go on. Allow 620 s before you kill it (docs/OPERATIONS.md).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/local/bin/warmline", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/warmline"]
CMD ["serve"]
