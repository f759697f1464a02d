"""What may be read about packs, containers, holdings and shipments."""
