#!/bin/sh
# A verified backup in a folder of its own, then the deletion of backups that are older:
#     deploy/backup.sh FOLDER DAYS
# A backup that fails, or data that do not agree, end it with an error, and delete nothing.
set -eu
folder=$1
days=$2
python=.venv/bin/python
[ -x "$python" ] || python=python
"$python" manage.py backup "$folder/$(date -u +%Y-%m-%dT%H%M%SZ)"
"$python" manage.py check_integrity
find "$folder" -mindepth 1 -maxdepth 1 -type d -name '20??-??-??T*Z' -mtime "+$days" -exec rm -r {} +
