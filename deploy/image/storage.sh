# shellcheck shell=bash disable=SC2034 # STORAGE is for those who source this
# Sourced by the scripts beside it: images and containers in build/image, apart from the machine's own.
IMAGE_STORE=${IMAGE_STORE:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/image}
mkdir -p "$IMAGE_STORE"
STORAGE=(--root "$IMAGE_STORE/graph" --runroot "$IMAGE_STORE/run" --storage-driver overlay)
printf 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "disabled"\n' > "$IMAGE_STORE/registries.conf"
export CONTAINERS_REGISTRIES_CONF=$IMAGE_STORE/registries.conf
