# The web server and all commands but those that compute explanations, without CUDA:
#     docker build -t explanation-studies .
# With everything, as pinned in requirements.lock (several GB), for the worker that computes maps:
#     docker build --build-arg COMPUTE=1 -t explanation-studies:compute .
FROM python:3.11-slim-bookworm AS packages
ARG COMPUTE=0
COPY requirements.lock requirements-web.lock /tmp/
# Exactly the files whose hashes the lock file names.
RUN if [ "$COMPUTE" = 0 ]; then lock=/tmp/requirements-web.lock; else lock=/tmp/requirements.lock; fi \
    && python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r "$lock"

FROM python:3.11-slim-bookworm
# What WeasyPrint needs for the report as PDF, and pg_dump of the database's own version for backups.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation \
        postgresql-client-15 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home study && install -d -o study /data /data/pictures /backups
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STUDY_DEBUG=0 STUDY_DATA_DIR=/data
RUN STUDY_SECRET_KEY=only-while-building python manage.py collectstatic --noinput
USER study
VOLUME /data /backups
EXPOSE 8000
CMD ["gunicorn", "--config", "gunicorn.conf.py", "studyplatform.wsgi"]
