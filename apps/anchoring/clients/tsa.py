"""Time-stamp authorities over HTTP (RFC 3161), each answer judged before it counts.

A token is kept as it came: the whole DER TimeStampResp, which `openssl ts -verify -in`
reads. Without roots of the authority its signature is not judged: anybody could have
made it, until somebody with the roots looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import httpx
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    TimeStampResponse,
    TimeStampTokenInfo,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from apps.anchoring.clients.anchor_file import AnchorOptions
from apps.anchoring.clients.anchors import AnchorService, Facts, Stamp
from apps.anchoring.clients.http import Question, ask, is_url
from apps.core.errors import (
    MalformedInput,
    ProofError,
    Unavailable,
    UntrustedSignature,
)

# For one whole answer, seconds.
ANSWER_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
_MAX_ANSWER_BYTES: Final = 64_000
# How far an authority's clock may be from ours.
_MAX_SKEW: Final = timedelta(minutes=5)
_SHA256: Final = "2.16.840.1.101.3.4.2.1"
_QUERY: Final = {"Content-Type": "application/timestamp-query"}
_KNOWN: Final = frozenset({"url", "ca", "policy"})


@dataclass(frozen=True, slots=True)
class TimeStampAuthority:
    """One authority.

    Args:
        roots: certificates that its signer must lead to; none: not judged.
        policy: dotted number of the one under which it must stamp; "": any.
    """

    url: str
    roots: tuple[x509.Certificate, ...] = ()
    policy: str = ""

    def stamp(self, data: bytes, *, at: datetime) -> Stamp:
        """A fresh stamp over `data`, asked with a nonce.

        Raises:
            Unavailable: `tsa_silent`: no answer in time; `tsa_declines`: it refuses.
            MalformedInput: `bad_stamp`: no answer of RFC 3161.
            ProofError: `stamp_differs`: it stamped another hash, for another nonce
                or under another policy; `stamp_time_off`: its clock or ours is wrong.
            UntrustedSignature: `stamp_untrusted`: its signer does not lead to `roots`.
        """
        request = (
            TimestampRequestBuilder()
            .data(data)
            .hash_algorithm(HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .build()
        )
        token = self._ask(request.as_bytes())
        stamped_at = self._judge(token, data, nonce=request.nonce)
        if abs(stamped_at - at) > _MAX_SKEW:
            raise ProofError(
                "stamp_time_off", got=stamped_at.isoformat(), wanted="within 5 minutes"
            )
        return Stamp(token, stamped_at)

    def verify(self, token: bytes, data: bytes, *, facts: Facts) -> Stamp:
        """Check a stored token over `data`, but for the nonce, which is not kept.

        Raises:
            MalformedInput, ProofError, UntrustedSignature: as `stamp`.
        """
        return Stamp(token, self._judge(token, data, nonce=None))

    def _ask(self, query: bytes) -> bytes:
        question = Question(
            method="POST",
            url=self.url,
            seconds=ANSWER_SECONDS,
            connect_seconds=_CONNECT_SECONDS,
            limit_bytes=_MAX_ANSWER_BYTES,
            body=query,
            headers=_QUERY,
        )
        status, answer = ask(question, code="tsa_silent")
        if status != httpx.codes.OK:
            raise Unavailable("tsa_declines", got=status)
        return answer

    def _judge(self, token: bytes, data: bytes, *, nonce: int | None) -> datetime:
        try:
            return self._read(token, data, nonce)
        except ValueError as error:
            raise MalformedInput("bad_stamp", field="token", got=str(error)) from error

    def _read(self, token: bytes, data: bytes, nonce: int | None) -> datetime:
        """The moment of a token that holds.

        1. It is granted, and can be read.
        2. It is over `data`, for this nonce and under the policy.
        3. Its signer may stamp, and led to a root at that moment.
        """
        # 1
        response = decode_timestamp_response(token)
        if response.status != PKIStatus.GRANTED:
            raise Unavailable("tsa_declines", got=_words(response))
        info = response.tst_info
        # 2
        self._compare(info, data, nonce)
        # 3
        if self.roots:
            self._verify_signer(response, data)
        return info.gen_time

    def _compare(
        self, info: TimeStampTokenInfo, data: bytes, nonce: int | None
    ) -> None:
        imprint = info.message_imprint
        facts = [
            ("hash algorithm", imprint.hash_algorithm.dotted_string, _SHA256),
            ("hash", imprint.message.hex(), sha256(data).hexdigest()),
        ]
        if nonce is not None:
            facts.append(("nonce", str(info.nonce), str(nonce)))
        if self.policy:
            facts.append(("policy", info.policy.dotted_string, self.policy))
        for fact, got, wanted in facts:
            if got != wanted:
                raise ProofError("stamp_differs", field=fact, got=got, wanted=wanted)

    def _verify_signer(self, response: TimeStampResponse, data: bytes) -> None:
        verifier = VerifierBuilder(roots=list(self.roots)).build()
        try:
            verifier.verify_message(response, data)
        except VerificationError as error:
            raise UntrustedSignature("stamp_untrusted", got=str(error)) from error


def _words(response: TimeStampResponse) -> str:
    return ", ".join([f"status {response.status}", *response.status_string])


def open_tsa(options: AnchorOptions) -> AnchorService:
    """The authority that a table of the file describes.

    Raises:
        MalformedInput: a line that it does not know, or an address that it cannot ask.
        OSError, ValueError: its certificates cannot be read.
    """
    values = options.values
    unknown = sorted(values.keys() - _KNOWN)
    url = values.get("url", "")
    # Without any line it can still judge what is stored.
    if unknown or (values and not is_url(url)):
        raise MalformedInput(
            "unfit_line",
            field=options.name,
            got=", ".join(unknown) or url,
            wanted="url (http or https), ca, policy",
        )
    pem = (options.folder / values["ca"]).read_bytes() if "ca" in values else b""
    return TimeStampAuthority(
        url=url,
        roots=tuple(x509.load_pem_x509_certificates(pem)) if pem else (),
        policy=_read_policy(values.get("policy", "")),
    )


def _read_policy(text: str) -> str:
    try:
        return x509.ObjectIdentifier(text).dotted_string if text else ""
    except ValueError as error:
        raise MalformedInput(
            "unfit_line", field="policy", got=text, wanted="a dotted number"
        ) from error
