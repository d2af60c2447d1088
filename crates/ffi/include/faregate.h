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
#define FG_FILTER_BYTES(ids) (FG_BLOCK_BYTES * ((size_t)(ids) / FG_BLOCK_IDS + 1))
#define FG_DENY_BYTES(ids) (FG_DENY_HEAD_BYTES + FG_DENY_ID_BYTES * (size_t)(ids))
#define FG_REPLAY_BYTES(slots) (FG_SLOT_BYTES * ((size_t)(slots) + 2))


// Most issuer keys of a validator.
#define FG_KEYS_MAX 64

// Most issuer keys that share a name (kid).
#define FG_SAME_KID_MAX 4

// Presentations for any gate are taken.
#define FG_TAKES_ONE_WAY 1

// Presentations for one gate are taken there.
#define FG_TAKES_GATE_BOUND 2

// Tickets are taken.
#define FG_TAKES_TICKETS 4

// One tap for all riders of a code: the door stays open for so many.
#define FG_TOGETHER 0

// One tap for each rider of a code: a fresh code of the phone, or the same ticket again.
#define FG_ONE_BY_ONE 1

// No code passes.
#define FG_PASS_NOTHING 0

// Presentations pass, tickets do not.
#define FG_PASS_PRESENTATIONS 1

// All codes pass.
#define FG_PASS_EVERYTHING 2

// No alignment asked for in this interface is larger, on any target: for static memory.
#define FG_ALIGN 64

// No validator needs more bytes for each key, and for its head, on any target.
#define FG_KEY_BYTES 512

// Bytes of one block of a filter.
#define FG_BLOCK_BYTES 64

// Denied ids for each of which a filter has two bytes: so many share a block.
#define FG_BLOCK_IDS 32

// No key needs more bytes for its table, on any target.
#define FG_TABLE_BYTES 132608

// Most acceptance rules of a validator.
#define FG_RULES_MAX 256

// The rule names an issuer.
#define FG_NAMES_ISSUER 1

// The rule names a network.
#define FG_NAMES_NETWORK 2

// The rule names a zone.
#define FG_NAMES_ZONE 4

// The rule names a product.
#define FG_NAMES_PRODUCT 8

// The rule names a rider category.
#define FG_NAMES_CATEGORY 16

// The rule sets the longest life of a ticket, in place of the policy's.
#define FG_SETS_TICKET_LIFE 32

// The rule sets the anti-passback time, in place of the policy's.
#define FG_SETS_PASSBACK 64

// No replay memory needs more bytes for each slot, and for its head, on any target.
#define FG_SLOT_BYTES 72

// The number of a decision that lets pass. All others are refusals: docs/WIRE.md lists them.
#define FG_PERMITTED 0

// A rider goes into the network.
#define FG_TAP_ON 1

// A rider goes out of it.
#define FG_TAP_OFF 2

// Not said: the code was refused, and not for its kind.
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

// The clock is not proven right, and policy lets no such code pass then.
#define FG_LACK_CLOCK_NOT_PROVEN 4

// Signed time confirms the clock.
#define FG_CLOCK_PROVEN 0

// Nothing confirms the clock and nothing contradicts it.
#define FG_CLOCK_UNPROVEN 1

// The clock is before what is certainly past, or absurdly far ahead.
#define FG_CLOCK_WRONG 2

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

// Room for every note.
#define FG_NOTE_BYTES_MAX 39

// The door opened; as far as the reader knows, the rider passed.
#define FG_OUTCOME_OPENED 1

// The door did not open.
#define FG_OUTCOME_DID_NOT_OPEN 2

// The door opened, and nobody passed before it closed.
#define FG_OUTCOME_NOBODY_PASSED 3

// Bytes that a device signs for a batch.
#define FG_BATCH_MESSAGE_BYTES 116

// No fg_lists needs more bytes, on any target.
#define FG_LISTS_BYTES 4096

// The trust bundle: issuer keys.
#define FG_LIST_BUNDLE 1

// The deny list.
#define FG_LIST_DENY 2

// The policy.
#define FG_LIST_POLICY 4

// The tariff.
#define FG_LIST_TARIFF 8

// The lists are not over.
#define FG_LISTS_FRESH 0

// They are over; riders are let pass as the city's policy says.
#define FG_LISTS_STALE 1

// Let nobody pass: no lists, or over for longer or for more riders than the policy says.
#define FG_LISTS_CLOSED 2

// Bytes of a deny list before its ids.
#define FG_DENY_HEAD_BYTES 40

// Bytes of one id of a deny list.
#define FG_DENY_ID_BYTES 16

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
  // The worth of a clock is none of FG_CLOCK_..., or a clock's rules have a negative span.
  FG_STATUS_BAD_CLOCK = 14,
  // More than FG_RULES_MAX acceptance rules.
  FG_STATUS_TOO_MANY_RULES = 15,
  // An outcome is none of FG_OUTCOME_....
  FG_STATUS_BAD_OUTCOME = 16,
  // Lists were not taken: fg_lists_refusal says why. Those from before stay in force.
  FG_STATUS_LIST_REFUSED = 17,
  // No snapshot is on offer to which the list could belong.
  FG_STATUS_NO_OFFER = 18,
  // A list is none of FG_LIST_....
  FG_STATUS_BAD_LIST = 19,
} fg_status;

// What a reader holds of its city's signed lists, and what is on offer, in memory of the caller.
// Its content is private.
//
// Made by fg_lists_init; one thread at a time may use it. It must stay where it was made. It
// keeps no list itself: the caller stores the bytes of root, snapshot and lists, durably, before
// fg_lists_complete.
typedef struct fg_lists fg_lists;

// Which codes the gate let pass, in memory of the caller. Its content is private.
//
// Made by fg_replay_init; one thread at a time may use it. It must stay where it was made.
typedef struct fg_replay fg_replay;

// A gate's issuer keys, policy and deny list, in memory of the caller. Its content is private.
//
// Made by fg_validator_init. It may be read by several threads at once, as long as none changes
// it. It must stay where it was made.
typedef struct fg_validator fg_validator;

// How far clocks may be apart, how long codes live, and how parties go through. No span may be
// negative.
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
  // Longest life of a ticket, from its start to its end.
  int64_t ticket_life_max_micros;
  // Anti-passback: time between two parties on one credential the same way; 0 for none.
  int64_t passback_micros;
  // How long after a doubtful tap (fg_replay_doubt) the rider may repeat it.
  int64_t retry_micros;
  // FG_TOGETHER or FG_ONE_BY_ONE.
  uint8_t companions;
  // Which codes pass while the clock is FG_CLOCK_UNPROVEN: one of FG_PASS_....
  uint8_t pass_unproven;
  // Which codes pass while the clock is FG_CLOCK_WRONG: one of FG_PASS_....
  uint8_t pass_wrong;
  // Kinds of codes that are taken: the sum of FG_TAKES_....
  uint8_t kinds;
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
  // Whose key it is: the number that acceptance rules name; 0 for the city's own.
  uint16_t issuer;
} fg_issuer_key;

// The id (cti) of a credential or ticket.
typedef struct fg_credential_id {
  // Its bytes, as they are in the code.
  uint8_t bytes[16];
} fg_credential_id;

// One rule of acceptance. A code is taken when all that a rule names fits; of several rules that
// fit, the first sets the limits. Fields that the rule does not name are ignored.
typedef struct fg_acceptance {
  // Longest life of a ticket.
  int64_t ticket_life_max_micros;
  // Time between two parties on one credential the same way.
  int64_t passback_micros;
  // Whose codes.
  uint16_t issuer;
  // On which network.
  uint16_t network;
  // In which fare zone.
  uint16_t zone;
  // On which product.
  uint16_t product;
  // For which rider category.
  uint8_t category;
  // Largest party; 0 and 255 are no limit.
  uint8_t party_max;
  // What the rule names and sets: the sum of FG_NAMES_... and FG_SETS_....
  uint8_t names;
} fg_acceptance;

// One tap that let somebody pass: what the replay memory knows of it.
typedef struct fg_passage {
  // The id of the credential or ticket.
  struct fg_credential_id id;
  // The phone's clock when it made the code, microseconds since 1970; 0 for a ticket.
  int64_t made_micros;
  // When it passed, by the gate's clock, microseconds since 1970.
  int64_t at_micros;
  // Last instant at which the code could pass.
  int64_t live_until_micros;
  // First instant at which the credential may go through the same way again.
  int64_t back_from_micros;
  // FG_TAP_ON or FG_TAP_OFF.
  uint8_t kind;
  // How many riders go through on this tap: the door stays open for so many.
  uint8_t riders;
} fg_passage;

// What a reader may assume of its clocks. No span may be negative.
typedef struct fg_clock_rules {
  // Largest error of a reading that counts as proven.
  int64_t error_max_micros;
  // How far ahead of what is certainly past an unconfirmed wall clock may be.
  int64_t ahead_max_micros;
  // Most that the monotonic clock drifts, in parts per million.
  uint32_t drift_ppm;
} fg_clock_rules;

// What the reader has proof of, in memory of the caller. Its content is private.
//
// Made by fg_clock_init; one thread at a time may use it. It must stay where it was made.
typedef struct fg_clock {
  // Private.
  int64_t content[18];
} fg_clock;

// What time it is, and what that is worth.
typedef struct fg_reading {
  // The time to decide by, microseconds since 1970: fg_scan.now_micros.
  int64_t time_micros;
  // Largest error of the time; -1 when no bound is known.
  int64_t error_micros;
  // How far the wall clock is ahead of what is proven; 0 when nothing is.
  int64_t wall_ahead_micros;
  // What it is worth: one of FG_CLOCK_..., for fg_scan.clock and the tap record.
  uint8_t clock;
} fg_reading;

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
  // The network's number in the city's lists; 0 in a city with one.
  uint16_t network;
  // The fare zone's number in the city's lists; 0 in a city with one.
  uint16_t zone;
  // FG_TAP_ON or FG_TAP_OFF.
  uint8_t kind;
  // What the clock is worth: one of FG_CLOCK_..., as fg_clock_read says. FG_CLOCK_PROVEN when
  // the reader proves its clock in another way.
  uint8_t clock;
} fg_scan;

// May this code travel here and now, and what the sentence for the rider needs to know. Fields
// without a meaning for the decision are 0.
typedef struct fg_decision {
  // FG_PERMITTED, or the refusal's number. What a tap record holds.
  uint16_t code;
  // Permitted, 135: which of FG_CODE_....
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
  // phone's clock. 123: how far ahead the phone's clock is. 125: how long it lives. 151: how
  // long until it may be used again.
  int64_t span_micros;
  // Permitted, 131: the issuer's number in the city's lists.
  uint16_t issuer;
  // 134: how many riders pass at once.
  uint8_t party_max;
  // Permitted: whether this tap repeats one of which nobody knew if somebody went through, and
  // which is then not charged; again_micros is its time.
  uint8_t is_again;
  // See is_again.
  int64_t again_micros;
  // Permitted: what the replay memory has noted; for fg_replay_forget.
  struct fg_passage passage;
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

// What became of one tap of this device.
typedef struct fg_note {
  // Its own number in the device's epoch: taps and notes share one sequence without gaps.
  uint64_t seq;
  // When, by the device's clock: microseconds since 1970, not negative.
  int64_t at_micros;
  // The number of the tap in its epoch.
  uint64_t tap_seq;
  // The epoch of the tap.
  uint32_t tap_epoch;
  // One of FG_OUTCOME_....
  uint8_t outcome;
} fg_note;

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

// Versions of the lists in force and their age: what a tap record says of them.
typedef struct fg_list_versions {
  // Version of the trust bundle; 0 if none.
  uint32_t bundle;
  // Version of the deny list; 0 if none.
  uint32_t deny;
  // Version of the policy; 0 if none.
  uint32_t policy;
  // Version of the tariff; 0 if none.
  uint32_t tariff;
  // Age of the snapshot that binds them, in seconds; UINT32_MAX if there is none.
  uint32_t age_s;
} fg_list_versions;

// What the city's policy says of a reader that learns nothing new. From fg_lists_take_policy.
typedef struct fg_stale_rule {
  // How long after the lists' end riders are still let pass, in microseconds.
  int64_t stale_for_micros;
  // How many riders are.
  uint32_t stale_taps;
} fg_stale_rule;

// By what a snapshot names a list.
typedef struct fg_list_ref {
  // Its version, from 1; 0 where no list is named.
  uint64_t version;
  // Its length in bytes.
  uint64_t length;
  // Its SHA-256: in hexadecimal, the name under which a server gives it.
  uint8_t hash[32];
} fg_list_ref;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Writes the default policy: presentations live 15 s, phones may be 30 s slow or fast, starts
// are taken 30 s early, nothing passes after its end; tickets live a day at most; no
// anti-passback; 5 min to repeat a doubtful tap; one tap for a party; all codes pass on an
// unproven clock and none on a wrong one; codes of every kind are taken.
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

// Bytes of a filter for `count` ids; SIZE_MAX if memory cannot hold them. The memory is aligned to
// FG_ALIGN.
//
// FG_FILTER_BYTES(count) is the same, as a constant.
size_t fg_filter_size(size_t count);

// The same as fg_validator_deny, with a filter in front of the list: an honest rider then costs
// one read of the filter instead of twenty of the list, which may lie in slow memory. Decisions
// are the same.
//
// Fills the filter, which is as large as the caller likes: with fg_filter_size(count) bytes one of
// 800 honest riders is looked up in the list as well, with less memory more of them. When the
// status is not OK, the list is the one from before, and the filter unchanged.
//
// The caller sees to:
// `validator`, `ids`: as in fg_validator_deny. `filter`: NULL, or `size` bytes that are the
// validator's from now on, not touched by others until another list replaces this one; not those
// of the list from before.
enum fg_status fg_validator_deny_filtered(struct fg_validator *validator,
                                          const struct fg_credential_id *ids,
                                          size_t count,
                                          void *filter,
                                          size_t size);

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

// Gives the validator its acceptance rules: from now on it takes only what a rule takes, with
// `count` 0 nothing. Without this call everything that its keys signed is taken everywhere.
//
// The rules stay in the caller's memory, are read at each decision, and may not change until
// others replace them. When the status is not OK, the rules are those from before.
//
// The caller sees to:
// `validator`: NULL, or memory in which fg_validator_init made a validator, which nobody else uses
// during the call. `rules`: `count` rules, or anything if that is 0.
enum fg_status fg_validator_accept(struct fg_validator *validator,
                                   const struct fg_acceptance *rules,
                                   size_t count);

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

// Nobody went through on this tap: the door did not open, or nobody moved. `passage` is that of
// the decision. The same code and the next one of its credential then pass as if it had not been
// shown. Note it in the journal too, or the rider is charged for both.
//
// FG_STATUS_UNKNOWN_CODE when the memory does not hold the tap; nothing is changed then.
//
// The caller sees to:
// `replay`: NULL, or memory in which fg_replay_init made a replay memory, which nobody else uses
// during the call. `passage`: NULL, or a passage.
enum fg_status fg_replay_forget(struct fg_replay *replay, const struct fg_passage *passage);

// Nobody knows whether somebody went through on this tap: it is in the journal, and the power
// failed before it was noted what the door did. The rider is given the benefit of the doubt once:
// the same code, or the next one of its credential, passes, and its decision says is_again.
//
// FG_STATUS_UNKNOWN_CODE when the memory does not hold the tap; nothing is changed then.
//
// The caller sees to:
// As fg_replay_forget.
enum fg_status fg_replay_doubt(struct fg_replay *replay, const struct fg_passage *passage);

// Takes a tap that was permitted before a restart, or by another reader of the station. See
// fg_passage_read.
//
// FG_STATUS_TOO_SMALL when no slot is free: codes that die no later are then refused.
//
// The caller sees to:
// As fg_replay_forget.
enum fg_status fg_replay_remember(struct fg_replay *replay,
                                  const struct fg_passage *passage,
                                  int64_t now_micros);

// Writes the default rules: 100 parts per million; 10 s of error; 90 days ahead.
//
// The caller sees to:
// `rules`: NULL, or memory for rules.
enum fg_status fg_clock_rules_default(struct fg_clock_rules *rules);

// Makes a clock that has proof of nothing yet: one for each power-on. Then tell it with
// fg_clock_past what was certain before.
//
// The caller sees to:
// `clock`: NULL, or memory for a clock. `rules`: NULL, or rules.
enum fg_status fg_clock_init(struct fg_clock *clock, const struct fg_clock_rules *rules);

// Evidence that `instant_micros` is past: when a list in use was signed, or a tap of the journal
// whose record says that its clock was proven. Of other taps say nothing: they would carry a jump
// of the wall clock on.
//
// The caller sees to:
// `clock`: NULL, or a clock that nobody else uses during the call.
enum fg_status fg_clock_past(struct fg_clock *clock, int64_t instant_micros);

// Evidence that it is `time_micros`, give or take `error_micros`, when the monotonic clock says
// `mono_micros`: a signed answer to a question just asked, whose round trip is in the error.
//
// FG_STATUS_BAD_TIME for a time that is certainly past: somebody's old answer. Nothing is changed.
//
// The caller sees to:
// As fg_clock_past.
enum fg_status fg_clock_signed(struct fg_clock *clock,
                               int64_t time_micros,
                               int64_t error_micros,
                               int64_t mono_micros);

// Reads the clocks: the wall clock, which may say anything, and the monotonic one, which counts
// since power-on. Call it before each fg_validate.
//
// The caller sees to:
// `clock`: as fg_clock_past. `reading`: NULL, or memory for a reading.
enum fg_status fg_clock_read(struct fg_clock *clock,
                             int64_t wall_micros,
                             int64_t mono_micros,
                             struct fg_reading *reading);

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

// Reads what the replay memory is to know of a tap that was permitted before a restart, or by
// another reader of the station: `evidence` and the rest are those of its record. Signatures are
// not checked again: give it what the journal or a signed message of the station holds.
//
// FG_STATUS_UNKNOWN_CODE when the evidence is no code.
//
// The caller sees to:
// `validator`: as in fg_validate. `evidence`: `length` bytes. `passage`: NULL, or memory for one.
enum fg_status fg_passage_read(const struct fg_validator *validator,
                               const uint8_t *evidence,
                               size_t length,
                               uint8_t kind,
                               int64_t at_micros,
                               struct fg_passage *passage);

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

// Writes a note's bytes (docs/WIRE.md), to append to the device's journal and to its chain like a
// tap record: it is uploaded in the same batches. Write one after each tap that was permitted,
// when the reader knows how it ended.
//
// A buffer of FG_NOTE_BYTES_MAX is always large enough.
//
// The caller sees to:
// `note`: NULL, or a note. `buffer`: NULL, or memory for `size` bytes. `written`: NULL, or memory
// for a size. They do not overlap.
enum fg_status fg_note_encode(const struct fg_note *note,
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

// Makes lists in `memory` that hold `root`, which the reader trusts because it was installed with
// it, or stored when fg_lists_offer_root took it. Then fg_lists_restore, if a snapshot was stored.
//
// FG_STATUS_LIST_REFUSED when the bytes are no root with enough signatures of its own keys.
//
// The caller sees to:
// `memory`: NULL, or `size` bytes aligned to FG_ALIGN that are the lists' from now on, not moved
// and not touched by others. `root`: `length` bytes. `lists`: NULL, or memory for a pointer.
enum fg_status fg_lists_init(void *memory,
                             size_t size,
                             const uint8_t *root,
                             size_t length,
                             struct fg_lists **lists);

// Takes up what was held before a restart: the stored `snapshot`, and the root `taken_under` which
// it was taken, which may be an earlier one than that of fg_lists_init.
//
// The caller sees to:
// `lists`: NULL, or lists. `taken_under`, `snapshot`: as many bytes as their lengths say.
enum fg_status fg_lists_restore(struct fg_lists *lists,
                                const uint8_t *taken_under,
                                size_t taken_under_length,
                                const uint8_t *snapshot,
                                size_t snapshot_length);

// Offers the next root. When it is taken, a snapshot on offer is no longer: store the root
// durably, then offer the snapshot.
//
// The caller sees to:
// `lists`: NULL, or lists. `root`: `length` bytes.
enum fg_status fg_lists_offer_root(struct fg_lists *lists, const uint8_t *root, size_t length);

// Offers a snapshot. `missing` says which lists are to be given to fg_lists_take_... before
// fg_lists_complete: the sum of FG_LIST_...; 0 when the snapshot is the one that is held, and
// when all its lists are. Whatever was on offer before no longer is.
//
// The caller sees to:
// `lists`: NULL, or lists. `snapshot`: `length` bytes. `missing`: NULL, or memory for a byte.
enum fg_status fg_lists_offer_snapshot(struct fg_lists *lists,
                                       const uint8_t *snapshot,
                                       size_t length,
                                       int64_t now_micros,
                                       uint8_t *missing);

// From now on the snapshot on offer is what is held. Call it when its bytes and all its lists are
// stored durably, then use the lists. Without an offer nothing changes.
//
// FG_STATUS_LIST_REFUSED (212) while a list is missing; the offer stays.
//
// The caller sees to:
// `lists`: NULL, or lists.
enum fg_status fg_lists_complete(struct fg_lists *lists);

// Why the last lists were not taken: 201 not a list, 202 too few signatures, 203 a bad signature,
// 204 not what the snapshot names, 205 another city's, 206 not the next root, 207 era went back,
// 208 another era, 209 over, 210 version went back, 211 other content under the same version,
// 212 a list is missing; 0 when the last call took what it was given.
//
// The caller sees to:
// `lists`: NULL, or lists. `refusal`: NULL, or memory for a number.
enum fg_status fg_lists_refusal(struct fg_lists *lists, uint16_t *refusal);

// Writes the versions of the lists in force, and their age now: for fg_tap_record.
//
// The caller sees to:
// `lists`: NULL, or lists. `versions`: NULL, or memory for versions.
enum fg_status fg_lists_versions(struct fg_lists *lists,
                                 int64_t now_micros,
                                 struct fg_list_versions *versions);

// Writes what the lists in force are worth now: one of FG_LISTS_.... `passed`: how many riders
// were let pass since they were over. While it is FG_LISTS_CLOSED, let nobody pass.
//
// The caller sees to:
// `lists`: NULL, or lists. `rule`: NULL, or a rule. `freshness`: NULL, or memory for a byte.
enum fg_status fg_lists_freshness(struct fg_lists *lists,
                                  int64_t now_micros,
                                  const struct fg_stale_rule *rule,
                                  uint32_t passed,
                                  uint8_t *freshness);

// Takes the trust bundle of the snapshot on offer, and writes the keys that this reader trusts:
// those without a limit, and those of its `network` (GTFS network_id; NULL where it knows none).
//
// Room for FG_KEYS_MAX keys is always enough. For fg_validator_init, once the lists are complete.
//
// The caller sees to:
// `lists`: NULL, or lists. `bytes`: `length` bytes. `network`: NULL, or `network_length` bytes.
// `keys`: memory for `capacity` keys. `count`: NULL, or memory for a size. They do not overlap.
enum fg_status fg_lists_take_bundle(struct fg_lists *lists,
                                    const uint8_t *bytes,
                                    size_t length,
                                    const char *network,
                                    size_t network_length,
                                    struct fg_issuer_key *keys,
                                    size_t capacity,
                                    size_t *count);

// Takes the policy of the snapshot on offer. Of `policy` it sets what the city's policy speaks of,
// and leaves the rest, so begin with fg_policy_default. Writes its rules of acceptance for
// fg_validator_accept; `has_rules` is 0 where it has none, and everything is taken that the keys
// signed. Room for FG_RULES_MAX rules is always enough.
//
// The caller sees to:
// `lists`: NULL, or lists. `bytes`: `length` bytes. `policy`: NULL, or a policy. `rules`: memory
// for `capacity` rules. `count`, `has_rules`, `stale`: NULL, or memory for one. None overlap.
enum fg_status fg_lists_take_policy(struct fg_lists *lists,
                                    const uint8_t *bytes,
                                    size_t length,
                                    struct fg_policy *policy,
                                    struct fg_stale_rule *stale,
                                    struct fg_acceptance *rules,
                                    size_t capacity,
                                    size_t *count,
                                    uint8_t *has_rules);

// Takes the tariff of the snapshot on offer. Readers go by none of it; its version is in records.
//
// The caller sees to:
// `lists`: NULL, or lists. `bytes`: `length` bytes.
enum fg_status fg_lists_take_tariff(struct fg_lists *lists, const uint8_t *bytes, size_t length);

// Takes the deny list of the snapshot on offer, and points `ids` at the `count` ids in its bytes:
// for fg_validator_deny or fg_validator_deny_filtered, once the lists are complete. The bytes may
// lie in memory that is only read, such as mapped flash.
//
// The caller sees to:
// `lists`: NULL, or lists. `bytes`: `length` bytes. `ids`, `count`: NULL, or memory for one.
enum fg_status fg_lists_take_deny(struct fg_lists *lists,
                                  const uint8_t *bytes,
                                  size_t length,
                                  const struct fg_credential_id **ids,
                                  size_t *count);

// Writes how the snapshot on offer names a list: what to fetch. `list`: one of FG_LIST_....
//
// FG_STATUS_NO_OFFER when no snapshot is on offer.
//
// The caller sees to:
// `lists`: NULL, or lists. `named`: NULL, or memory for one.
enum fg_status fg_lists_offered(struct fg_lists *lists, uint8_t list, struct fg_list_ref *named);

// Writes how the snapshot in force names a list; zeros where none is in force. The hash of its
// deny list is what to ask a server for a delta by.
//
// The caller sees to:
// `lists`: NULL, or lists. `named`: NULL, or memory for one.
enum fg_status fg_lists_held(struct fg_lists *lists, uint8_t list, struct fg_list_ref *named);

// Takes the deny list of the snapshot on offer as a delta: `base`, the whole list in force, with
// what `delta` takes off and puts on, is written to `list`, which holds `capacity` bytes, and
// checked as fg_lists_take_deny would. Points `ids` at the `count` ids in `list`, whose
// FG_DENY_BYTES(count) bytes are the list to store, and the base of the next delta.
//
// The delta needs no signature: it is right exactly when the signed snapshot names what comes out.
// FG_STATUS_TOO_SMALL, and nothing is written, when `capacity` is below the length of which
// fg_lists_offered tells. FG_STATUS_LIST_REFUSED when the delta does not lead from the list in
// force to the one on offer (204), or is none (201): `list` then holds nothing of use, the offer
// stays, and the whole list may be fetched.
//
// The caller sees to:
// `lists`: NULL, or lists. `base`, `delta`: as many bytes as their lengths say. `list`: NULL, or
// memory for `capacity` bytes, which overlaps neither. `ids`, `count`: NULL, or memory for one.
enum fg_status fg_lists_take_deny_delta(struct fg_lists *lists,
                                        const uint8_t *base,
                                        size_t base_length,
                                        const uint8_t *delta,
                                        size_t delta_length,
                                        uint8_t *list,
                                        size_t capacity,
                                        const struct fg_credential_id **ids,
                                        size_t *count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FAREGATE_H */
