"""The only place that speaks to object storage."""
