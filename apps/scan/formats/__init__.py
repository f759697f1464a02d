"""What a scan is judged by, and how photographs become scans."""
