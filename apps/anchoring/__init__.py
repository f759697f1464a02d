"""Making it undeniable: sequencer, tiles, checkpoints, map, witnesses, anchors."""
