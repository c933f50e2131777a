# syntax=docker/dockerfile:1

FROM node:24-slim AS page
WORKDIR /build/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM python:3.13-slim AS packages
COPY requirements/run.txt /tmp/run.txt
RUN python -m venv /opt/convene \
    && /opt/convene/bin/pip install --no-cache-dir --require-hashes -r /tmp/run.txt

FROM python:3.13-slim
# A fixed number, so that a volume keeps its owner when the image is built anew.
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/convene convene
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
USER convene
WORKDIR /var/lib/convene
VOLUME /var/lib/convene
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=4)"]
ENTRYPOINT ["python", "-m", "convene"]
CMD ["serve"]
