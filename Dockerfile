# The laptop's side in a container: `docker build -t medallion .`, then `docker run --rm -it medallion`.
# All ports are on the container's own 127.0.0.1.

# The machine: also what .devcontainer/ uses, which mounts the clone.
FROM python:3.12-slim-bookworm AS machine
# Java is only for `medallion up --engine spark`, Chromium for the tests of pages.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium git make openjdk-17-jre-headless procps \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home medallion
USER medallion

FROM machine
WORKDIR /home/medallion/lakehouse
COPY --chown=medallion . .
RUN make .venv/.installed
ENV PATH="/home/medallion/lakehouse/.venv/bin:$PATH"
CMD ["make", "demo"]
