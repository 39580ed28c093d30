#!/bin/sh
# Installs packages into a virtual environment: deploy/install.sh VENV REQUIREMENTS.txt
set -e
python="$1/bin/python"
requirements="$2"
export PIP_DISABLE_PIP_VERSION_CHECK=1
echo "Installing the packages of $requirements …"
# uv needs about a quarter of pip's time. It does not know an index that pip was configured to use, and
# then pip installs.
if ! "$python" -m pip config list | grep -q '[.]index-url=' \
    && "$python" -m pip install --quiet --progress-bar off uv==0.13.9; then
    "$1/bin/uv" pip install --quiet --python "$python" -r "$requirements" && exit
    echo "uv could not install them; pip tries again."
fi
exec "$python" -m pip install --quiet --progress-bar off -r "$requirements"
