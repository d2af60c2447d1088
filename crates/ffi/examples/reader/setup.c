/* What the reader goes by: keys, policy, rules, denied ids; the validator made of them. */
#include "reader.h"

static _Alignas(FG_ALIGN) uint8_t validator_memory[FG_VALIDATOR_BYTES(KEYS_MAX)];
static _Alignas(FG_ALIGN) uint8_t replay_memory[FG_REPLAY_BYTES(SLOTS_MAX)];

static _Alignas(FG_ALIGN) uint8_t tables_memory[FG_TABLES_BYTES(KEYS_MAX)];
int with_tables;

static _Alignas(FG_ALIGN) uint8_t filter_memory[FG_FILTER_BYTES(DENIED_MAX)];

struct set_up reader;

void start_over(void)
{
    memset(&reader, 0, sizeof reader);
    forget_lists();
    must(fg_policy_default(&reader.policy), "policy");
    reader.slots = 64;
    reader.kind = FG_TAP_ON;
}

/* Makes validator and replay memory from what the lines have said. */
void get_ready(void)
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

void add_key(const char *line)
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

void set_policy(const char *line)
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

void add_rule(const char *line)
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

void set_trust(const char *worth)
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

void deny(const char *id)
{
    if (reader.denied_count == DENIED_MAX)
        fail("too many denied ids");
    from_hex_exact(id, reader.denied[reader.denied_count++].bytes, 16);
    reader.validator = NULL;
}
