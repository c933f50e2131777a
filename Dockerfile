# syntax=docker/dockerfile:1

# What the image stands on; any Debian with Python 3.11 or newer will do, and any with Node 20.19 or newer for the page.
ARG BASE=python:3.13-slim-trixie
ARG PAGE_BASE=node:24-slim

FROM ${PAGE_BASE} AS page
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM ${BASE} AS packages
# `--build-arg PACKAGES=otel` adds what OTEL_EXPORTER_OTLP_ENDPOINT needs; that file holds all of run.txt too.
ARG PACKAGES=run
COPY requirements/run.txt requirements/otel.txt /tmp/
RUN python3 -m venv /opt/convene \
    && /opt/convene/bin/pip install --no-cache-dir --require-hashes -r "/tmp/${PACKAGES}.txt"

FROM ${BASE}
# pg_dump and pg_restore, for `convene backup`. What Debian has is pinned by its release; a version more would be gone from
# its servers after the next mend.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/*
# Fixed numbers, so that a volume keeps its owner when the image is built anew.
RUN groupadd --system --gid 10001 convene \
    && useradd --system --uid 10001 --gid 10001 --create-home --home-dir /var/lib/convene convene
COPY --from=packages /opt/convene /opt/convene
COPY src /opt/convene/src
COPY --from=page /build/src/convene/web /opt/convene/src/convene/web
ENV PATH=/opt/convene/bin:$PATH \
    PYTHONPATH=/opt/convene/src \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE_URL=sqlite:////var/lib/convene/convene.db
USER 10001:10001
WORKDIR /var/lib/convene
VOLUME /var/lib/convene
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=4)"]
ENTRYPOINT ["python", "-m", "convene"]
CMD ["serve"]
