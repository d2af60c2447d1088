import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as base64url from '../src/base64url.ts';
import { createHolderKey } from '../src/holder-key.ts';
import { Problem, proofMessage, request, Unreachable } from '../src/issuer.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('proof of holding the key', () => {
  const challenge = new Uint8Array(32).fill(0xc1);
  const publicKey = new Uint8Array(32).fill(0x9b);

  it('covers the purpose, the challenge and the key', () => {
    expect(hex(proofMessage(challenge, publicKey))).toBe(
      `${Buffer.from('faregate device 1').toString('hex')}${'c1'.repeat(32)}${'9b'.repeat(32)}`,
    );
  });

  it('takes no challenge of another size', () => {
    expect(() => proofMessage(challenge.slice(1), publicKey)).toThrow(/32 bytes, got 31/);
  });

  it('is signed by a key that cannot be exported', async () => {
    const key = await createHolderKey();
    expect(key.publicKey).toHaveLength(32);
    expect(key.pair.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', key.pair.privateKey)).rejects.toThrow();
    const message = proofMessage(challenge, key.publicKey);
    const proof = Uint8Array.from(await key.sign(message));
    expect(await crypto.subtle.verify('Ed25519', key.pair.publicKey, proof, message)).toBe(true);
  });
});

describe('base64url (RFC 4648 section 10, without padding)', () => {
  it.each([
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foobar', 'Zm9vYmFy'],
  ])('%j is %j', (plain, text) => {
    expect(base64url.encode(new TextEncoder().encode(plain))).toBe(text);
    expect(base64url.decode(text)).toEqual(new TextEncoder().encode(plain));
  });

  it.each(['Zg==', 'Zh', 'Z', 'Zm+v', 'Zm/v', 'Zm 9'])('refuses %j', (text) => {
    expect(() => base64url.decode(text)).toThrow(TypeError);
  });
});

describe('answers of a server', () => {
  let server: Server;
  let base: string;
  let answer: { status: number; body: string };

  beforeEach(async () => {
    server = createServer((_, response) => {
      response.statusCode = answer.status;
      response.end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    base = `http://127.0.0.1:${address.port}/`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('gives the body', async () => {
    answer = { status: 200, body: '{"a":1}' };
    expect(await request(base)).toEqual({ a: 1 });
  });

  it('tells a problem in its own words', async () => {
    answer = {
      status: 400,
      body: JSON.stringify({ type: 'x', title: 'T', status: 400, detail: 'D.', code: 'bad_proof' }),
    };
    const problem = await request(base).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status: 400, code: 'bad_proof', message: 'D.' });
  });

  it('tells of an answer that is no JSON', async () => {
    answer = { status: 502, body: '<html>' };
    await expect(request(base)).rejects.toMatchObject({ status: 502, code: '502' });
    answer = { status: 200, body: '<html>' };
    await expect(request(base)).rejects.toMatchObject({ code: 'not_json' });
  });

  it('tells when nobody answers', async () => {
    server.close();
    server.closeAllConnections();
    await expect(request(base)).rejects.toBeInstanceOf(Unreachable);
  });
});
