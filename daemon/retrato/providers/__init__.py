"""One file a provider, on one shared HTTP client."""
