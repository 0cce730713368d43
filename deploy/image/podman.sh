#!/usr/bin/env bash
# podman on the images of build.sh; runc, and cgroups without systemd, so that it works in plain virtual machines too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/storage.sh"
exec podman "${STORAGE[@]}" --runtime runc --cgroup-manager cgroupfs "$@"
