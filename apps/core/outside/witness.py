"""pharmatrace-witness: cosign the heads of logs that only ever append.

Run it where the operator of the log cannot reach it. It keeps one SQLite file; who
loses that file retires the key, for a witness must never forget what it promised.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..errors import MalformedInput
from ..notekey import SignatureType, SignerKey, VerifierKey
from ..policy import Policy
from .console import ending, read_input, tell
from .witness_http import WitnessServer
from .witness_state import WitnessState, origin_hash

_TYPES: Final = {
    "ed25519": SignatureType.COSIGNATURE_ED25519,
    "ml-dsa-44": SignatureType.COSIGNATURE_MLDSA44,
}


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    return ending(_main, arguments)


def _main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    if options.command == "keygen":
        _keygen(options)
    elif options.command == "evidence":
        _show_evidence(options)
    else:
        _serve(options)


def _keygen(options: argparse.Namespace) -> None:
    types = options.type or list(_TYPES)
    keys = [SignerKey.generate(options.name, _TYPES[each]) for each in types]
    text = "".join(f"{key.format()}\n" for key in keys)
    handle = os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    for key in keys:
        print(key.verifier.format())


def read_signers(name: str) -> tuple[SignerKey, ...]:
    """The keys of a file made by `keygen`, a line each.

    Raises:
        MalformedInput: `bad_key`: none there, one cannot be read or cannot cosign.
    """
    lines = read_input(name).decode("utf-8", "replace").splitlines()
    signers = tuple(SignerKey.parse(line) for line in lines if line.strip())
    if not signers or any(not each.kind.is_timestamped for each in signers):
        raise MalformedInput("bad_key", field=name, wanted="keys that can cosign")
    return signers


def read_logs(vkeys: Sequence[str], policy: str | None) -> tuple[VerifierKey, ...]:
    """The keys of the logs to watch: vkeys, and those that a policy names.

    Raises:
        MalformedInput: none, or one cannot be read.
    """
    keys = [VerifierKey.parse(each) for each in vkeys]
    if policy is not None:
        keys += [log.key for log in Policy.parse(read_input(policy)).logs]
    if not keys:
        raise MalformedInput("no_log", wanted="--log VKEY or --policy FILE")
    return tuple(dict.fromkeys(keys))


def _serve(options: argparse.Namespace) -> None:
    signers = read_signers(options.key)
    log_keys = read_logs(options.log, options.policy)
    host, _, port = options.listen.rpartition(":")
    server = WitnessServer(
        (host, int(port)),
        state=WitnessState(Path(options.state)),
        log_keys=log_keys,
        signers=signers,
    )
    stop = threading.Thread(target=server.shutdown)
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: None if stop.is_alive() else stop.start())
    for signer in signers:
        tell(f"cosigns as {signer.verifier.format()}")
    for origin in dict.fromkeys(key.name for key in log_keys):
        tell(f"watches {origin}, shown at /{origin_hash(origin)}/checkpoint")
    tell(f"listens on {host}:{server.server_address[1]}")
    with server:
        server.serve_forever(poll_interval=0.2)


def _show_evidence(options: argparse.Namespace) -> None:
    for at, code, request, latest in WitnessState(Path(options.state)).list_evidence():
        print(f"== refused at {at}: {code}")
        print(request.decode("utf-8", "replace"))
        print("== cosigned before")
        print("nothing" if latest is None else latest.decode("utf-8", "replace"))


def _address(text: str) -> str:
    host, separator, port = text.rpartition(":")
    if not host or not separator or not port.isdigit() or int(port) > 65_535:
        raise argparse.ArgumentTypeError("wanted HOST:PORT")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pharmatrace-witness", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keygen = commands.add_parser("keygen", help="make keys, print their public halves")
    keygen.add_argument("--name", required=True, help="as in witness.example/w1")
    keygen.add_argument("--out", required=True, help="new file, readable by you only")
    keygen.add_argument(
        "--type", choices=_TYPES, action="append", help="ed25519, ml-dsa-44, or both"
    )
    serve = commands.add_parser("serve", help="answer logs until told to stop")
    serve.add_argument("--key", required=True, help="file of keygen")
    serve.add_argument("--log", action="append", default=[], help="a log's vkey")
    serve.add_argument("--policy", help="a C2SP policy: its logs are watched")
    serve.add_argument("--listen", type=_address, default="127.0.0.1:7380")
    evidence = commands.add_parser("evidence", help="show heads that were refused")
    for command in (serve, evidence):
        command.add_argument("--state", required=True, help="SQLite file")
    return parser


if __name__ == "__main__":  # `python -m …` must never end well by doing nothing
    sys.exit(run())
