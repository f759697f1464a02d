import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from apps.core.signing import public_key_of
from apps.core.strict import format_base64
from apps.exchange import queries as drafts
from apps.partners import queries
from apps.partners.models import (
    ApiToken,
    KeyRequest,
    Membership,
    ReadAudit,
    SigningKey,
    User,
)
from pharmatrace.demo.cast import Person, Player
from pharmatrace.demo.signing import sign_statement
from tests.cast import LINDE, NOVAMED, OPERATOR, REGULATOR, STELLA, TRANSPHARM, Stage

LogIn = Callable[..., Client]


@pytest.fixture
def log_in(stage: Stage) -> LogIn:
    def client_of(player: Player, person: Person | None = None) -> Client:
        client = Client()
        who = person or player.admin
        client.force_login(
            User.objects.get(username=who.username),
            backend="django.contrib.auth.backends.ModelBackend",
        )
        return client

    return client_of


PAGES = ["/organisation", "/device", "/products", "/inbox"]


@pytest.mark.parametrize("path", ["/", *PAGES, "/products/09521568251204"])
def test_every_role_reads_the_common_pages(log_in: LogIn, path: str) -> None:
    for player in (NOVAMED, TRANSPHARM, STELLA, REGULATOR, OPERATOR):
        answer = log_in(player).get(path)
        assert answer.status_code == 200, (player.slug, path)


@pytest.mark.parametrize("path", [*PAGES, "/partners", "/products/register"])
def test_strangers_are_sent_to_log_in(stage: Stage, path: str) -> None:
    answer = Client().get(path)

    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/accounts/login/?next={path}",
    )


@pytest.mark.parametrize(
    "path", ["/partners", "/partners/admit", f"/partners/{LINDE.gln}"]
)
def test_the_register_is_for_the_offices(log_in: LogIn, path: str) -> None:
    codes = {
        player.slug: log_in(player).get(path).status_code
        for player in (STELLA, NOVAMED, REGULATOR)
    }

    assert codes == {"stella": 403, "novamed": 403, "regulator": 200}


def test_a_missing_partner_is_not_found(log_in: LogIn) -> None:
    assert log_in(REGULATOR).get("/partners/9999999999994").status_code == 404


def test_the_regulators_reads_are_noted(log_in: LogIn) -> None:
    log_in(REGULATOR).get(f"/partners/{STELLA.gln}")
    log_in(OPERATOR).get(f"/partners/{STELLA.gln}")

    noted = ReadAudit.objects.values_list("partner__gln", "action", "subject")
    assert list(noted) == [(REGULATOR.gln, "partners.read", STELLA.gln)]


def test_a_token_is_shown_once(log_in: LogIn) -> None:
    client = log_in(STELLA)

    made = client.post("/organisation/tokens", {"name": "till", "role": "member"})

    row = ApiToken.objects.get()
    assert f"pt_{row.prefix}_" in made.content.decode()
    assert made["Cache-Control"] == "no-store"
    assert f"pt_{row.prefix}_" not in client.get("/organisation").content.decode()


def test_a_token_may_not_be_an_admin(log_in: LogIn) -> None:
    answer = log_in(STELLA).post(
        "/organisation/tokens", {"name": "till", "role": "admin"}
    )

    assert answer.status_code == 400
    assert ApiToken.objects.count() == 0


def test_members_make_no_tokens(log_in: LogIn) -> None:
    client = log_in(STELLA, STELLA.people[1])

    answer = client.post("/organisation/tokens", {"name": "x", "role": "member"})

    assert answer.status_code == 403
    assert ApiToken.objects.count() == 0


def test_nobody_removes_a_person_of_another_organisation(log_in: LogIn) -> None:
    nora = User.objects.get(username=NOVAMED.admin.username)

    answer = log_in(STELLA).post(f"/organisation/people/{nora.pk}/remove")

    assert answer.status_code == 404
    assert Membership.objects.filter(user=nora).count() == 1


def test_an_admin_cannot_lock_themselves_out(log_in: LogIn) -> None:
    stella = User.objects.get(username=STELLA.admin.username)

    answer = log_in(STELLA).post(f"/organisation/people/{stella.pk}/remove")

    assert answer.status_code == 400
    assert Membership.objects.filter(user=stella).count() == 1


def test_nobody_chooses_a_foreign_organisation(log_in: LogIn) -> None:
    answer = log_in(STELLA).post("/organisation/choose", {"gln": NOVAMED.gln})

    assert answer.status_code == 404


def test_a_browser_asks_for_its_key(stage: Stage, log_in: LogIn) -> None:
    key = Ed25519PrivateKey.generate()
    answer = _ask(stage, log_in(NOVAMED), key)

    assert answer.status_code == 201
    assert answer.json()["keyid"] == public_key_of(key).keyid
    assert KeyRequest.objects.get().label == "Counter 2"


@pytest.mark.parametrize(
    "body",
    [b" ", b"[]", b"{}", b'{"envelope":1}', b'{"envelope":{},"x":1}', b"\xff"],
)
def test_a_malformed_request_is_a_problem(log_in: LogIn, body: bytes) -> None:
    answer = log_in(NOVAMED).post(
        "/keys/requests", body, content_type="application/json"
    )

    assert answer.status_code == 400
    assert KeyRequest.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "player"),
    [("/keys/requests", NOVAMED), ("/partners/proposals", REGULATOR)],
)
@pytest.mark.parametrize("kind", [None, "text/plain", "text/html"])
def test_what_is_no_json_is_refused_by_its_type(
    stage: Stage, path: str, player: Player, kind: str | None
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        User.objects.get(username=player.admin.username),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    client.get("/device")
    token = client.cookies["csrftoken"].value

    form = {"csrfmiddlewaretoken": token}  # multipart, whose token is in its body
    answer = (
        client.post(path, form)
        if kind is None
        else client.post(path, b"{}", kind, headers={"X-CSRFToken": token})
    )

    assert (answer.status_code, KeyRequest.objects.count()) == (415, 0)


def test_in_the_demo_the_administrator_approves_at_once(
    stage: Stage, log_in: LogIn, settings: object
) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    settings.DEMO_KEYS_DIR = stage.keyring.directory  # type: ignore[attr-defined]
    key = Ed25519PrivateKey.generate()

    _ask(stage, log_in(NOVAMED), key)

    assert SigningKey.objects.get(keyid=public_key_of(key).keyid).role == "admin"
    assert KeyRequest.objects.get().closed_at is not None


def test_in_the_demo_the_operator_signs_what_the_regulator_proposes(
    stage: Stage, log_in: LogIn, settings: object
) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    settings.DEMO_KEYS_DIR = stage.keyring.directory  # type: ignore[attr-defined]
    wish = {"kind": "party.licence", "gln": STELLA.gln, "role": "hospital"}
    draft = drafts.draft(
        wish=wish | {"from": "2020-01-01"},
        actor=stage.actor(REGULATOR),
        at=timezone.now(),
    )
    envelope = sign_statement(draft.payload, stage.keyring.key_of(REGULATOR))

    answer = log_in(REGULATOR).post(
        "/partners/proposals", envelope, content_type="application/json"
    )

    assert answer.json()["statement_id"] == draft.statement_id
    assert [each.role for each in _licences(STELLA)] == ["hospital", "pharmacy"]


def test_traders_propose_nothing(log_in: LogIn) -> None:
    answer = log_in(STELLA).post(
        "/partners/proposals", b"{}", content_type="application/json"
    )

    assert answer.status_code == 403


def test_the_first_page_of_a_stranger_checks_a_pack(stage: Stage) -> None:
    code = "(01)09521568251204(17)280229(10)A123(21)SN1"

    answer = Client().get("/", {"code": code})

    assert answer.status_code == 302
    assert answer["Location"] == "/01/09521568251204/10/A123/21/SN1?17=280229"


def test_an_unreadable_code_is_explained(stage: Stage) -> None:
    answer = Client().get("/", {"code": "(01)09521568251205"})

    assert answer.status_code == 200
    assert "could not be read" in answer.content.decode()


def test_the_first_page_says_what_waits(log_in: LogIn) -> None:
    page = log_in(NOVAMED, NOVAMED.people[1]).get("/").content.decode()

    assert "This browser cannot sign yet" in page
    assert "Upload a lot" in page


def _ask(stage: Stage, client: Client, key: Ed25519PrivateKey) -> object:
    public = public_key_of(key)
    wish = {
        "kind": "key.enrol",
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
    }
    draft = drafts.draft(wish=wish, actor=stage.actor(NOVAMED), at=timezone.now())
    envelope = json.loads(sign_statement(draft.payload, key))
    return client.post(
        "/keys/requests",
        json.dumps({"envelope": envelope, "label": "Counter 2"}),
        content_type="application/json",
    )


def _licences(player: Player) -> list:
    return sorted(
        (each for each in queries.list_licences(gln=player.gln) if each.is_current),
        key=lambda each: each.role,
    )
