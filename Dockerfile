# The steps stand in docker/build.sh and docker/serve.sh, which also run on a plain machine.
FROM python:3.11-slim AS build
# Where torch's CPU build is (PyTorch's own page names it): without it, Linux gets gigabytes of CUDA.
ARG TORCH_INDEX=
# The sha256 of the file that is taken from there, as that index has it behind the file's address.
ARG TORCH_SHA256=
WORKDIR /source
COPY requirements.lock app.py frame.py ./
COPY docker docker
COPY .streamlit .streamlit
COPY static/README.md static/README.md
COPY pages pages
COPY optim_viz optim_viz
RUN sh docker/build.sh /source /srv/optim-viz

FROM python:3.11-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin viewer
COPY --from=build /srv/optim-viz /srv/optim-viz
COPY docker /srv/docker
# The only place that is written: uploads of digits, Matplotlib's list of fonts. It may be deleted at any time.
ENV OPTIM_VIZ_CACHE=/tmp/optim-viz HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORT=8501
USER viewer
EXPOSE 8501
# The body is read: behind a proxy, an error page may come with status 200.
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python3", "/srv/docker/healthy.py"]
CMD ["sh", "/srv/docker/serve.sh", "/srv/optim-viz"]
