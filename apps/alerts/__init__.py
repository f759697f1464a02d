"""What looks wrong: refused attempts and broken rules, as cases with evidence."""
