"""The release that runs."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("retrato")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "0.0.0"
