"""The chain of a rider's entries, written from docs/LEDGER.md alone."""

import hashlib

ACCOUNTS = {
    "rider": 1,
    "operator": 2,
    "provider": 3,
    "clearing": 4,
    "suspense": 5,
    "tax": 6,
    "write-off": 7,
    "allowances": 8,
}


def start(account):
    return hashlib.sha256(b"faregate ledger chain 1" + bytes.fromhex(account)).digest()


def text(data):
    return len(data).to_bytes(4, "big") + data


def posting(account, currency, minor):
    kind, _, identity = account.partition(":")
    name = bytes([ACCOUNTS[kind]]) + bytes.fromhex(identity)
    return name + currency.encode("ascii") + minor.to_bytes(8, "big", signed=True)


def head_after(head, entry):
    return hashlib.sha256(b"".join([
        b"faregate ledger entry 1",
        head,
        bytes.fromhex(entry["id"]),
        entry["at"].to_bytes(8, "big", signed=True),
        text(entry["kind"].encode()),
        text(entry["description"].encode()),
        text(bytes.fromhex(entry["cause"])),
        len(entry["postings"]).to_bytes(4, "big"),
        *(posting(*line) for line in entry["postings"]),
    ])).digest()
