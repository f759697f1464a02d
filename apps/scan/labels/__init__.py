"""Labels: the pack's GS1 DataMatrix, a QR code with its web address, sheets of both."""
