"""What is traced: products (GTIN) and batches (GTIN and lot)."""
