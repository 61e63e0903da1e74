# Libraries by hash, no compiler, no root. Absolute paths stand in ENV, WORKDIR and VOLUME only:
# .ci/run carries out these very instructions in a fresh folder.
FROM python:3.12-slim-bookworm AS build
ARG PIP_INDEX_URL
ARG PIP_CERT
ENV APP=/opt/twitch-cds TOOLS=/opt/tools PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv $APP && $APP/bin/python -m pip install --no-deps --require-hashes -r requirements.lock
RUN python -m venv $TOOLS && $TOOLS/bin/python -m pip install --no-deps --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY cards ./cards
COPY cds ./cds
COPY fhir_fixtures ./fhir_fixtures
RUN $TOOLS/bin/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist . && \
    $APP/bin/python -m pip install --no-deps dist/twitch_cds-*.whl && \
    $APP/bin/python -m pip check

FROM python:3.12-slim-bookworm
ENV APP=/opt/twitch-cds DATA=/var/lib/twitch-cds
ENV PATH=$APP/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TWITCH_CDS_HOST=0.0.0.0 TWITCH_CDS_DATA_DIR=/var/lib/twitch-cds
COPY --from=build $APP $APP
RUN install -d -o 10001 -g 10001 $DATA
WORKDIR /var/lib/twitch-cds
VOLUME /var/lib/twitch-cds
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", "import http.client as h, os, sys; c = h.HTTPConnection('127.0.0.1', int(os.environ.get('TWITCH_CDS_PORT', '8000')), timeout=2); c.request('GET', '/health/ready'); sys.exit(c.getresponse().status != 200)"]
CMD ["twitch-cds", "serve"]
