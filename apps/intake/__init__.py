"""The bulk door: files of serials, checked by row and staged for one signature."""
