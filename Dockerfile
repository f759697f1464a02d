# Three stages: browser parts, Python packages, and the image that runs as nobody special.
FROM node:24-bookworm-slim AS browser-parts
WORKDIR /parts
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.12-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt requirements-anchors.txt constraints.txt ./
# EXTRAS=requirements-anchors.txt: what anchors on chains of others need.
ARG EXTRAS=""
RUN /opt/venv/bin/pip install --only-binary :all: -r requirements.txt ${EXTRAS:+-r $EXTRAS} -c constraints.txt

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VAR_DIR=/srv/var \
    STATIC_ROOT=/srv/static
RUN groupadd --gid 10001 trace \
 && useradd --uid 10001 --gid trace --home-dir /srv --shell /usr/sbin/nologin trace \
 && install --directory --owner trace --group trace --mode 0700 /srv/var /srv/secrets \
      /srv/log-key /srv/log-public /srv/lockstore /srv/uploads /srv/bundles /srv/packaging /srv/demo-keys /srv/outside
WORKDIR /srv/site
COPY --from=packages /opt/venv /opt/venv
COPY --from=browser-parts /parts/node_modules node_modules
COPY manage.py ./
COPY pharmatrace pharmatrace
COPY apps apps
COPY templates templates
COPY static static
COPY locale locale
# Compressed once here, not at every start. The secret made for this step is thrown away.
RUN if ls locale/*/LC_MESSAGES/django.po; then pybabel -q compile -d locale -D django; fi \
 && VAR_DIR=/tmp/build COMPRESS_STATIC=1 python manage.py collectstatic --noinput -v0 \
 && rm -rf /tmp/build
USER trace
VOLUME /srv/var
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "-c", \
  "import os, urllib.parse as p, urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/health', headers={'Host': p.urlsplit(os.environ.get('SITE_URL') or 'http://localhost').netloc}), timeout=4)"]
CMD ["python", "manage.py", "serve", "--no-prepare", "--only", "web", "--host", "0.0.0.0"]
