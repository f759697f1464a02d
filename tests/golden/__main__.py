"""Write the golden vectors anew; a change of theirs is a change of a frozen format."""

import json
from pathlib import Path

from tests.golden.formats import vectors

PATH = Path(__file__).with_name("formats.json")

if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
