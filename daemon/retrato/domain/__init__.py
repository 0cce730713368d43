"""Plain frozen data and the error tree. Imports nothing of ours; everything else may import it."""
