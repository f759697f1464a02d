"""Write the golden vectors anew; a change of theirs is a change of a frozen format."""

import json
from pathlib import Path

from tests.golden.formats import vectors
from tests.golden.packs import pack_vectors

PATH = Path(__file__).with_name("formats.json")
PACKS = PATH.with_name("packs.json")

if __name__ == "__main__":
    PATH.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
    PACKS.write_text(json.dumps(pack_vectors(), indent=1) + "\n", encoding="utf-8")
