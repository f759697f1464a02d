"""The hand-held door: what was scanned, the verdict, labels and the resolver."""
