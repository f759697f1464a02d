"""Where the demo plays: people, keys and a door that takes signed statements.

Everything that happens is a statement that its partner's own key signs and that the
ordinary door accepts; nothing is written past the law.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password

from apps.core.bodies import Authority, NamedKey
from apps.core.signing import PrivateKey, public_key_of
from apps.core.strict import format_base64
from apps.exchange import operations as exchange
from apps.exchange import queries as drafts
from apps.ledger.formats import Draft
from apps.ledger.operations import Accepted
from apps.partners import operations as partners
from apps.partners import queries
from apps.partners.models import MemberRole, User
from apps.partners.queries import Actor
from pharmatrace.demo.cast import (
    OFFICES,
    OPERATOR,
    PASSWORD,
    REGULATOR,
    Medicine,
    Person,
    Player,
)
from pharmatrace.demo.signing import Keyring, sign_statement
from pharmatrace.genesis import draft_genesis

_TICK = timedelta(milliseconds=5)


class Stage:
    """The demo network while it is being played.

    Args:
        keyring: the partners' keys.
        at: when the first statement comes; each further one comes a tick later.
    """

    def __init__(self, keyring: Keyring, at: datetime) -> None:
        self.keyring = keyring
        self.at = at

    def tick(self, pause: timedelta = _TICK) -> datetime:
        """Let time pass; the new moment."""
        self.at += pause
        return self.at

    def actor(self, player: Player, person: Person | None = None) -> Actor:
        """A person of `player`, the admin by default, as the site sees them."""
        who = person or player.admin
        return Actor(
            user=User.objects.get(username=who.username),
            partner=queries.get_partner(player.gln),
            role=who.role,
        )

    def act(
        self, player: Player, wish: dict[str, Any], *, person: Person | None = None
    ) -> Accepted:
        """Draft what `player` wishes, sign it with that person's key, submit it."""
        actor = self.actor(player, person)
        draft = drafts.draft(wish=wish, actor=actor, at=self.tick())
        return self.submit(draft, self.keyring.key_of(player, person))

    def submit(self, draft: Draft, *private_keys: PrivateKey) -> Accepted:
        """Sign exactly the drafted bytes with all of the keys and submit them."""
        return self.send(sign_statement(draft.payload, *private_keys), draft.lines)

    def send(self, envelope: bytes, lines: bytes | None = None) -> Accepted:
        """Hand an envelope to the door, now."""
        return exchange.submit(
            envelope=envelope,
            lines=lines,
            at=self.tick(),
            origin=settings.LEDGER_ORIGIN,
        )

    def open_ledger(self) -> Accepted:
        """The genesis statement, signed by operator and regulator."""
        draft = draft_genesis(
            operator=self._authority(OPERATOR),
            authorities=(self._authority(REGULATOR),),
            at=self.tick(),
        )
        accepted = self.submit(draft, *self._office_keys())
        for office in OFFICES:
            self.make_people(office)
        return accepted

    def admit(self, player: Player) -> Accepted:
        """A new partner with its admin's key, and its people's accounts."""
        key = self.keyring.key_of(player)
        public = public_key_of(key)
        wish = {
            "kind": "party.admit",
            "gln": player.gln,
            "name": player.name,
            "country": player.country,
            "spki_b64": format_base64(public.spki),
            "alg": public.alg,
            "signer": player.admin.signer,
        }
        draft = drafts.draft(wish=wish, actor=self.actor(REGULATOR), at=self.tick())
        accepted = self.submit(draft, key, *self._office_keys())
        self.make_people(player)
        return accepted

    def license(self, player: Player, **changes: Any) -> Accepted:
        """The licence that the cast says, or one with `changes` to the wish."""
        wish = {
            "kind": "party.licence",
            "gln": player.gln,
            "role": player.role,
            "gs1_prefixes": list(player.prefixes),
            "sites": [{"gln": site.gln, "name": site.name} for site in player.sites],
            "scope": ["*"],
            "from": "2020-01-01",
        } | changes
        draft = drafts.draft(wish=wish, actor=self.actor(REGULATOR), at=self.tick())
        return self.submit(draft, *self._office_keys())

    def enrol(self, player: Player, person: Person) -> Accepted:
        """A further key of `player`, signed by itself and by the admin's."""
        key = self.keyring.key_of(player, person)
        public = public_key_of(key)
        wish = {
            "kind": "key.enrol",
            "spki_b64": format_base64(public.spki),
            "alg": public.alg,
        }
        actor = self.actor(player, person)
        draft = drafts.draft(wish=wish, actor=actor, at=self.tick())
        return self.submit(draft, key, self.keyring.key_of(player))

    def register(self, player: Player, medicine: Medicine) -> Accepted:
        """A product of `player`."""
        wish = {
            "kind": "product.register",
            "gtin": medicine.gtin,
            "name": medicine.name,
            "strength": medicine.strength,
            "form": medicine.form,
            "pack_size": medicine.pack_size,
        }
        return self.act(player, wish)

    def make_people(self, player: Player) -> None:
        """Accounts and places for the people of an admitted partner."""
        partner = queries.get_partner(player.gln)
        for person in player.people:
            user, _is_new = User.objects.get_or_create(
                username=person.username,
                defaults={
                    "email": person.username,
                    "first_name": person.first_name,
                    "last_name": person.last_name,
                    "signer": person.signer,
                    "password": _hashed(PASSWORD),
                },
            )
            partners.set_member(
                partner=partner, user=user, role=MemberRole(person.role)
            )
        partners.set_contact(
            partner=partner,
            address=player.address,
            name=f"{player.admin.first_name} {player.admin.last_name}",
            email=player.admin.username,
            phone=player.phone,
        )

    def _authority(self, player: Player) -> Authority:
        key = public_key_of(self.keyring.key_of(player))
        return Authority(
            gln=player.gln,
            name=player.name,
            country=player.country,
            role=player.role,
            keys=(NamedKey(key, player.admin.signer),),
        )

    def _office_keys(self) -> Sequence[PrivateKey]:
        return [self.keyring.key_of(office) for office in OFFICES]


@lru_cache(maxsize=1)
def _hashed(password: str) -> str:
    # Hashing is slow on purpose; everybody in the demo has the same password.
    return make_password(password)
