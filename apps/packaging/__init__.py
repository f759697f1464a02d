"""The packaging line: serial pools, label runs and files of what is packed in what."""
