/* A reader in C: codes come in on standard input, decisions go out on standard output.
 *
 *   cc -std=c11 -I crates/ffi/include crates/ffi/examples/reader.c libfaregate_reader.a -o reader
 *   ./reader < proto/conformance/kit.txt
 *
 * With the argument "tables" it decides with prepared keys, which is faster and takes memory.
 *
 * A line is one code, as a scanner gives it. Lines that begin with @ set the reader up:
 *
 *   @reader                        start over: no keys, default policy, nobody denied, 64 slots
 *   @key KID PUBLIC_KEY FROM UNTIL ISSUER   an issuer key, in hexadecimal; microseconds since 1970
 *   @policy LIFE SLOW FAST EARLY LATE TICKET PASSBACK RETRY COMPANIONS UNPROVEN WRONG KINDS
 *                                  the fields of fg_policy in their order, spans in microseconds
 *   @rules                         from now on only what the following rules take is taken
 *   @rule ISSUER NETWORK ZONE PRODUCT CATEGORY PARTY LIFE PASSBACK   -1 for what it does not name
 *   @deny ID                       a denied id; they come in ascending order
 *   @slots NUMBER                  slots of the replay memory
 *   @gate NUMBER on|off            where and which way; NUMBER is 8 hexadecimal digits
 *   @place NETWORK ZONE            where the gate is
 *   @trust proven|unproven|wrong   what the clock is worth; without it, as fg_clock_read says
 *   @forget                        nobody went through on the last code, which was permitted
 *   @doubt                         nobody knows whether somebody went through on it
 *   @language en|zh|ko             of the sentences
 *   @clock MICROS                  the time of the following codes; without it, that of the system
 *   @expect CODE NAME              what the next code has to be decided
 *   @code HEX                      a code that is no line of its own: its bytes in hexadecimal
 *
 * Instead of keys, policy, rules and denied ids by hand, a city's signed lists, in hexadecimal:
 *
 *   @root HEX                      the first is trusted, a later one is offered as the next
 *   @snapshot HEX                  offered; then the lists that it names and that are missing:
 *   @bundle HEX, @city_policy HEX, @tariff HEX, @deny_list HEX
 *   @deny_delta HEX                the deny list, out of the one in force and what changes
 *   @complete                      the reader decides by these lists from now on
 *
 * Each prints "taken", or "not taken" and why. A reader with a root lets nobody pass while its
 * lists are missing or over for longer than the city's policy says.
 *
 * The exit status is 1 when a decision was not the expected one, 2 when a line makes no sense.
 * Nothing is allocated: a reader without an operating system does it the same way. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "faregate.h"

#define KEYS_MAX 16
#define DENIED_MAX 256
#define SLOTS_MAX 256
#define RULES_MAX 16
#define LINE_BYTES_MAX 16384

static _Alignas(FG_ALIGN) uint8_t validator_memory[FG_VALIDATOR_BYTES(KEYS_MAX)];
static _Alignas(FG_ALIGN) uint8_t replay_memory[FG_REPLAY_BYTES(SLOTS_MAX)];

static _Alignas(FG_ALIGN) uint8_t tables_memory[FG_TABLES_BYTES(KEYS_MAX)];
static int with_tables;

static _Alignas(FG_ALIGN) uint8_t filter_memory[FG_FILTER_BYTES(DENIED_MAX)];
static _Alignas(FG_ALIGN) uint8_t lists_memory[FG_LISTS_BYTES];

/* What signed lists say: those in force, and those on offer until all of them are there. */
struct said {
    fg_issuer_key keys[KEYS_MAX];
    size_t key_count;
    fg_policy policy;
    fg_stale_rule stale;
    fg_acceptance rules[RULES_MAX];
    size_t rule_count;
    uint8_t has_rules;
    fg_credential_id denied[DENIED_MAX];
    size_t denied_count;
    uint8_t deny_list[FG_DENY_BYTES(DENIED_MAX)]; /* whole: the next delta begins with it */
    size_t deny_size;
};
static struct said in_force, offered;

/* What the lines before a code have said. */
static struct {
    fg_issuer_key keys[KEYS_MAX];
    size_t key_count;
    fg_policy policy;
    fg_credential_id denied[DENIED_MAX];
    size_t denied_count;
    fg_acceptance rules[RULES_MAX];
    size_t rule_count;
    int has_rules;
    size_t slots;
    fg_lists *lists; /* NULL without signed lists */
    fg_stale_rule stale;
    uint32_t passed_stale; /* riders that passed while the lists were over */
    fg_validator *validator; /* NULL until a code comes after a change */
    fg_replay *replay;
    uint32_t gate;
    uint8_t kind;
    unsigned network, zone;
    int has_trust;
    uint8_t trust;
    fg_passage last; /* of the last code that was permitted */
    uint8_t language;
    int has_clock;
    int64_t clock_micros;
    int is_expecting;
    unsigned expected;
    char expected_name[FG_NAME_BYTES];
} reader;

/* The device's journal: here only its hash chain, over a record for each code. */
static const fg_device_id device = {"device-00000001"} /* the 0 at the end is its last byte */;
static fg_chain_head chain;
#define EPOCH 1
static uint64_t taps, records, last_tap;
static fg_clock reader_clock;
static unsigned mismatches;
static unsigned long line_number;

static void fail(const char *what)
{
    fprintf(stderr, "line %lu: %s\n", line_number, what);
    exit(2);
}

static void must(fg_status status, const char *what)
{
    if (status != FG_STATUS_OK) {
        fprintf(stderr, "line %lu: %s: status %d\n", line_number, what, (int)status);
        exit(2);
    }
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* Reads hexadecimal digits; how many bytes they are, at most `size`. */
static size_t from_hex(const char *text, uint8_t *bytes, size_t size)
{
    size_t count = 0;
    while (text[0] != '\0' && count < size) {
        int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            fail("expected hexadecimal digits");
        bytes[count++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (text[0] != '\0')
        fail("too many hexadecimal digits");
    return count;
}

static void from_hex_exact(const char *text, uint8_t *bytes, size_t size)
{
    if (from_hex(text, bytes, size) != size)
        fail("too few hexadecimal digits");
}

static void print_hex(FILE *out, const uint8_t *bytes, size_t count)
{
    while (count-- > 0)
        fprintf(out, "%02x", *bytes++);
}

static void start_over(void)
{
    memset(&reader, 0, sizeof reader);
    memset(&in_force, 0, sizeof in_force);
    must(fg_policy_default(&reader.policy), "policy");
    reader.slots = 64;
    reader.kind = FG_TAP_ON;
}

/* Makes validator and replay memory from what the lines have said. */
static void get_ready(void)
{
    if (reader.replay == NULL)
        must(fg_replay_init(replay_memory, sizeof replay_memory, reader.slots, &reader.replay),
             "replay memory");
    if (reader.validator == NULL) {
        must(fg_validator_init(validator_memory, sizeof validator_memory, reader.keys,
                               reader.key_count, &reader.policy, &reader.validator),
             "issuer keys and policy");
        if (with_tables)
            must(fg_validator_prepare(reader.validator, tables_memory, sizeof tables_memory),
                 "tables");
        must(fg_validator_deny_filtered(reader.validator, reader.denied, reader.denied_count,
                                        filter_memory, sizeof filter_memory),
             "deny list");
        if (reader.has_rules)
            must(fg_validator_accept(reader.validator, reader.rules, reader.rule_count), "rules");
    }
}

static int64_t now_micros(void)
{
    struct timespec now;
    if (reader.has_clock)
        return reader.clock_micros;
    if (timespec_get(&now, TIME_UTC) != TIME_UTC)
        fail("no clock");
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The time to decide by. Where the lines set no clock, the system's is read through the library's:
 * this example has no signed time and no journal to prove it by, so it stays unproven. */
static fg_reading now(void)
{
    struct timespec mono;
    fg_reading reading = {0};
    if (reader.has_clock && reader.has_trust) {
        reading.time_micros = reader.clock_micros;
        reading.clock = reader.trust;
        return reading;
    }
    if (clock_gettime(CLOCK_MONOTONIC, &mono) != 0)
        fail("no monotonic clock");
    must(fg_clock_read(&reader_clock, now_micros(),
                       (int64_t)mono.tv_sec * 1000000 + mono.tv_nsec / 1000, &reading),
         "clock");
    return reading;
}

/* Writes down one scan; a real reader appends the record to its journal before the door opens. */
static void write_down(const fg_scan *scan, const fg_decision *decision)
{
    static const char stop[] = "stop-1";
    uint8_t evidence[FG_CODE_BYTES_MAX], bytes[FG_TAP_RECORD_BYTES_MAX];
    size_t length;
    fg_tap_record record = {0};
    record.seq = records++;
    taps++;
    record.at_micros = scan->now_micros < 0 ? 0 : scan->now_micros;
    record.gate = scan->gate;
    record.kind = scan->kind;
    record.decision = decision->code;
    record.stop = stop;
    record.stop_length = sizeof stop - 1;
    record.list_age_s = UINT32_MAX;
    if (reader.lists != NULL) {
        fg_list_versions versions;
        must(fg_lists_versions(reader.lists, scan->now_micros, &versions), "versions");
        record.bundle_version = versions.bundle;
        record.deny_version = versions.deny;
        record.policy_version = versions.policy;
        record.tariff_version = versions.tariff;
        record.list_age_s = versions.age_s;
    }
    must(fg_evidence(scan->text, scan->text_length, evidence, sizeof evidence,
                     &record.evidence_length),
         "evidence");
    record.evidence = evidence;
    must(fg_tap_record_encode(&record, bytes, sizeof bytes, &length), "tap record");
    must(fg_chain_after(&chain, bytes, length), "chain");
    last_tap = record.seq;
}

/* Writes down what became of the last tap, once the reader knows; into the same journal. */
static void write_note(uint8_t outcome, int64_t at_micros)
{
    uint8_t bytes[FG_NOTE_BYTES_MAX];
    size_t length;
    fg_note note = {0};
    note.seq = records++;
    note.at_micros = at_micros < 0 ? 0 : at_micros;
    note.tap_epoch = EPOCH;
    note.tap_seq = last_tap;
    note.outcome = outcome;
    must(fg_note_encode(&note, bytes, sizeof bytes, &length), "note");
    must(fg_chain_after(&chain, bytes, length), "chain");
}

/* Whether the lists are good enough to let somebody pass. */
static int lists_are_open(int64_t now_micros)
{
    uint8_t freshness;
    if (reader.lists == NULL)
        return 1;
    must(fg_lists_freshness(reader.lists, now_micros, &reader.stale, reader.passed_stale,
                            &freshness),
         "freshness");
    reader.passed_stale = freshness == FG_LISTS_FRESH ? 0 : reader.passed_stale + 1;
    return freshness != FG_LISTS_CLOSED;
}

static void print_permit(const fg_decision *decision)
{
    static const char *const kinds[] = {"none", "one_way", "gate_bound", "ticket"};
    printf("permitted 0 permitted: %s ", kinds[decision->code_kind]);
    print_hex(stdout, decision->id.bytes, sizeof decision->id.bytes);
    putchar(' ');
    print_hex(stdout, decision->kid, sizeof decision->kid);
    printf(" category %u party %u product %u made %" PRId64 " issuer %u riders %u%s\n",
           decision->category, decision->party, decision->product, decision->issued_at_micros,
           decision->issuer, decision->passage.riders, decision->is_again ? " again" : "");
}

static void show(const char *text, size_t length)
{
    fg_reading reading = now();
    fg_scan scan = {0};
    fg_decision decision;
    char name[FG_NAME_BYTES], sentence[FG_SENTENCE_BYTES];
    scan.text = text;
    scan.text_length = length;
    scan.now_micros = reading.time_micros;
    scan.clock = reading.clock;
    scan.gate = reader.gate;
    scan.kind = reader.kind;
    scan.network = (uint16_t)reader.network;
    scan.zone = (uint16_t)reader.zone;
    if (!lists_are_open(scan.now_micros)) {
        puts("closed: no lists, or they are over");
        return;
    }
    get_ready();
    must(fg_validate(reader.validator, reader.replay, &scan, &decision), "decision");
    must(fg_decision_name(decision.code, name, sizeof name), "name");
    must(fg_sentence(&decision, reader.language, sentence, sizeof sentence), "sentence");
    write_down(&scan, &decision);
    if (decision.code == FG_PERMITTED) {
        reader.last = decision.passage;
        print_permit(&decision);
        write_note(FG_OUTCOME_OPENED, scan.now_micros);
    } else
        printf("refused %u %s: %s\n", decision.code, name, sentence);
    if (reader.is_expecting
        && (reader.expected != decision.code || strcmp(reader.expected_name, name) != 0)) {
        fprintf(stderr, "line %lu: expected %u %s, got %u %s\n", line_number, reader.expected,
                reader.expected_name, decision.code, name);
        mismatches++;
    }
    reader.is_expecting = 0;
}

static void add_key(const char *line)
{
    char kid[9], public_key[65];
    fg_issuer_key *key = &reader.keys[reader.key_count];
    if (reader.key_count == KEYS_MAX)
        fail("too many keys");
    if (sscanf(line, "@key %8s %64s %" SCNd64 " %" SCNd64 " %" SCNu16, kid, public_key,
               &key->not_before_micros, &key->not_after_micros, &key->issuer) != 5)
        fail("expected @key KID PUBLIC_KEY FROM UNTIL ISSUER");
    from_hex_exact(kid, key->kid, sizeof key->kid);
    from_hex_exact(public_key, key->public_key, sizeof key->public_key);
    must(fg_issuer_key_check(key), "issuer key");
    reader.key_count++;
    reader.validator = NULL;
}

static void set_policy(const char *line)
{
    fg_policy *policy = &reader.policy;
    if (sscanf(line,
               "@policy %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
               " %" SCNd64 " %" SCNd64 " %" SCNu8 " %" SCNu8 " %" SCNu8 " %" SCNu8,
               &policy->code_life_micros, &policy->phone_slow_max_micros,
               &policy->phone_fast_max_micros, &policy->not_before_tolerance_micros,
               &policy->expiry_tolerance_micros, &policy->ticket_life_max_micros,
               &policy->passback_micros, &policy->retry_micros, &policy->companions,
               &policy->pass_unproven, &policy->pass_wrong, &policy->kinds) != 12)
        fail("expected @policy and twelve numbers");
    reader.validator = NULL;
}

static void add_rule(const char *line)
{
    long number[5];
    unsigned party;
    fg_acceptance *rule = &reader.rules[reader.rule_count];
    int bit;
    if (reader.rule_count == RULES_MAX)
        fail("too many rules");
    if (sscanf(line, "@rule %ld %ld %ld %ld %ld %u %" SCNd64 " %" SCNd64, &number[0], &number[1],
               &number[2], &number[3], &number[4], &party, &rule->ticket_life_max_micros,
               &rule->passback_micros) != 8)
        fail("expected @rule and eight numbers");
    rule->names = 0;
    for (bit = 0; bit < 5; bit++)
        if (number[bit] >= 0)
            rule->names = (uint8_t)(rule->names | 1U << bit);
    rule->issuer = (uint16_t)number[0];
    rule->network = (uint16_t)number[1];
    rule->zone = (uint16_t)number[2];
    rule->product = (uint16_t)number[3];
    rule->category = (uint8_t)number[4];
    rule->party_max = (uint8_t)party;
    if (rule->ticket_life_max_micros >= 0)
        rule->names = (uint8_t)(rule->names | FG_SETS_TICKET_LIFE);
    if (rule->passback_micros >= 0)
        rule->names = (uint8_t)(rule->names | FG_SETS_PASSBACK);
    reader.rule_count++;
    reader.validator = NULL;
}

static void set_trust(const char *worth)
{
    reader.has_trust = 1;
    if (strcmp(worth, "proven") == 0)
        reader.trust = FG_CLOCK_PROVEN;
    else if (strcmp(worth, "unproven") == 0)
        reader.trust = FG_CLOCK_UNPROVEN;
    else if (strcmp(worth, "wrong") == 0)
        reader.trust = FG_CLOCK_WRONG;
    else
        fail("expected proven, unproven or wrong");
}

static void deny(const char *id)
{
    if (reader.denied_count == DENIED_MAX)
        fail("too many denied ids");
    from_hex_exact(id, reader.denied[reader.denied_count++].bytes, 16);
    reader.validator = NULL;
}

static int took(fg_status status)
{
    uint16_t why = 0;
    if (status == FG_STATUS_OK) {
        puts("taken");
        return 1;
    }
    if (status != FG_STATUS_NO_OFFER && status != FG_STATUS_LIST_REFUSED)
        must(status, "lists");
    if (status == FG_STATUS_LIST_REFUSED && reader.lists != NULL)
        must(fg_lists_refusal(reader.lists, &why), "refusal");
    printf("not taken: %s %u\n", status == FG_STATUS_NO_OFFER ? "no offer" : "refused", why);
    return 0;
}

/* The lists are complete: what they say is what the reader decides by. */
static void use_lists(void)
{
    in_force = offered;
    memcpy(reader.keys, in_force.keys, sizeof reader.keys);
    reader.key_count = in_force.key_count;
    reader.policy = in_force.policy;
    reader.stale = in_force.stale;
    memcpy(reader.rules, in_force.rules, sizeof reader.rules);
    reader.rule_count = in_force.rule_count;
    reader.has_rules = in_force.has_rules;
    memcpy(reader.denied, in_force.denied, sizeof reader.denied);
    reader.denied_count = in_force.denied_count;
    reader.validator = NULL;
}

/* Keeps the ids of a deny list that was taken, and its bytes, which a real reader stores. */
static void keep_deny_list(const fg_credential_id *ids, size_t count, const uint8_t *bytes)
{
    if (count > DENIED_MAX)
        fail("too many denied ids");
    memcpy(offered.denied, ids, count * sizeof *ids);
    offered.denied_count = count;
    offered.deny_size = FG_DENY_BYTES(count);
    memcpy(offered.deny_list, bytes, offered.deny_size);
}

static void take_deny_list(const uint8_t *bytes, size_t size)
{
    const fg_credential_id *ids;
    size_t count;
    if (took(fg_lists_take_deny(reader.lists, bytes, size, &ids, &count)))
        keep_deny_list(ids, count, bytes);
}

static void take_deny_delta(const uint8_t *bytes, size_t size)
{
    static uint8_t list[FG_DENY_BYTES(DENIED_MAX)];
    const fg_credential_id *ids;
    size_t count;
    if (took(fg_lists_take_deny_delta(reader.lists, in_force.deny_list, in_force.deny_size, bytes,
                                      size, list, sizeof list, &ids, &count)))
        keep_deny_list(ids, count, list);
}

static void take_policy(const uint8_t *bytes, size_t size)
{
    must(fg_policy_default(&offered.policy), "policy");
    took(fg_lists_take_policy(reader.lists, bytes, size, &offered.policy, &offered.stale,
                              offered.rules, RULES_MAX, &offered.rule_count, &offered.has_rules));
}

/* What to ask a server for: the delta from the deny list in force, or else the whole new one. */
static void print_deny_fetches(void)
{
    fg_list_ref mine, new;
    must(fg_lists_held(reader.lists, FG_LIST_DENY, &mine), "list in force");
    must(fg_lists_offered(reader.lists, FG_LIST_DENY, &new), "list on offer");
    fputs("deltas/", stdout);
    print_hex(stdout, mine.hash, sizeof mine.hash);
    fputs(" objects/", stdout);
    print_hex(stdout, new.hash, sizeof new.hash);
    putchar('\n');
}

static void offer_snapshot(const uint8_t *bytes, size_t size)
{
    uint8_t missing = 0;
    if (!took(fg_lists_offer_snapshot(reader.lists, bytes, size, now().time_micros, &missing)))
        return;
    printf("missing %u\n", missing);
    if ((missing & FG_LIST_DENY) != 0)
        print_deny_fetches();
    offered = in_force; /* a list that is not missing is the one in force */
}

/* A line about signed lists. Whether it was one. */
static int list_command(const char *line)
{
    static uint8_t bytes[LINE_BYTES_MAX / 2];
    size_t size = strcspn(line, " ");
    char name[16] = "";
    if (size < sizeof name)
        memcpy(name, line, size);
    line += size;
    if (strcmp(name, "@complete") == 0) {
        if (took(fg_lists_complete(reader.lists)))
            use_lists();
        return 1;
    }
    if (strcmp(name, "@root") != 0 && strcmp(name, "@snapshot") != 0 && strcmp(name, "@bundle") != 0
        && strcmp(name, "@tariff") != 0 && strcmp(name, "@city_policy") != 0
        && strcmp(name, "@deny_list") != 0 && strcmp(name, "@deny_delta") != 0)
        return 0;
    size = line[0] == ' ' ? from_hex(line + 1, bytes, sizeof bytes) : 0;
    if (strcmp(name, "@root") == 0)
        took(reader.lists == NULL ? fg_lists_init(lists_memory, sizeof lists_memory, bytes, size,
                                                  &reader.lists)
                                  : fg_lists_offer_root(reader.lists, bytes, size));
    else if (strcmp(name, "@snapshot") == 0)
        offer_snapshot(bytes, size);
    else if (strcmp(name, "@bundle") == 0)
        took(fg_lists_take_bundle(reader.lists, bytes, size, NULL, 0, offered.keys, KEYS_MAX,
                                  &offered.key_count));
    else if (strcmp(name, "@city_policy") == 0)
        take_policy(bytes, size);
    else if (strcmp(name, "@tariff") == 0)
        took(fg_lists_take_tariff(reader.lists, bytes, size));
    else if (strcmp(name, "@deny_delta") == 0)
        take_deny_delta(bytes, size);
    else
        take_deny_list(bytes, size);
    return 1;
}

static void command(const char *line)
{
    static uint8_t code[LINE_BYTES_MAX];
    char way[4];
    if (list_command(line)) {
        ;
    } else if (strcmp(line, "@reader") == 0) {
        start_over();
    } else if (strncmp(line, "@key ", 5) == 0) {
        add_key(line);
    } else if (strncmp(line, "@policy ", 8) == 0) {
        set_policy(line);
    } else if (strncmp(line, "@deny ", 6) == 0) {
        deny(line + 6);
    } else if (sscanf(line, "@slots %zu", &reader.slots) == 1) {
        reader.replay = NULL;
    } else if (sscanf(line, "@gate %8" SCNx32 " %3s", &reader.gate, way) == 2) {
        reader.kind = strcmp(way, "off") == 0 ? FG_TAP_OFF : FG_TAP_ON;
    } else if (strcmp(line, "@rules") == 0) {
        reader.has_rules = 1;
        reader.validator = NULL;
    } else if (strncmp(line, "@rule ", 6) == 0) {
        add_rule(line);
    } else if (sscanf(line, "@place %u %u", &reader.network, &reader.zone) == 2) {
        ;
    } else if (strncmp(line, "@trust ", 7) == 0) {
        set_trust(line + 7);
    } else if (strcmp(line, "@forget") == 0) {
        must(fg_replay_forget(reader.replay, &reader.last), "forget");
        write_note(FG_OUTCOME_NOBODY_PASSED, reader.last.at_micros);
    } else if (strcmp(line, "@doubt") == 0) {
        must(fg_replay_doubt(reader.replay, &reader.last), "doubt");
    } else if (strcmp(line, "@language en") == 0) {
        reader.language = FG_LANGUAGE_ENGLISH;
    } else if (strcmp(line, "@language zh") == 0) {
        reader.language = FG_LANGUAGE_CHINESE;
    } else if (strcmp(line, "@language ko") == 0) {
        reader.language = FG_LANGUAGE_KOREAN;
    } else if (sscanf(line, "@clock %" SCNd64, &reader.clock_micros) == 1) {
        reader.has_clock = 1;
    } else if (sscanf(line, "@expect %u %31s", &reader.expected, reader.expected_name) == 2) {
        reader.is_expecting = 1;
    } else if (strncmp(line, "@code ", 6) == 0) {
        show((const char *)code, from_hex(line + 6, code, sizeof code));
    } else {
        fail("no such command");
    }
}

int main(int count, char **arguments)
{
    static char line[LINE_BYTES_MAX];
    with_tables = count > 1 && strcmp(arguments[1], "tables") == 0;
    fg_clock_rules rules;
    must(fg_clock_rules_default(&rules), "clock");
    must(fg_clock_init(&reader_clock, &rules), "clock");
    start_over();
    must(fg_chain_start(&device, EPOCH, &chain), "chain");
    while (fgets(line, sizeof line, stdin) != NULL) {
        size_t length = strcspn(line, "\n");
        line_number++;
        line[length] = '\0';
        if (line[0] == '@')
            command(line);
        else if (length > 0 && line[0] != '#')
            show(line, length);
    }
    fprintf(stderr, "%" PRIu64 " codes, %u not as expected, chain ", taps, mismatches);
    print_hex(stderr, chain.bytes, sizeof chain.bytes);
    fputc('\n', stderr);
    return mismatches == 0 ? 0 : 1;
}
