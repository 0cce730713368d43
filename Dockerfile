# The daemon as an image: docs/deployment.md. Without Docker and without a registry: deploy/image/build.sh.
ARG PYTHON_IMAGE=python:3.13-slim

# The dependencies change seldom: a layer of their own, made anew only when the lock file has changed.
FROM ${PYTHON_IMAGE} AS dependencies
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv --without-pip /opt/retrato
COPY requirements/runtime.lock /src/
RUN pip --python /opt/retrato/bin/python install --require-hashes -r /src/runtime.lock

# The package alone, as files to be laid over the dependencies: the layer that a release changes is small.
FROM dependencies AS package
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sql sql
COPY daemon daemon
RUN pip --python /opt/retrato/bin/python install --no-deps --prefix /package .

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 retrato \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/retrato --shell /usr/sbin/nologin retrato \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/retrato
COPY --from=dependencies /opt/retrato /opt/retrato
COPY --from=package /package /opt/retrato
# Loopback would be unreachable from outside of the container, for probes and for browsers alike. The console opens only
# with its token (docs/console.md). Addresses written to the database need RETRATO_PUBLIC_URL: a container does not know how
# browsers reach it.
ENV PATH=/opt/retrato/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RETRATO_CONSOLE_HOST=0.0.0.0 \
    RETRATO_DATA_DIR=/var/lib/retrato
# The only place that it may write to, for pictures that go to no bucket; a volume belongs there.
WORKDIR /var/lib/retrato
USER 10001:10001
EXPOSE 3001
# It listens before the database has answered, so the start is short.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 CMD ["retrato", "healthcheck"]
ENTRYPOINT ["retrato"]
CMD ["run"]
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="retrato" \
      org.opencontainers.image.description="A daemon that gives every persona in a Postgres database a face" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
