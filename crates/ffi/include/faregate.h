/* The Faregate validator for reader firmware: may this code travel here and now?
 *
 * Generated from crates/ffi: change it there. Guide: docs/guides/gate-integrator.md.
 *
 * All memory is the caller's, nothing is allocated, there is no global state and no callback.
 * "The caller sees to" says what the library cannot check. Every pointer is checked for NULL and
 * alignment; no content of a code, key, list or record does harm.
 * Link with the C library's memcpy, memset, memcmp and bcmp; nothing else is needed. */


#ifndef FAREGATE_H
#define FAREGATE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes for static memory: _Alignas(FG_ALIGN) static uint8_t memory[FG_VALIDATOR_BYTES(4)]; */
#define FG_VALIDATOR_BYTES(keys) (FG_KEY_BYTES * ((size_t)(keys) + 1))
#define FG_TABLES_BYTES(keys) (FG_TABLE_BYTES * (size_t)(keys))
#define FG_REPLAY_BYTES(slots) (FG_SLOT_BYTES * ((size_t)(slots) + 2))


// Most issuer keys of a validator.
#define FG_KEYS_MAX 64

// Most issuer keys that share a name (kid).
#define FG_SAME_KID_MAX 4

// No alignment asked for in this interface is larger, on any target: for static memory.
#define FG_ALIGN 64

// No validator needs more bytes for each key, and for its head, on any target.
#define FG_KEY_BYTES 512

// No key needs more bytes for its table, on any target.
#define FG_TABLE_BYTES 132608

// No replay memory needs more bytes for each slot, and for its head, on any target.
#define FG_SLOT_BYTES 64

// The number of a decision that lets pass. All others are refusals: docs/WIRE.md lists them.
#define FG_PERMITTED 0

// A rider goes into the network.
#define FG_TAP_ON 1

// A rider goes out of it.
#define FG_TAP_OFF 2

// Not known: the code was refused.
#define FG_CODE_NONE 0

// A presentation for any gate.
#define FG_CODE_ONE_WAY 1

// A presentation for this gate alone.
#define FG_CODE_GATE_BOUND 2

// A ticket.
#define FG_CODE_TICKET 3

// The gate lacks nothing, or the call itself failed: see its status.
#define FG_LACK_NONE 0

// The gate holds no issuer key.
#define FG_LACK_NO_ISSUER_KEYS 1

// All slots of the replay memory hold live codes.
#define FG_LACK_MEMORY_FULL 2

// The clock has gone back to when codes lived that the gate has forgotten.
#define FG_LACK_CLOCK_WENT_BACK 3

// Room for every sentence, with the 0 at its end.
#define FG_SENTENCE_BYTES 161

// Room for every decision's name, with the 0 at its end.
#define FG_NAME_BYTES 32

// English.
#define FG_LANGUAGE_ENGLISH 0

// Chinese, in simplified characters.
#define FG_LANGUAGE_CHINESE 1

// Korean.
#define FG_LANGUAGE_KOREAN 2

// Room for the bytes of every code.
#define FG_CODE_BYTES_MAX 320

// Room for every tap record.
#define FG_TAP_RECORD_BYTES_MAX 520

// Bytes that a device signs for a batch.
#define FG_BATCH_MESSAGE_BYTES 116

// Whether a call did its work. The values never change their meaning; new ones are added.
//
// A refusal of a code is no failure: fg_validate then answers FG_STATUS_OK.
typedef enum fg_status {
  // It did.
  FG_STATUS_OK = 0,
  // A pointer is NULL that must not be.
  FG_STATUS_NULL = 1,
  // A pointer is not a multiple of what its type, or fg_validator_align() or
  // fg_replay_align(), asks for.
  FG_STATUS_MISALIGNED = 2,
  // The memory or buffer is smaller than what goes in.
  FG_STATUS_TOO_SMALL = 3,
  // A length is beyond its limit, or beyond what memory can hold.
  FG_STATUS_TOO_LARGE = 4,
  // The memory holds no validator or replay memory: it was not initialised, the last
  // initialisation failed, or it was copied elsewhere.
  FG_STATUS_NOT_INITIALISED = 5,
  // A public key is no canonical point of the curve, or one of small order.
  FG_STATUS_BAD_KEY = 6,
  // More than FG_KEYS_MAX keys, or more than FG_SAME_KID_MAX of one name.
  FG_STATUS_TOO_MANY_KEYS = 7,
  // A span of the policy is negative.
  FG_STATUS_BAD_POLICY = 8,
  // The deny list is not in strictly ascending order.
  FG_STATUS_NOT_SORTED = 9,
  // A tap is neither FG_TAP_ON nor FG_TAP_OFF.
  FG_STATUS_BAD_KIND = 10,
  // A stop or route id is empty, longer than 64 bytes, no UTF-8, or has control characters.
  FG_STATUS_BAD_ID = 11,
  // A time is before 1970.
  FG_STATUS_BAD_TIME = 12,
  // No decision has this number.
  FG_STATUS_UNKNOWN_CODE = 13,
} fg_status;

// Which codes the gate let pass, in memory of the caller. Its content is private.
//
// Made by fg_replay_init; one thread at a time may use it. It must stay where it was made.
typedef struct fg_replay fg_replay;

// A gate's issuer keys, policy and deny list, in memory of the caller. Its content is private.
//
// Made by fg_validator_init. It may be read by several threads at once, as long as none changes
// it. It must stay where it was made.
typedef struct fg_validator fg_validator;

// How far clocks may be apart, and how long a presentation lives. None may be negative.
typedef struct fg_policy {
  // How long a presentation may be shown after it was made.
  int64_t code_life_micros;
  // How far a phone's clock may be behind the gate's.
  int64_t phone_slow_max_micros;
  // How far a phone's clock may be ahead of the gate's.
  int64_t phone_fast_max_micros;
  // How long before its start a credential or ticket is let pass.
  int64_t not_before_tolerance_micros;
  // How long after its end a credential or ticket is let pass.
  int64_t expiry_tolerance_micros;
} fg_policy;

// A public key whose codes the gate lets pass.
typedef struct fg_issuer_key {
  // Its name in the codes (kid).
  uint8_t kid[4];
  // Ed25519 public key (RFC 8032 section 5.1.5).
  uint8_t public_key[32];
  // First instant at which the gate accepts what it signed, microseconds since 1970.
  int64_t not_before_micros;
  // Last instant at which the gate accepts what it signed, microseconds since 1970.
  int64_t not_after_micros;
} fg_issuer_key;

// The id (cti) of a credential or ticket.
typedef struct fg_credential_id {
  // Its bytes, as they are in the code.
  uint8_t bytes[16];
} fg_credential_id;

// One code, shown to one gate at one instant.
typedef struct fg_scan {
  // What the scanner read: bytes, not a C string; the scanner adds no newline.
  const char *text;
  // How many bytes.
  size_t text_length;
  // The gate's clock, microseconds since 1970.
  int64_t now_micros;
  // The gate's number.
  uint32_t gate;
  // FG_TAP_ON or FG_TAP_OFF.
  uint8_t kind;
} fg_scan;

// May this code travel here and now, and what the sentence for the rider needs to know. Fields
// without a meaning for the decision are 0.
typedef struct fg_decision {
  // FG_PERMITTED, or the refusal's number. What a tap record holds.
  uint16_t code;
  // Permitted: which of FG_CODE_....
  uint8_t code_kind;
  // Permitted: the rider category's number in the city's table.
  uint8_t category;
  // Permitted: how many riders the code admits, at least 1.
  uint8_t party;
  // 160: which of FG_LACK_....
  uint8_t lack;
  // Permitted: the product's number in the city's table.
  uint16_t product;
  // Permitted, 110, 111: the name of the issuer's key.
  uint8_t kid[4];
  // Permitted, 140: the id of the credential or ticket.
  struct fg_credential_id id;
  // 130: the gate for which the code is.
  uint32_t code_gate;
  // 130: the gate to which it was shown.
  uint32_t gate;
  // Permitted presentations: the phone's clock when it made it, microseconds since 1970.
  int64_t issued_at_micros;
  // 120: how long until it starts. 121: how long ago it ended. 122: how old it is by the
  // phone's clock. 123: how far ahead the phone's clock is.
  int64_t span_micros;
} fg_decision;

// One scan and what became of it.
typedef struct fg_tap_record {
  // Its number in the device's epoch, from 0, without gaps.
  uint64_t seq;
  // When, by the device's clock: microseconds since 1970, not negative.
  int64_t at_micros;
  // Which gate.
  uint32_t gate;
  // What was decided: the decision's code.
  uint16_t decision;
  // FG_TAP_ON or FG_TAP_OFF.
  uint8_t kind;
  // At which stop: GTFS stop_id, UTF-8, not 0-terminated.
  const char *stop;
  // Its length in bytes, 1 to 64.
  size_t stop_length;
  // On which route: GTFS route_id; NULL where the device does not know it.
  const char *route;
  // Its length in bytes, 1 to 64; any if `route` is NULL.
  size_t route_length;
  // The bytes of the code, from fg_evidence; NULL if there are none.
  const uint8_t *evidence;
  // How many, 0 to FG_CODE_BYTES_MAX.
  size_t evidence_length;
  // Version of the trust bundle at the tap; 0 if none.
  uint32_t bundle_version;
  // Version of the deny list at the tap; 0 if none.
  uint32_t deny_version;
  // Version of the policy at the tap; 0 if none.
  uint32_t policy_version;
  // Version of the tariff at the tap; 0 if none.
  uint32_t tariff_version;
  // Age of these lists at the tap in seconds; UINT32_MAX if unknown.
  uint32_t list_age_s;
  // 1 if the device can prove its clock, else 0.
  uint8_t clock_proven;
} fg_tap_record;

// A device that signs tap batches.
typedef struct fg_device_id {
  // Its bytes.
  uint8_t bytes[16];
} fg_device_id;

// SHA-256 over everything in a device's chain so far.
typedef struct fg_chain_head {
  // Its bytes.
  uint8_t bytes[32];
} fg_chain_head;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Writes the default policy: presentations live 15 s, phones may be 30 s slow or fast, starts
// are taken 30 s early, nothing passes after its end.
//
// The caller sees to:
// `policy`: NULL, or memory for one policy.
enum fg_status fg_policy_default(struct fg_policy *policy);

// Says whether a validator would take this key: FG_STATUS_OK or FG_STATUS_BAD_KEY. To find the
// wrong one in a list that fg_validator_init does not take.
//
// The caller sees to:
// `key`: NULL, or a key.
enum fg_status fg_issuer_key_check(const struct fg_issuer_key *key);

// Bytes that a validator with `keys` keys needs; SIZE_MAX if memory cannot hold them.
//
// FG_VALIDATOR_BYTES(keys) is a constant that is no smaller.
size_t fg_validator_size(size_t keys);

// What the address of a validator must be a multiple of; FG_ALIGN is no smaller.
size_t fg_validator_align(void);

// Makes a validator in `memory`, with nobody on its deny list, and points `validator` at it.
//
// Keys and policy are copied and prepared: afterwards the caller may reuse theirs. A validator
// without keys refuses everything (160). To change keys or policy, make another validator in
// other memory and use that one from then on; the replay memory stays as it is. There is nothing
// to free.
//
// When the status is not OK, `memory` holds no validator and `validator` is unchanged.
//
// The caller sees to:
// `memory`: NULL, or `size` bytes that are the validator's from now on, not moved and not touched
// by others, until the caller stops using it. `keys`: `key_count` keys, or anything if that is 0.
// `policy`: NULL, or a policy. `validator`: NULL, or memory for a pointer.
enum fg_status fg_validator_init(void *memory,
                                 size_t size,
                                 const struct fg_issuer_key *keys,
                                 size_t key_count,
                                 const struct fg_policy *policy,
                                 struct fg_validator **validator);

// Gives the validator its deny list: `count` ids in strictly ascending order of their bytes.
//
// The ids stay in the caller's memory, are read at each decision, and may not change until
// another list replaces them. Call it with 0 ids to deny nobody. Checks the order, so takes time
// in proportion to `count`. When the status is not OK, the list is the one from before.
//
// The caller sees to:
// `validator`: NULL, or memory in which fg_validator_init made a validator, which nobody else uses
// during the call. `ids`: `count` ids, or anything if that is 0.
enum fg_status fg_validator_deny(struct fg_validator *validator,
                                 const struct fg_credential_id *ids,
                                 size_t count);

// Bytes that fg_validator_prepare needs for `keys` keys; SIZE_MAX if memory cannot hold them. The
// memory is aligned to FG_ALIGN.
//
// FG_TABLES_BYTES(keys) is a constant that is no smaller.
size_t fg_tables_size(size_t keys);

// Fills `memory` with tables of the validator's keys, about 129 KiB each. Decisions are the same
// with them, and faster, above all for tickets. Call it once, after fg_validator_init; takes less
// than a millisecond for each key on a fast processor. Readers with little memory leave it out.
//
// When the status is not OK, the validator decides as before.
//
// The caller sees to:
// `validator`: NULL, or memory in which fg_validator_init made a validator, which nobody else uses
// during the call. `memory`: NULL, or `size` bytes that are the validator's from now on, not moved
// and not touched by others, until the caller stops using it; not those of an earlier call.
enum fg_status fg_validator_prepare(struct fg_validator *validator, void *memory, size_t size);

// Bytes that a replay memory with `slots` slots needs; SIZE_MAX if memory cannot hold them.
//
// FG_REPLAY_BYTES(slots) is a constant that is no smaller.
size_t fg_replay_size(size_t slots);

// What the address of a replay memory must be a multiple of; FG_ALIGN is no smaller.
size_t fg_replay_align(void);

// Makes an empty replay memory with `slots` slots in `memory`, and points `replay` at it.
//
// Each slot holds one code that was let pass and still lives; with none free the gate refuses
// (160). 64 are enough for presentations at one gate; tickets live longer. Make it once, when the
// reader starts, and never for new keys: a code that the gate forgot is let pass again.
//
// When the status is not OK, `memory` holds no replay memory and `replay` is unchanged.
//
// The caller sees to:
// `memory`: NULL, or `size` bytes that are the replay memory's from now on, not moved and not
// touched by others, until the caller stops using it. `replay`: NULL, or memory for a pointer.
enum fg_status fg_replay_init(void *memory, size_t size, size_t slots, struct fg_replay **replay);

// Decides about one code. A permit is noted in `replay`; a refusal changes nothing.
//
// Equal inputs give equal decisions. Takes bounded time whatever the text. When the status is not
// OK, `decision`, unless it is NULL or misaligned itself, says 160: never open for a status other
// than OK.
//
// The caller sees to:
// `validator`, `replay`: NULL, or memory in which fg_validator_init and fg_replay_init made them;
// nobody changes the first and nobody else uses the second during the call. `scan`: NULL, or a
// scan whose text has as many bytes as it says. `decision`: NULL, or memory for a decision. They
// do not overlap.
enum fg_status fg_validate(const struct fg_validator *validator,
                           struct fg_replay *replay,
                           const struct fg_scan *scan,
                           struct fg_decision *decision);

// Writes the sentence that a rider can act on, in UTF-8 with a 0 at its end. For a permit it is
// empty. `language` is one of FG_LANGUAGE_...; any other number gives English. For more languages
// make your own sentences from the decision's fields.
//
// A buffer of FG_SENTENCE_BYTES is always large enough. FG_STATUS_UNKNOWN_CODE for a number that
// no decision has.
//
// The caller sees to:
// `decision`: NULL, or a decision. `buffer`: NULL, or memory for `size` bytes. They do not
// overlap.
enum fg_status fg_sentence(const struct fg_decision *decision,
                           uint8_t language,
                           char *buffer,
                           size_t size);

// Writes what a decision's number is called, such as already_used, with a 0 at its end; for
// counting and logs. The names never change.
//
// A buffer of FG_NAME_BYTES is always large enough. FG_STATUS_UNKNOWN_CODE for a number that no
// decision has.
//
// The caller sees to:
// `buffer`: NULL, or memory for `size` bytes.
enum fg_status fg_decision_name(uint16_t code, char *buffer, size_t size);

// Writes the bytes that a code's text stands for: the evidence in a tap record. A text that
// stands for no bytes gives 0 bytes and FG_STATUS_OK: its tap record has no evidence.
//
// A buffer of FG_CODE_BYTES_MAX is always large enough.
//
// The caller sees to:
// `text`: `length` bytes, or anything if that is 0. `buffer`: NULL, or memory for `size` bytes.
// `written`: NULL, or memory for a size. They do not overlap.
enum fg_status fg_evidence(const char *text,
                           size_t length,
                           uint8_t *buffer,
                           size_t size,
                           size_t *written);

// Writes a tap record's bytes (docs/WIRE.md), to append to the device's journal and to its chain.
//
// A buffer of FG_TAP_RECORD_BYTES_MAX is always large enough.
//
// The caller sees to:
// `record`: NULL, or a record whose texts and evidence have as many bytes as it says. `buffer`:
// NULL, or memory for `size` bytes. `written`: NULL, or memory for a size. They do not overlap.
enum fg_status fg_tap_record_encode(const struct fg_tap_record *record,
                                    uint8_t *buffer,
                                    size_t size,
                                    size_t *written);

// Writes the head before the first record of an epoch, which is one life of a device's journal.
//
// The caller sees to:
// `device`: NULL, or a device's id. `head`: NULL, or memory for a head.
enum fg_status fg_chain_start(const struct fg_device_id *device,
                              uint32_t epoch,
                              struct fg_chain_head *head);

// Moves `head` on over one more record: the bytes from fg_tap_record_encode.
//
// The caller sees to:
// `head`: NULL, or a head. `record`: `length` bytes that do not overlap it, or anything if that
// is 0.
enum fg_status fg_chain_after(struct fg_chain_head *head, const uint8_t *record, size_t length);

// Writes the FG_BATCH_MESSAGE_BYTES bytes that the device signs with its Ed25519 key to upload
// `count` records, the first of which has the number `first_seq`. Signing is the firmware's: this
// library holds no private key.
//
// The caller sees to:
// `device`, `before`, `after`: NULL, or a device's id, the head before the first record and the
// head after the last. `buffer`: NULL, or memory for FG_BATCH_MESSAGE_BYTES bytes.
enum fg_status fg_batch_message(const struct fg_device_id *device,
                                uint32_t epoch,
                                uint64_t first_seq,
                                uint32_t count,
                                const struct fg_chain_head *before,
                                const struct fg_chain_head *after,
                                uint8_t *buffer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FAREGATE_H */
