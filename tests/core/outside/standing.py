"""A genesis, an admission and an enrolment, and what a key ring makes of more."""

import pytest

from apps.core.envelope import STATEMENT_TYPE, statement_id
from apps.core.errors import TraceError
from apps.core.keyring import build_keyring, verify_voices
from apps.core.signing import sign_envelope
from apps.core.statement import build_statement
from tests.core.outside import small_ledger as cast


def signed(statement, *signers):
    return sign_envelope(
        payload_type=STATEMENT_TYPE,
        payload=build_statement(statement),
        private_keys=[cast.key(each) for each in signers],
    )


GENESIS = signed(cast.genesis(), "operator", "regulator")
ADMIT = signed(cast.admit(), "regulator", "operator", "nora")
ENROL = signed(cast.enrol(), "nora", "nils")
GENESIS_ID = statement_id(GENESIS)


def ring(*more, genesis_id=GENESIS_ID):
    return build_keyring([GENESIS, ADMIT, ENROL, *more], genesis_id=genesis_id)


def judge(envelope, *more, accepted_ms=cast.AT):
    return verify_voices(envelope=envelope, ring=ring(*more), accepted_ms=accepted_ms)


def refusal(envelope, *more, **options) -> str:
    with pytest.raises(TraceError) as caught:
        judge(envelope, *more, **options)
    return caught.value.code
