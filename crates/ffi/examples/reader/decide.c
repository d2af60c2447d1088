/* Clock, decision and what is printed of it. */
#include "reader.h"

fg_clock reader_clock;
unsigned mismatches;

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
fg_reading now(void)
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

void show(const char *text, size_t length)
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
