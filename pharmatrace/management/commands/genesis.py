"""Opens the ledger: secrets, keys of operator and regulator, the genesis statement."""

from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from typing_extensions import override

from apps.core.bodies import Authority, NamedKey
from apps.core.errors import TraceError
from apps.core.signing import PrivateKey, public_key_of
from apps.edge import secrets
from apps.exchange import operations as exchange
from apps.partners import operations, queries
from apps.partners.models import new_signer_id
from pharmatrace.demo.signing import make_key, sign_statement
from pharmatrace.genesis import draft_genesis

_ROLES = ("operator", "regulator")


class Command(BaseCommand):
    """Sign and submit the genesis statement, once in a ledger's life."""

    help = "Open the ledger with a genesis statement signed by operator and regulator."

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        for role in _ROLES:
            parser.add_argument(f"--{role}-gln", required=True)
            parser.add_argument(f"--{role}-name", required=True)
            parser.add_argument(f"--{role}-country", required=True)
            parser.add_argument(
                f"--{role}-key",
                type=Path,
                help="PKCS#8 PEM; made in the directory of --keys if it is not given",
            )
            parser.add_argument(
                f"--{role}-admin", metavar="EMAIL", help="makes this person's account"
            )
        parser.add_argument(
            "--keys",
            type=Path,
            default=settings.VAR_DIR / "ops-keys",
            help="where keys that are not given are made; move them to their owners",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if queries.find_genesis() is not None:
            raise CommandError("This ledger is open already; genesis happens once.")
        for name in secrets.create_missing():
            self.stdout.write(f"made secret {name} in {settings.SECRETS_DIR}")
        keys = {role: self._key(role, options) for role in _ROLES}
        signers = {role: new_signer_id() for role in _ROLES}
        try:
            statement_id = _submit(keys, signers, options, timezone.now())
        except TraceError as error:
            raise CommandError(str(error)) from error
        for role in _ROLES:
            if options[f"{role}_admin"]:
                self._make_admin(role, signers[role], options)
        self.stdout.write(f"genesis {statement_id}")
        self.stdout.write("Give this id to everybody who verifies this ledger.")

    def _make_admin(self, role: str, signer: str, options: dict[str, Any]) -> None:
        email = options[f"{role}_admin"]
        password = operations.add_admin(
            partner=queries.get_partner(options[f"{role}_gln"]),
            email=email,
            signer=signer,
        )
        self.stdout.write(f"{role}: log in as {email}, first password {password}")

    def _key(self, role: str, options: dict[str, Any]) -> PrivateKey:
        given: Path | None = options[f"{role}_key"]
        path = given or Path(options["keys"]) / f"{role}.pem"
        if not path.exists():
            if given:
                raise CommandError(f"{given}: no such file")
            self.stdout.write(f"made key of the {role} in {path}")
            return make_key(path)
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
            public_key_of(key)  # other kinds are refused
        except (TypeError, ValueError, TraceError) as error:
            raise CommandError(f"{path}: wanted Ed25519 or P-256 PKCS#8") from error
        return key  # type: ignore[return-value]  # checked one line above


def _submit(
    keys: dict[str, PrivateKey],
    signers: dict[str, str],
    options: dict[str, Any],
    at: datetime,
) -> str:
    parties = {
        role: Authority(
            gln=options[f"{role}_gln"],
            name=options[f"{role}_name"],
            country=options[f"{role}_country"],
            role=role,
            keys=(NamedKey(public_key_of(keys[role]), signers[role]),),
        )
        for role in _ROLES
    }
    draft = draft_genesis(
        operator=parties["operator"], authorities=(parties["regulator"],), at=at
    )
    accepted = exchange.submit(
        envelope=sign_statement(draft.payload, *keys.values()),
        lines=None,
        at=at,
        origin=settings.LEDGER_ORIGIN,
    )
    return accepted.statement_id
