/**
 * The validator of every gate, compiled to WebAssembly: the C interface of `crates/ffi`, called as
 * firmware calls it. Addresses and structures are those of `faregate.h` on a machine with 32-bit
 * pointers; what is handed over lies in memory behind the library's own.
 */

/** A key whose codes are taken; times in microseconds since 1970. */
export interface IssuerKey {
  /** Four bytes. */
  readonly kid: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly notBefore: bigint;
  readonly notAfter: bigint;
}

/** What the validator decided; its numbers and names are those of docs/WIRE.md. */
export interface Decision {
  /** 0 for a permit, else the refusal's number. */
  readonly code: number;
  readonly name: string;
  /** What the rider may do about it; empty for a permit. */
  readonly sentence: string;
  /** 1 for a presentation, 2 for one bound to a gate, 3 for a ticket. */
  readonly kind: number;
  readonly category: number;
  readonly party: number;
  /** The credential's or ticket's id as a UUID, where it is permitted or denied. */
  readonly id: string | null;
  /** When the phone made it, in milliseconds since 1970; `null` for a ticket. */
  readonly madeAt: number | null;
}

export const SENTENCE_LANGUAGES = { en: 0, zh: 1, ko: 2 } as const;

interface Exports {
  readonly memory: WebAssembly.Memory;
  fg_policy_default(policy: number): number;
  fg_validator_size(keys: number): number;
  fg_validator_init(
    memory: number,
    size: number,
    keys: number,
    keyCount: number,
    policy: number,
    validator: number,
  ): number;
  fg_validator_deny(validator: number, ids: number, count: number): number;
  fg_replay_size(slots: number): number;
  fg_replay_init(memory: number, size: number, slots: number, replay: number): number;
  fg_validate(validator: number, replay: number, scan: number, decision: number): number;
  fg_sentence(decision: number, language: number, buffer: number, size: number): number;
  fg_decision_name(code: number, buffer: number, size: number): number;
}

const ALIGN = 64;
const PAGE_BYTES = 65_536;
const KEY_BYTES = 64;
const ID_BYTES = 16;
const POLICY_BYTES = 72;
const SCAN_BYTES = 32;
const DECISION_BYTES = 128;
const TEXT_BYTES = 256;
const REPLAY_SLOTS = 4;
const TAP_ON = 1;
const KIND_TICKET = 3;
const DENIED = 140;

/** No code has a longer text; a longer one is refused by its first characters anyway. */
const CODE_CHARACTERS_MAX = 1_024;

/** The library refused what it was given: `status` is an `fg_status`. */
export class ValidatorError extends Error {
  constructor(call: string, status: number) {
    super(`${call} answered status ${status}`);
    this.name = 'ValidatorError';
  }
}

/** Keys, locked codes, and the decision about one code. */
export class Validator {
  readonly #library: Exports;
  readonly #validator: number;
  readonly #scratch: number;
  readonly #replayBytes: number;

  private constructor(library: Exports, validator: number, scratch: number, replay: number) {
    this.#library = library;
    this.#validator = validator;
    this.#scratch = scratch;
    this.#replayBytes = replay;
  }

  /**
   * A validator that holds `keys` and refuses the codes of `denied` (UUIDs).
   * @throws {ValidatorError} for a key that is none, or too many.
   */
  static async open(
    module: WebAssembly.Module,
    keys: readonly IssuerKey[],
    denied: readonly string[],
  ): Promise<Validator> {
    const instance = await WebAssembly.instantiate(module, {});
    const library = instance.exports as unknown as Exports;
    const size = library.fg_validator_size(keys.length);
    const replayBytes = library.fg_replay_size(REPLAY_SLOTS);
    const scratchBytes =
      SCAN_BYTES + DECISION_BYTES + 2 * TEXT_BYTES + CODE_CHARACTERS_MAX * 3 + replayBytes;
    const parts = [
      size,
      KEY_BYTES * keys.length,
      POLICY_BYTES,
      ALIGN,
      ID_BYTES * denied.length,
      scratchBytes + 8 * ALIGN,
    ];
    const [at, keysAt, policyAt, pointerAt, deniedAt, scratch] = reserve(library, parts);
    if (at === undefined || keysAt === undefined || policyAt === undefined) throw new RangeError();
    if (pointerAt === undefined || deniedAt === undefined || scratch === undefined) {
      throw new RangeError();
    }
    writeKeys(library, keysAt, keys);
    check('fg_policy_default', library.fg_policy_default(policyAt));
    check(
      'fg_validator_init',
      library.fg_validator_init(at, size, keysAt, keys.length, policyAt, pointerAt),
    );
    const validator = view(library).getUint32(pointerAt, true);
    // In ascending order of their bytes, which is that of their hex digits.
    const sorted = [...new Set(denied)].sort();
    bytes(library).set(Uint8Array.from(sorted.flatMap(uuidBytes)), deniedAt);
    check('fg_validator_deny', library.fg_validator_deny(validator, deniedAt, sorted.length));
    return new Validator(library, validator, scratch, replayBytes);
  }

  /** May whoever shows `text` travel at `now` (milliseconds since 1970)? */
  decide(text: string, now: number, language: keyof typeof SENTENCE_LANGUAGES): Decision {
    const library = this.#library;
    const code = new TextEncoder().encode(text.slice(0, CODE_CHARACTERS_MAX));
    const scan = this.#scratch;
    const decision = scan + ALIGN;
    const textAt = decision + 2 * ALIGN;
    const pointerAt = textAt + CODE_CHARACTERS_MAX * 3;
    const sentenceAt = pointerAt + ALIGN;
    const replayAt = sentenceAt + TEXT_BYTES;
    bytes(library).set(code, textAt);
    // A memory of nothing: to inspect a code is no tap, and staff may look twice.
    check(
      'fg_replay_init',
      library.fg_replay_init(replayAt, this.#replayBytes, REPLAY_SLOTS, pointerAt),
    );
    const memory = view(library);
    const replay = memory.getUint32(pointerAt, true);
    bytes(library).fill(0, scan, scan + SCAN_BYTES);
    memory.setUint32(scan, textAt, true);
    memory.setUint32(scan + 4, code.length, true);
    memory.setBigInt64(scan + 8, BigInt(Math.floor(now)) * 1000n, true);
    memory.setUint8(scan + 24, TAP_ON);
    check('fg_validate', library.fg_validate(this.#validator, replay, scan, decision));
    const said = { decision, textAt: sentenceAt, language: SENTENCE_LANGUAGES[language] };
    return describe(library, said);
  }
}

function describe(
  library: Exports,
  { decision, textAt, language }: { decision: number; textAt: number; language: number },
): Decision {
  const memory = view(library);
  const code = memory.getUint16(decision, true);
  const kind = memory.getUint8(decision + 2);
  check('fg_sentence', library.fg_sentence(decision, language, textAt, TEXT_BYTES));
  const sentence = textFrom(library, textAt);
  check('fg_decision_name', library.fg_decision_name(code, textAt, TEXT_BYTES));
  const permitted = code === 0;
  const id = bytes(library).slice(decision + 12, decision + 12 + ID_BYTES);
  const made = Number(memory.getBigInt64(decision + 40, true) / 1000n);
  return {
    code,
    name: textFrom(library, textAt),
    sentence,
    kind,
    category: memory.getUint8(decision + 3),
    party: memory.getUint8(decision + 4),
    id: permitted || code === DENIED ? uuidText(id) : null,
    madeAt: permitted && kind !== KIND_TICKET ? made : null,
  };
}

/** Memory behind what the library has, in parts of these sizes, each aligned. */
function reserve(library: Exports, sizes: readonly number[]): number[] {
  const aligned = sizes.map((size) => Math.ceil(size / ALIGN) * ALIGN);
  const whole = aligned.reduce((sum, size) => sum + size, 0);
  let at = library.memory.grow(Math.ceil(whole / PAGE_BYTES)) * PAGE_BYTES;
  return aligned.map((size) => {
    const start = at;
    at += size;
    return start;
  });
}

function writeKeys(library: Exports, at: number, keys: readonly IssuerKey[]): void {
  for (const [index, key] of keys.entries()) {
    const start = at + index * KEY_BYTES;
    bytes(library).set(key.kid.subarray(0, 4), start);
    bytes(library).set(key.publicKey.subarray(0, 32), start + 4);
    view(library).setBigInt64(start + 40, key.notBefore, true);
    view(library).setBigInt64(start + 48, key.notAfter, true);
  }
}

/** A view is made anew at each use: memory that has grown leaves older ones empty. */
function view(library: Exports): DataView {
  return new DataView(library.memory.buffer);
}

function bytes(library: Exports): Uint8Array {
  return new Uint8Array(library.memory.buffer);
}

function textFrom(library: Exports, at: number): string {
  const from = bytes(library).subarray(at, at + TEXT_BYTES);
  return new TextDecoder().decode(from.subarray(0, from.indexOf(0)));
}

function uuidBytes(id: string): number[] {
  return (id.replaceAll('-', '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function uuidText(id: Uint8Array): string {
  const hex = [...id].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function check(call: string, status: number): void {
  if (status !== 0) throw new ValidatorError(call, status);
}
