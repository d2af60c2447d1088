/** What the queues' names mean, and what to do about them. */

import { words } from '../lib/format.ts';

const MEANINGS: Readonly<Record<string, readonly [name: string, meaning: string]>> = {
  malformed_record: ['Unreadable record', 'The gate wrote something that is no record.'],
  wrong_sequence: ['Wrong record number', 'The gate’s journal is damaged: look at the gate.'],
  wrong_place: ['Wrong place', 'The gate says it stands elsewhere than it was registered.'],
  malformed_evidence: ['Unreadable code', 'What was scanned is no code, yet the gate opened.'],
  unknown_issuer: ['Unknown issuer', 'No key of that name was in force: was a key withdrawn?'],
  bad_signature: ['Signature wrong', 'The code is not what the issuer or the phone signed.'],
  inconsistent_time: [
    'Times do not fit',
    'The code was made at another time: see the gate’s clock.',
  ],
  other_gate: ['Made for another gate', 'The code was bound to a gate, and shown at this one.'],
  not_in_issuance_log: ['Not in the log', 'An issuer key was used past its log: act at once.'],
  differs_from_issuance_log: [
    'Not as in the log',
    'An issuer key was used past its log: act at once.',
  ],
  door_did_not_open: ['Door did not open', 'Nobody is charged. Many at one gate: see its door.'],
  nobody_passed: ['Nobody went through', 'Nobody is charged. Many at one gate: see its sensor.'],
  tapped_again: ['Tapped again', 'The gate was cut off; the second tap is the ride.'],
  of_party: ['One of a party', 'The party’s first tap is priced for all of them.'],
  code_used_twice: ['Code used twice', 'The first tap counts. Look whether it comes again.'],
};

/** A name in the words of the page, and what it means, where that is known. */
export function meaningOf(name: string): readonly [name: string, meaning: string] {
  return MEANINGS[name] ?? [words(name), ''];
}
