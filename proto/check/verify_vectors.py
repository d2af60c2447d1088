"""Reads proto/vectors with pycose, cbor2 and cryptography: libraries that know nothing of Faregate.

Every good code and credential must parse, be deterministic CBOR, say the claims in its vector, give
the `Sig_structure` in its vector, and verify at both layers. Every vector refused for a signature or
an issuer key must fail here too. Prints a count; the exit code is 1 when anything differs.

    python3 -m venv target/venv
    target/venv/bin/pip install -r proto/check/requirements.txt
    target/venv/bin/python proto/check/verify_vectors.py
"""

import hashlib
import json
import sys
from pathlib import Path

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pycose import headers
from pycose.algorithms import CoseAlgorithm, EdDSA
from pycose.keys import OKPKey
from pycose.keys.curves import Ed25519 as CurveEd25519
from pycose.messages import Sign1Message

from ledger_chain import head_after, start

VECTORS = Path(__file__).resolve().parent.parent / "vectors"
KCWT = 13  # RFC 9528
AUD, EXP, NBF, IAT, CTI, CNF, ENTITLEMENT = 3, 4, 5, 6, 7, 8, -65537
BAD_SIGNATURE = (110, 111, 112, 113)  # refusals that concern keys and signatures


@CoseAlgorithm.register_attribute()
class Ed25519(EdDSA):
    """COSE algorithm -19 (RFC 9864), which pycose does not know: EdDSA with its curve fixed."""

    identifier = -19
    fullname = "ED25519"


class Differs(Exception):
    """A library sees something else than the vector says."""


def same(what, got, expected):
    if got != expected:
        raise Differs(f"{what}: expected {expected!r}, got {got!r}")


def sign1(data):
    """One untagged COSE_Sign1, as pycose reads it, and its items, as cbor2 does."""
    items = cbor2.loads(data)
    same("items in COSE_Sign1", (type(items), len(items)), (list, 4))
    same("deterministic object", cbor2.dumps(items, canonical=True), data)
    same("unprotected header", items[1], {})
    message = Sign1Message.from_cose_obj(list(items), allow_unknown_attributes=True)
    same("alg", message.get_attr(headers.Algorithm), Ed25519)
    for part in (items[0], items[2]):
        # canonical=True sorts keys by length first (RFC 7049); ours are sorted bytewise
        # (RFC 8949 section 4.2.1). The two orders agree for every map of these objects.
        same("deterministic part", cbor2.dumps(cbor2.loads(part), canonical=True), part)
    return message, items


def verifies(message, public_key):
    """Whether pycose accepts the signature under this key."""
    try:
        message.key = OKPKey(crv=CurveEd25519, x=public_key, optional_params={})
        return message.verify_signature()
    except (InvalidSignature, ValueError):
        return False


def sig_structure(message):
    return cbor2.dumps(["Signature1", message.phdr_encoded, b"", message.payload])


def layers(data):
    """The signed layers of an object, the issuer's first: (by, message, claims)."""
    message, items = sign1(data)
    header = cbor2.loads(items[0])
    claims = cbor2.loads(message.payload)
    if KCWT not in header:
        same("header labels", list(header), [1, 4])
        return [("issuer", message, claims)]
    same("header labels", list(header), [1, KCWT])
    inner = header[KCWT]
    same("kcwt", type(inner), list)
    return layers(cbor2.dumps(inner)) + [("holder", message, claims)]


def says(found):
    """The claims of an object in the words of the vectors."""
    _, issued, claims = found[0]
    claim = claims[ENTITLEMENT]
    said = {
        "kid": issued.get_attr(headers.KID).hex(),
        "cti": claims[CTI].hex(),
        "exp": claims[EXP],
        "category": claim[0],
        "party": claim[1],
        "product": int.from_bytes(claim[2:4], "big"),
    }
    if CNF in claims:
        same("claims", list(claims), [EXP, CTI, CNF, ENTITLEMENT])
        key = OKPKey.from_dict(dict(claims[CNF][1]))
        same("curve", key.crv, CurveEd25519)
        said["holder"] = key.x.hex()
        said["starts"] = claims[EXP] - claim[4] * 3600
    else:
        same("claims", list(claims), [EXP, NBF, CTI, ENTITLEMENT])
        said["starts"] = claims[NBF]
    if len(found) == 2:
        _, _, presented = found[1]
        said["iat"] = presented[IAT]
        if AUD in presented:
            said["aud"] = presented[AUD]
        same("claims", list(presented), [AUD, IAT] if AUD in presented else [IAT])
    return said


def check_good(data, claims, signatures):
    found = layers(data)
    same("claims", says(found), claims)
    same("signatures", [by for by, _, _ in found], [signed["by"] for signed in signatures])
    for (_, message, _), signed in zip(found, signatures):
        same("Sig_structure", sig_structure(message).hex(), signed["message"])
        same("signature", message.signature.hex(), signed["signature"])
        same("verifies", verifies(message, bytes.fromhex(signed["public_key"])), True)
    if len(found) == 2:
        same("holder's key", claims["holder"], signatures[1]["public_key"])


def accepted(data, keys, clock):
    """Whether keys in force and both signatures hold, as another implementer would check it."""
    found = layers(data)
    _, issued, claims = found[0]
    kid = issued.get_attr(headers.KID).hex()
    trusted = [
        bytes.fromhex(key["public_key"])
        for key in keys
        if key["kid"] == kid and key["not_before"] <= clock <= key["not_after"]
    ]
    if not any(verifies(issued, key) for key in trusted):
        return False
    if len(found) == 1:
        return True
    return verifies(found[1][1], OKPKey.from_dict(dict(claims[CNF][1])).x)


def base45(data):
    """RFC 9285 section 4, from the text of the RFC."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
    text = "FG1:"
    for at in range(0, len(data), 2):
        group = data[at : at + 2]
        number = int.from_bytes(group, "big")
        for _ in range(len(group) + 1):
            number, digit = divmod(number, 45)
            text += alphabet[digit]
    return text


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def code_checks(name):
    """The checks of one file of codes: (vector's name, check)."""
    file = load(name)
    keys = file["reader"]["issuer_keys"]
    for vector in file["vectors"]:
        if "hex" not in vector:
            continue
        data = bytes.fromhex(vector["hex"])
        expected = vector["expected"]

        def check():
            same("text", base45(data), vector["text"])
            if expected["code"] == 0:
                check_good(data, expected["claims"], expected["signatures"])
                same("accepted", accepted(data, keys, vector["clock"]), True)
            elif expected["code"] in BAD_SIGNATURE:
                same("accepted", accepted(data, keys, vector["clock"]), False)
            elif expected["code"] >= 120:
                same("accepted", accepted(data, keys, vector["clock"]), True)

        yield vector["name"], check


def credential_checks(name):
    file = load(name)
    key = file["issuer_key"]
    for vector in file["vectors"]:
        data = bytes.fromhex(vector["hex"])

        def check():
            if vector["verifies"]:
                check_good(data, vector["claims"], vector["signatures"])
            elif vector["error"] in ("Truncated", "TrailingBytes", "UnexpectedKey"):
                pass  # another shape, which is for a strict reader to refuse
            else:
                same("accepted", accepted(data, [key], key["not_before"]), False)

        yield vector["name"], check


def tap_checks(name):
    file = load(name)
    device = bytes.fromhex(file["device"])
    epoch = file["epoch"].to_bytes(4, "big")
    start = hashlib.sha256(b"faregate tap chain 1" + device + epoch).digest()

    def batch():
        head = start
        same("start of the chain", head.hex(), file["chain_before"])
        for record in file["records"]:
            data = bytes.fromhex(record["hex"])
            values = cbor2.loads(data)
            same("deterministic record", cbor2.dumps(values, canonical=True), data)
            route = {6: record["route"]} if "route" in record else {}
            lists = {9: record["lists"]} if "lists" in record else {}
            clock = {10: 0} if record["clock_proven"] else {}
            same("record", values, {
                1: record["seq"],
                2: record["at"],
                3: {"on": 1, "off": 2}[record["kind"]],
                4: int(record["gate"], 16),
                5: record["stop"],
                **route,
                7: record["decision"],
                8: bytes.fromhex(record["evidence"]),
                **lists,
                **clock,
            })
            head = hashlib.sha256(head + data).digest()
            same("chain", head.hex(), record["chain"])
        for note in file["notes"]:
            data = bytes.fromhex(note["hex"])
            values = cbor2.loads(data)
            same("deterministic note", cbor2.dumps(values, canonical=True), data)
            outcomes = {"opened": 1, "did_not_open": 2, "nobody_passed": 3}
            same("note", values, {
                1: note["seq"],
                2: note["at"],
                11: note["tap_epoch"],
                12: note["tap_seq"],
                13: outcomes[note["outcome"]],
            })
            head = hashlib.sha256(head + data).digest()
            same("chain", head.hex(), note["chain"])
        same("chain after", head.hex(), file["chain_after"])
        message = b"".join([
            b"faregate tap batch 1",
            device,
            epoch,
            file["first_seq"].to_bytes(8, "big"),
            len(file["records"] + file["notes"]).to_bytes(4, "big"),
            start,
            head,
        ])
        same("batch message", message.hex(), file["batch_message"])
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(file["device_public_key"]))
        key.verify(bytes.fromhex(file["batch_signature"]), message)

    def is_note(data):
        """The shape of docs/WIRE.md: five keys in this order, a known outcome, nothing more."""
        try:
            values = cbor2.loads(data)
        except Exception:
            return False
        return (
            isinstance(values, dict)
            and list(values) == [1, 2, 11, 12, 13]
            and values[13] in (1, 2, 3)
            and cbor2.dumps(values, canonical=True) == data
        )

    yield "batch", batch
    for note in file["notes"]:
        yield f"note {note['seq']}", lambda: same(
            "is a note", is_note(bytes.fromhex(note["hex"])), True
        )
    for refused in file["refused_notes"]:
        yield refused["name"], lambda: same(
            "is a note", is_note(bytes.fromhex(refused["hex"])), False
        )


def ledger_checks(name):
    file = load(name)

    def chain():
        head = start(file["account"])
        same("start of the chain", head.hex(), file["start"])
        for entry in file["entries"]:
            head = head_after(head, entry)
            same("head", head.hex(), entry["head"])

    yield "chain", chain


def main():
    files = [
        ("good.json", code_checks),
        ("malformed.json", code_checks),
        ("signatures.json", code_checks),
        ("refused.json", code_checks),
        ("credentials.json", credential_checks),
        ("taps.json", tap_checks),
        ("ledger_chain.json", ledger_checks),
    ]
    checked = failed = 0
    for name, checks in files:
        count = 0
        for vector, check in checks(name):
            count += 1
            try:
                check()
            except Exception as error:  # whatever a library throws, the vector failed
                failed += 1
                print(f"{name}, {vector}: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"{name}: {count} vectors")
        checked += count
        if count == 0:
            failed += 1
    print(f"{checked} vectors checked with pycose and cbor2, {failed} failed")
    return 1 if failed or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
