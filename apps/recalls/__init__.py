"""Calling it back: recalls, notices, answers and the units they touch."""
