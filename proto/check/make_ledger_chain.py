"""Makes proto/vectors/ledger_chain.json from the layout in docs/LEDGER.md, with hashlib alone.

    python3 proto/check/make_ledger_chain.py > proto/vectors/ledger_chain.json
"""

import json
import sys

from ledger_chain import head_after, start

RIDER = "0190163d8694739baea5966c26f8ad91"
OPERATOR = "0f0e0d0c0b0a09080706050403020100"
PROVIDER = "ffffffffffffffffffffffffffffffff"
ENTRIES = [
    {
        "id": "01" * 16,
        "at": 1_546_819_200_250_000,
        "kind": "fare",
        "description": "Fare of journey 1: CNY 3.00.",
        "cause": "",
        "postings": [["rider:" + RIDER, "CNY", -300], ["operator:" + OPERATOR, "CNY", 300]],
    },
    {
        "id": "02" * 16,
        "at": -1,
        "kind": "charge",
        "description": "凤起路 → 文三路; \"quoted\"\nsecond line",
        "cause": "00ff",
        "postings": [["rider:" + RIDER, "CNY", 300], ["clearing", "CNY", -300]],
    },
    {
        "id": "03" * 16,
        "at": 2**63 - 1,
        "kind": "write-off",
        "description": "",
        "cause": "63",
        "postings": [
            ["provider:" + PROVIDER, "JPY", -(2**63)],
            ["suspense", "JPY", 2**63 - 1],
            ["tax", "JPY", 1],
            ["write-off", "KWD", 1],
            ["clearing", "KWD", -1],
        ],
    },
]


def main():
    head = start(RIDER)
    vectors = {"account": RIDER, "start": head.hex(), "entries": []}
    for entry in ENTRIES:
        head = head_after(head, entry)
        vectors["entries"].append({**entry, "head": head.hex()})
    json.dump(vectors, sys.stdout, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    main()
