"""One request at every door that leads to work for a job, and at two that do not."""

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, box, pack, packs, serials, site
from tests.journeys.api_client import Answer, ApiClient

EXPIRY = "2029-02-28"
RECALL = {
    "kind": "recall.open",
    "gtin": AMOXIL.gtin,
    "scope": {"lots": ["A1"]},
    "class": "II",
    "reason": "Wrong leaflet.",
    "instructions": "Quarantine and answer.",
    "depth": "retail",
}

NEW_CONTAINER = {
    "kind": "event",
    "step": "new_container",
    "site": site(NOVAMED),
    "container": box(1),
}


@dataclass(frozen=True)
class Doors:
    """Novamed's machine and browser, Stella's counter; lot A1 is in the trade."""

    maker: ApiClient
    counter: ApiClient
    browser: Client

    @classmethod
    def of(cls, stage: Stage) -> "Doors":
        goods = Goods(stage)
        goods.commission()
        goods.deliver(packs(serials(10)))
        browser = Client()
        user = stage.actor(NOVAMED).user
        assert user is not None
        browser.force_login(user)
        maker, counter = (ApiClient.of(stage, who) for who in (NOVAMED, STELLA))
        return cls(maker, counter, browser)

    def upload(self) -> Answer:
        """A file of serials, by token."""
        return self.maker.upload(b"serial\nUP1\nUP2\n", **_lot("U1"))

    def upload_by_page(self) -> Any:
        """A file of serials, by the form of the page."""
        file = SimpleUploadedFile("lot.csv", b"serial\nPG1\nPG2\nPG3\n")
        return self.browser.post("/uploads/new", {**_lot("U2"), "file": file})

    def dispense(self) -> Answer:
        """A pack over the counter."""
        wish = {"kind": "event", "step": "dispense", "items": [pack("S000000")]}
        return self.counter.act({**wish, "site": site(STELLA)})

    def recall(self) -> Answer:
        """The lot called back."""
        return self.maker.act(RECALL)

    def verify(self) -> Answer:
        """A pack before the counter."""
        code = f"(01){AMOXIL.gtin}(21)S000001"
        return self.counter.get(f"/api/v1/verify?code={code}")


def _lot(lot: str) -> dict[str, str]:
    wanted = {"gtin": AMOXIL.gtin, "lot": lot, "expiry_date": EXPIRY}
    return wanted | {"site": site(NOVAMED)}
