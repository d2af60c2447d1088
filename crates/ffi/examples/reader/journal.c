/* Records of taps, notes and their hash chain. */
#include "reader.h"

/* The device's journal: here only its hash chain, over a record for each code. */
static const fg_device_id device = {"device-00000001"} /* the 0 at the end is its last byte */;
fg_chain_head chain;
#define EPOCH 1
uint64_t taps;
static uint64_t records, last_tap;

void start_journal(void)
{
    must(fg_chain_start(&device, EPOCH, &chain), "chain");
}

/* Writes down one scan; a real reader appends the record to its journal before the door opens. */
void write_down(const fg_scan *scan, const fg_decision *decision)
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
void write_note(uint8_t outcome, int64_t at_micros)
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
