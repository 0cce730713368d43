"""Image providers as they really answer, for the demo, the tests and the benchmarks."""
