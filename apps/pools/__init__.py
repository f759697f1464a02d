"""Serial pools: serials that a maker reserved, until each is commissioned or destroyed."""
