import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type IssuerKey, Validator } from './validator.ts';

interface Vectors {
  readonly reader: {
    readonly issuer_keys: readonly {
      kid: string;
      public_key: string;
      not_before: number;
      not_after: number;
    }[];
    readonly denied: readonly string[];
  };
  readonly vectors: readonly {
    readonly name: string;
    readonly text: string;
    readonly clock: number;
    readonly gate_state: string;
    readonly shown_before: boolean;
    readonly expected: {
      readonly code: number;
      readonly result: string;
      readonly claims?: {
        cti: string;
        category: number;
        party: number;
        iat?: number;
        aud?: string;
      };
    };
  }[];
}

const bytes = (hex: string) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const read = async (name: string): Promise<Vectors> =>
  JSON.parse(await readFile(new URL(`../../../proto/vectors/${name}`, import.meta.url), 'utf8'));

/** A code for one gate: an inspector is none. */
const OTHER_GATE = 130;

let module: WebAssembly.Module;

beforeAll(async () => {
  const built = new URL('validator.wasm', import.meta.url);
  module = await WebAssembly.compile(await readFile(built));
});

function open({ reader }: Vectors): Promise<Validator> {
  const keys: IssuerKey[] = reader.issuer_keys.map((key) => ({
    kid: bytes(key.kid),
    publicKey: bytes(key.public_key),
    notBefore: BigInt(key.not_before) * 1_000_000n,
    notAfter: BigInt(key.not_after) * 1_000_000n,
  }));
  return Validator.open(module, keys, reader.denied);
}

describe('the validator of gates, in a browser', () => {
  it('lets pass what proto/vectors/good.json says, and reads it', async () => {
    const good = await read('good.json');
    const validator = await open(good);
    for (const { name, text, clock, expected } of good.vectors) {
      const decision = validator.decide(text, clock * 1000, 'en');
      if (expected.claims?.aud !== undefined) {
        expect([name, decision.code]).toEqual([name, OTHER_GATE]);
        continue;
      }
      expect([name, decision.code, decision.sentence]).toEqual([name, 0, '']);
      const { claims } = expected;
      expect(decision.id?.replaceAll('-', '')).toBe(claims?.cti);
      expect([decision.category, decision.party]).toEqual([claims?.category, claims?.party]);
      if (claims?.iat !== undefined) expect(decision.madeAt).toBe(claims.iat * 1000);
    }
    expect(good.vectors.length).toBeGreaterThan(5);
  });

  it.each(['refused.json', 'malformed.json', 'signatures.json', 'texts.json'])(
    'refuses as %s says, by number and name',
    async (file) => {
      const refused = await read(file);
      const validator = await open(refused);
      const usual = refused.vectors.filter(
        (vector) =>
          vector.gate_state === 'ready' &&
          !vector.shown_before &&
          vector.expected.code !== 0 &&
          vector.text.length < 1_024,
      );
      for (const { name, text, clock, expected } of usual) {
        const { code, name: called, sentence } = validator.decide(text, clock * 1000, 'zh');
        expect([name, code, called]).toEqual([name, expected.code, expected.result]);
        expect(sentence).toMatch(/\p{Script=Han}/u);
      }
      expect(usual.length).toBeGreaterThan(3);
    },
  );

  it('with no keys refuses everything, and a key that is none is told', async () => {
    const good = await read('good.json');
    const empty = await Validator.open(module, [], []);
    expect(empty.decide(good.vectors[0]?.text ?? '', 0, 'en').code).toBe(160);
    const wrong = {
      kid: bytes('00000000'),
      publicKey: new Uint8Array(32),
      notBefore: 0n,
      notAfter: 1n,
    };
    await expect(Validator.open(module, [wrong], [])).rejects.toThrow('status 6');
  });

  it('takes any text without ending', async () => {
    const validator = await open(await read('good.json'));
    for (const text of ['', 'FG1:', '乘车'.repeat(5_000), 'FG1:'.repeat(1_000), '\0']) {
      expect(validator.decide(text, 0, 'ko').code).toBeGreaterThan(0);
    }
  });
});
