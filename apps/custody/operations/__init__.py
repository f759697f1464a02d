"""The only writers of custody: stage, judge, project, open and close scopes."""
