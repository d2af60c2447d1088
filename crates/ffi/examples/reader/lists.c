/* A city's signed lists: which are taken, and what they say. */
#include "reader.h"

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

void forget_lists(void)
{
    memset(&in_force, 0, sizeof in_force);
}

/* Whether the lists are good enough to let somebody pass. */
int lists_are_open(int64_t now_micros)
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
int list_command(const char *line)
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
