#!/usr/bin/env bash
# Build the image with buildah, as root: no Docker, no daemon.
#
# Usage: build.sh [TAG [CONTEXT]]        default: localhost/retrato:<version>, this checkout
#   PYTHON_IMAGE=python:3.13-slim        the base image; it is pulled where it is not there
#   PYTHON_IMAGE=debian                  a base made of Debian's packages: no registry is asked (debian-base.sh)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/storage.sh"
context=${2:-$here/../..}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$context/pyproject.toml")
base=${PYTHON_IMAGE:-python:3.13-slim}

if [ "$base" = debian ]; then
    base=localhost/debian-python:3.13
    "$here/podman.sh" image exists "$base" || "$here/debian-base.sh" "$base"
fi

options=(--format docker --layers --isolation chroot --network host) # HEALTHCHECK is no part of the OCI format
certificates=/etc/ssl/certs/ca-certificates.crt
if [ -e "$certificates" ]; then # pip trusts whom this machine trusts
    options+=(--volume "$certificates:$certificates:ro")
fi
buildah "${STORAGE[@]}" build "${options[@]}" --build-arg "PYTHON_IMAGE=$base" --build-arg "VERSION=$version" \
    --build-arg "REVISION=$(git -C "$context" rev-parse HEAD 2> /dev/null || echo unknown)" \
    --tag "${1:-localhost/retrato:$version}" "$context"
