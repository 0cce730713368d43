# The daemon as an image. Build: docker build -t retrato .   Run: see docs/deployment.md.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/retrato
WORKDIR /src
# The dependencies change seldom: a layer of their own.
COPY requirements/runtime.lock requirements/
RUN /opt/retrato/bin/pip install --require-hashes -r requirements/runtime.lock
COPY pyproject.toml README.md LICENSE ./
COPY daemon daemon
COPY sql sql
RUN /opt/retrato/bin/pip install --no-deps .

FROM ${PYTHON_IMAGE}
RUN groupadd --gid 10001 retrato \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/retrato --shell /usr/sbin/nologin retrato \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/retrato
COPY --from=build /opt/retrato /opt/retrato
# Loopback would be unreachable from outside of the container, for probes and for browsers alike. What listens there
# can only be looked at: health probes and pictures.
# Addresses written to the database need RETRATO_PUBLIC_URL: a container does not know how browsers reach it.
ENV PATH=/opt/retrato/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    RETRATO_CONSOLE_HOST=0.0.0.0 \
    RETRATO_DATA_DIR=/var/lib/retrato
WORKDIR /var/lib/retrato
VOLUME /var/lib/retrato
USER 10001:10001
EXPOSE 3001
# The start period covers the wait for a database that is not up yet.
HEALTHCHECK --interval=15s --timeout=5s --start-period=2m --retries=3 CMD ["retrato", "healthcheck"]
ENTRYPOINT ["retrato"]
CMD ["run"]
