/* A reader in C: codes come in on standard input, decisions go out on standard output.
 *
 *   cd crates/ffi/examples/reader
 *   cc -std=c11 -I ../../include main.c setup.c lists.c decide.c journal.c text.c \
 *      ../../../../target/firmware/libfaregate_reader.a -o reader
 *   ./reader < ../../../../proto/conformance/kit.txt
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
 * Nothing is allocated: a reader without an operating system does it the same way.
 *
 *   main.c      the lines that come in (this file)
 *   setup.c     what the reader goes by: keys, policy, rules, denied ids
 *   lists.c     the same from a city's signed lists
 *   decide.c    clock, decision and what is printed of it
 *   journal.c   records of taps, notes and their hash chain
 *   text.c      hexadecimal digits, and the end when something makes no sense */
#include "reader.h"

unsigned long line_number;

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
    start_journal();
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
