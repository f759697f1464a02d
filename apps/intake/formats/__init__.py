"""Files of serials as rows: CSV and XLSX in, errors by line out."""
