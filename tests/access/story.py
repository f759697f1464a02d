"""One chain's goods, from its admission to its recall, by real statements."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.core.files.uploadedfile import SimpleUploadedFile

from apps.alerts.models import Alert
from apps.catalog import queries as catalog
from apps.core.errors import ForbiddenTransfer
from apps.core.signing import public_key_of
from apps.core.strict import format_base64
from apps.custody import operations as custody
from apps.custody import queries as goods
from apps.exchange import queries as drafts
from apps.intake.models import Upload
from apps.intake.tasks import check_upload
from apps.jobs.models import Outbox
from apps.partners import operations as partners
from apps.partners import queries as parties
from apps.partners.models import ApiToken, KeyRequest, MemberRole, User
from apps.recalls import operations as recalls
from pharmatrace.demo.cast import Player
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.access.cast import EXPIRY, Chain
from tests.access.clients import client_of
from tests.access.packaging import PackWords, pack_on_the_line

_PACKS = 24


class Story:
    """One chain's goods, from its admission to its recall."""

    def __init__(self, stage: Stage, chain: Chain) -> None:
        self.stage = stage
        self.chain = chain
        self.ids: dict[str, str] = {}

    def play(self) -> dict[str, str]:
        """Everything; the ids of what came of it."""
        self.admit()
        self.make()
        self.trade()
        self.upload()
        client = client_of(self.account(self.chain.maker))
        self.ids |= pack_on_the_line(client, PackWords.of_chain(self.chain))
        self.recall()
        self.ask_for_key()
        self.name_all()
        return self.ids

    def admit(self) -> None:
        chain = self.chain
        for player in chain.players:
            self.stage.admit(player)
            self.stage.license(player)
            self.stage.enrol(player, player.people[1])
        self.stage.register(chain.maker, chain.medicine)

    def make(self) -> None:
        chain = self.chain
        self.ids["statement"] = self.commission(
            chain.word("mk", "lot"), chain.serials(_PACKS)
        )
        self.commission(chain.word("mk", "two"), chain.serials(_PACKS, start=500))
        for number, first in ((1, 0), (2, 8)):
            packs = [chain.pack(each) for each in chain.serials(8, start=first)]
            self.do(chain.maker, "new_container", container=chain.sscc(number))
            self.do(chain.maker, "pack", container=chain.sscc(number), items=packs)

    def trade(self) -> None:
        chain = self.chain
        document = {"type": "po", "id": chain.word("maker", "order")}
        sent = self.ship(
            chain.maker, chain.hub, [chain.sscc(1), chain.sscc(2)], [document]
        )
        self.ids["shipment"] = sent
        self.do(chain.hub, "receive", shipment=sent, items=[chain.sscc(1)])
        onward = self.ship(chain.hub, chain.shop, [chain.sscc(1)])
        self.do(chain.shop, "receive", shipment=onward)
        self.ids["sale"] = onward
        packs = [chain.pack(each) for each in chain.serials(8)]
        self.do(chain.shop, "unpack", container=chain.sscc(1), items=packs)
        self.ids["dispense"] = self.do(chain.shop, "dispense", items=packs[:1])
        self.do(chain.shop, "hold", items=packs[1:2])
        loose = [chain.pack(each) for each in chain.serials(3, start=16)]
        self.ids["open_shipment"] = self.ship(chain.maker, chain.hub, loose)

    def recall(self) -> None:
        chain = self.chain
        pack = chain.pack(chain.serials(3)[2])
        actor = self.stage.actor(chain.shop)
        late = drafts.draft(
            wish=self.wish(chain.shop, "dispense", items=[pack]),
            actor=actor,
            at=self.stage.tick(),
        )
        opened = self.stage.act(
            chain.maker,
            {
                "kind": "recall.open",
                "gtin": chain.medicine.gtin,
                "scope": {"lots": [chain.word("mk", "lot")]},
                "class": "II",
                "reason": f"Wrong leaflet {chain.word('maker', 'reason')}.",
                "instructions": f"Keep apart {chain.word('maker', 'todo')}.",
                "depth": "retail",
            },
        ).statement_id
        recalls.flag_affected(recall_id=opened, at=self.stage.tick())
        self.ids["recall"] = opened
        answer = {
            "kind": "recall.answer",
            "recall": opened,
            "lot": chain.word("mk", "lot"),
            "counts": {"quarantined": 7, "supplied": 1},
            "note": f"Set aside {chain.word('shop', 'note')}.",
        }
        self.ids["answer"] = self.stage.act(chain.shop, answer).statement_id
        try:
            self.stage.submit(late, self.stage.keyring.key_of(chain.shop))
        except ForbiddenTransfer:
            return
        raise RuntimeError("a recalled pack was dispensed")

    def upload(self) -> None:
        """One file that waits for its signature, and one that was refused."""
        chain, client = self.chain, client_of(self.account(self.chain.maker))
        files = {
            "upload": "serial\n" + "\n".join(chain.serials(5, start=900)),
            "refused": f"serial\nbad {chain.word('mk', 'row')} row\n",
        }
        for name, text in files.items():
            answer = client.post("/api/v1/uploads", self.form(name, text))
            assert answer.status_code == 202, answer.content
            self.ids[name] = answer.json()["id"]
        for row in Outbox.objects.filter(task="intake.check_upload", done_at=None):
            check_upload(outbox_id=row.pk, **row.kwargs)
        states = Upload.objects.filter(pk__in=[self.ids[name] for name in files])
        assert {each.state for each in states} == {"staged", "refused"}

    def form(self, name: str, text: str) -> dict[str, Any]:
        chain = self.chain
        file_name = f"{chain.word('maker', 'file')}-{name}.csv"
        return {
            "file": SimpleUploadedFile(file_name, text.encode()),
            "gtin": chain.medicine.gtin,
            "lot": chain.word("mk", "up"),
            "expiry_date": EXPIRY.isoformat(),
            "site": chain.maker.sites[0].gln,
        }

    def ask_for_key(self) -> None:
        """The clerk's new key, which waits for the admin."""
        chain = self.chain
        person = chain.maker.people[3]
        key = self.stage.keyring.key_of(chain.maker, person)
        public = public_key_of(key)
        wish = {
            "kind": "key.enrol",
            "spki_b64": format_base64(public.spki),
            "alg": public.alg,
        }
        actor = self.stage.actor(chain.maker, person)
        draft = drafts.draft(wish=wish, actor=actor, at=self.stage.tick())
        partners.request_key(
            actor=actor,
            envelope=sign_statement(draft.payload, key),
            asked=partners.Asked(label=chain.word("maker", "label")),
            at=self.stage.tick(),
        )

    def name_all(self) -> None:
        chain = self.chain
        maker = parties.get_partner(chain.maker.gln)
        signer = self.stage.keyring.key_of(chain.maker, chain.maker.people[1])
        _row, _token = partners.create_token(
            actor=self.stage.actor(chain.maker),
            name=chain.word("maker", "token"),
            role=MemberRole.MEMBER,
            at=self.stage.tick(),
        )
        self.ids |= {
            "gtin": chain.medicine.gtin,
            "gln": chain.maker.gln,
            "lot": chain.word("mk", "lot"),
            "serial": chain.serials(1)[0],
            "held_serial": chain.serials(1, start=20)[0],
            "case": chain.sscc(2).removeprefix("(00)"),
            "keyid": public_key_of(signer).keyid,
            "token": str(ApiToken.objects.filter(partner=maker).latest("id").pk),
            "user": str(self.account(chain.maker, 2).pk),
            "code": quote(chain.pack(chain.serials(1)[0])),
            "alert": str(Alert.objects.latest("id").pk),
            "key_request": str(KeyRequest.objects.latest("id").pk),
        }

    def account(self, player: Player, number: int = 0) -> User:
        return User.objects.get(username=player.people[number].username)

    def commission(self, lot: str, serials: list[str]) -> str:
        maker = self.chain.maker
        staging = custody.stage_serials(
            product=catalog.get_product(self.chain.medicine.gtin),
            partner=parties.get_partner(maker.gln),
            lot=lot,
            expiry_date=EXPIRY,
            serials=serials,
            at=self.stage.tick(),
        )
        draft = goods.draft_commissioning(
            staging_id=staging.pk,
            site=maker.sites[0].gln,
            actor=self.stage.actor(maker),
            at=self.stage.tick(),
        )
        key = self.stage.keyring.key_of(maker)
        return self.stage.submit(draft, key).statement_id

    def ship(
        self,
        sender: Player,
        addressee: Player,
        items: list[str],
        documents: list[dict[str, str]] | None = None,
    ) -> str:
        to = {"gln": addressee.gln, "site": addressee.sites[0].gln}
        more = {"documents": documents} if documents else {}
        return self.do(sender, "ship", items=items, to=to, **more)

    def do(self, player: Player, step: str, **wish: Any) -> str:
        return self.stage.act(player, self.wish(player, step, **wish)).statement_id

    def wish(self, player: Player, step: str, **more: Any) -> dict[str, Any]:
        site = player.sites[0].gln
        return {"kind": "event", "step": step, "site": site} | more
