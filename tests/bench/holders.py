"""Pharmacies by the thousand: admitted and licensed by signed statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.bodies import NamedKey, PartyAdmit, PartyLicence, SiteNamed
from apps.core.gs1 import compute_check_digit
from apps.core.leaf import key_tag, party_tag
from apps.core.signing import public_key_of
from apps.core.subjects import Subject
from apps.edge.secrets import tag_key
from apps.ledger.formats import Submission
from apps.partners.formats import Said
from apps.partners.models import (
    Licence,
    MemberRole,
    SigningKey,
    Site,
    TradingPartner,
)
from apps.partners.operations.keys import row_of_key
from pharmatrace.demo.cast import OFFICES, REGULATOR
from tests.bench.saying import Sayer, Voice

_FROM_MS = 1_577_836_800_000  # 2020-01-01


@dataclass(frozen=True, slots=True)
class Holder:
    """A partner, mostly a pharmacy, with one site and one key."""

    gln: str
    site: str
    key: Ed25519PrivateKey
    role: str = "pharmacy"

    @property
    def voice(self) -> Voice:
        return Voice(self.gln, f"ph-{self.gln}", [self.key])

    @property
    def admission(self) -> PartyAdmit:
        public = public_key_of(self.key)
        return PartyAdmit(
            gln=self.gln,
            name=f"{self.role.capitalize()} {self.gln}",
            country="DE",
            first_key=NamedKey(public, self.voice.signer),
            key_tag=key_tag(tag_key(), keyid=public.keyid),
        )

    @property
    def licence(self) -> PartyLicence:
        return PartyLicence(
            gln=self.gln,
            role=self.role,
            gs1_prefixes=(),
            sites=(SiteNamed(self.site, "counter"),),
            scope=("*",),
            from_ms=_FROM_MS,
            to_ms=None,
            is_suspended=False,
        )


def admit(sayer: Sayer, count: int) -> list[Holder]:
    """So many pharmacies, in the ledger and in the register of partners."""
    made = [_holder(number) for number in range(count)]
    admit_all(sayer, made)
    return made


def admit_all(sayer: Sayer, made: Sequence[Holder]) -> None:
    """Admit and license each of them, in one transaction."""
    stage = sayer.stage
    offices = [stage.keyring.key_of(office) for office in OFFICES]
    office = Voice(REGULATOR.gln, REGULATOR.admin.signer, offices)
    with sayer.at_once():
        admitted = [_admit(sayer, office, each) for each in made]
        licensed = [
            sayer.say(
                office,
                "party.licence",
                "licenses the party",
                [Subject(party_tag(tag_key(), gln=each.gln))],
                each.licence.to_json(),
            )
            for each in made
        ]
        _register(made, admitted, licensed)


def _admit(sayer: Sayer, office: Voice, holder: Holder) -> Submission:
    body = holder.admission
    tags = sorted([party_tag(tag_key(), gln=holder.gln), body.key_tag])
    return sayer.say(
        Voice(office.gln, office.signer, [holder.key, *office.keys]),
        "party.admit",
        "admits the party and its first key",
        [Subject(tag) for tag in tags],
        body.to_json(),
    )


def _register(
    holders: Sequence[Holder],
    admitted: Sequence[Submission],
    licensed: Sequence[Submission],
) -> None:
    """The rows that the door would have written for each."""
    partners, keys, licences, sites = [], [], [], []
    for holder, one, two in zip(holders, admitted, licensed, strict=True):
        body, said, allowed = holder.admission, Said.by(one), Said.by(two)
        partner = TradingPartner(
            gln=holder.gln,
            name=body.name,
            country=body.country,
            role=holder.role,
            tag=party_tag(tag_key(), gln=holder.gln),
            admitted_by=said.statement_id,
        )
        partners.append(partner)
        keys.append(
            row_of_key(
                key=body.first_key.key,
                partner=partner,
                signer=body.first_key.signer,
                role=MemberRole.ADMIN,
                said=said,
            )
        )
        licences.append(
            Licence(
                partner=partner,
                role=holder.role,
                gs1_prefixes=[],
                sites=[holder.site],
                scope=["*"],
                from_ms=_FROM_MS,
                statement_id=allowed.statement_id,
                accepted_ms=allowed.accepted_ms,
            )
        )
        sites.append(Site(gln=holder.site, partner=partner, name="counter"))
    for model, rows in (
        (TradingPartner, partners),
        (SigningKey, keys),
        (Licence, licences),
        (Site, sites),
    ):
        model.objects.bulk_create(rows, batch_size=500)


def _holder(number: int) -> Holder:
    party, place = f"95{number:09}1", f"95{number:09}2"
    return Holder(
        gln=f"{party}{compute_check_digit(party)}",
        site=f"{place}{compute_check_digit(place)}",
        key=Ed25519PrivateKey.generate(),
    )
