# The web server and all commands but those that compute explanations, without CUDA:
#     docker build -t explanation-studies .
# With everything, as pinned in requirements.txt (several GB):
#     docker build --build-arg COMPUTE=1 -t explanation-studies:compute .
FROM python:3.11-slim AS packages
ARG COMPUTE=0
COPY requirements.txt requirements-compute.txt /tmp/
# The lines of requirements-compute.txt name the packages that only computing needs.
RUN if [ "$COMPUTE" = 0 ]; then \
        grep -v -E -f /tmp/requirements-compute.txt /tmp/requirements.txt > /tmp/wanted.txt; \
    else cp /tmp/requirements.txt /tmp/wanted.txt; fi \
    && python -m venv /venv && /venv/bin/pip install --no-cache-dir -r /tmp/wanted.txt

FROM python:3.11-slim
# What WeasyPrint needs for the report as PDF.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-liberation \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home study && install -d -o study /data
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STUDY_DEBUG=0 STUDY_DATA_DIR=/data
RUN STUDY_SECRET_KEY=only-while-building python manage.py collectstatic --noinput
USER study
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "gunicorn.conf.py", "studyplatform.wsgi"]
