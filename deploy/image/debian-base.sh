#!/usr/bin/env bash
# A base image of Debian's packages, for where python:3.13-slim cannot be pulled: Debian 13 has Python 3.13.
# Usage: debian-base.sh NAME
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
. "$here/storage.sh"

# shellcheck disable=SC2016 # "$1" is the tree, for the shell that mmdebstrap starts
mmdebstrap --quiet --variant=minbase --include=ca-certificates,netbase,tzdata,python3,python3-pip,python3-venv \
    --customize-hook='rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
    --customize-hook='for name in python python3; do ln -s /usr/bin/python3 "$1/usr/local/bin/$name"; done' \
    --customize-hook='ln -s /usr/bin/pip3 "$1/usr/local/bin/pip"' \
    trixie "$IMAGE_STORE/base.tar"
"$here/podman.sh" import --quiet --change 'CMD ["python3"]' \
    --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' "$IMAGE_STORE/base.tar" "$1"
rm "$IMAGE_STORE/base.tar"
