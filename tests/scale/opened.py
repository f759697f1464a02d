"""Opens a ledger in trade on a site of its own: `python -m tests.scale.opened KEYS`.

One lot comes to the pharmacy. Prints each partner's token by GLN, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from pharmatrace.demo.stage import Stage


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "pharmatrace.settings"
    django.setup()
    print(json.dumps(open_site(Path(sys.argv[1]))))


def open_site(keys: Path) -> dict[str, str]:
    from django.utils import timezone

    from apps.edge import secrets
    from pharmatrace.demo.signing import Keyring
    from pharmatrace.demo.stage import Stage
    from tests.cast import admit_traders

    secrets.create_missing()
    stage = Stage(Keyring(keys), timezone.now() - timedelta(minutes=1))
    admit_traders(stage)
    return trade(stage)


def trade(stage: Stage) -> dict[str, str]:
    """Deliver a lot; tokens of those who took part."""
    from django.utils import timezone

    from apps.partners import operations as partners
    from apps.partners.models import MemberRole
    from tests.cast import NOVAMED, STELLA, TRANSPHARM
    from tests.custody.goods import Goods, packs, serials

    goods = Goods(stage)
    goods.commission(lot="A1", count=40)
    goods.deliver(packs(serials(20)))
    return {
        player.gln: partners.create_token(
            actor=stage.actor(player),
            name="machine",
            role=MemberRole(stage.actor(player).role),
            at=timezone.now(),
        )[1]
        for player in (NOVAMED, TRANSPHARM, STELLA)
    }


if __name__ == "__main__":
    main()
