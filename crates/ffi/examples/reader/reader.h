/* What the parts of the example reader share. */
#ifndef READER_H
#define READER_H

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

/* What the lines before a code have said. */
struct set_up {
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
};
extern struct set_up reader;

/* main.c */
extern unsigned long line_number;

/* setup.c */
extern int with_tables; /* decide with prepared keys */
void start_over(void);
void get_ready(void);
void add_key(const char *line);
void set_policy(const char *line);
void add_rule(const char *line);
void set_trust(const char *worth);
void deny(const char *id);

/* lists.c */
void forget_lists(void);
int lists_are_open(int64_t now_micros);
int list_command(const char *line);

/* decide.c */
extern fg_clock reader_clock;
extern unsigned mismatches;
fg_reading now(void);
void show(const char *text, size_t length);

/* journal.c */
extern fg_chain_head chain;
extern uint64_t taps;
void start_journal(void);
void write_down(const fg_scan *scan, const fg_decision *decision);
void write_note(uint8_t outcome, int64_t at_micros);

/* text.c */
void fail(const char *what);
void must(fg_status status, const char *what);
size_t from_hex(const char *text, uint8_t *bytes, size_t size);
void from_hex_exact(const char *text, uint8_t *bytes, size_t size);
void print_hex(FILE *out, const uint8_t *bytes, size_t count);

#endif
