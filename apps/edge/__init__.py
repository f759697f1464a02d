"""The doors' plumbing: errors to problem documents, middleware, pages of lists; no rows."""
