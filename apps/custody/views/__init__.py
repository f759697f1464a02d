"""Pages of custody: stock, packing, shipping, receiving, returns, batches, containers."""
