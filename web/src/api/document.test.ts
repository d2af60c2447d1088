import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { addressOf, bodyOf, type Document, headersOf, routesOf } from './document.ts';

const document = JSON.parse(
  readFileSync(new URL('../../../docs/openapi.json', import.meta.url), 'utf8'),
) as Document;

function route(operationId: string) {
  const all = (document.tags ?? []).flatMap((tag) => routesOf(document, tag.name));
  const found = all.find((one) => one.operation.operationId === operationId);
  if (found === undefined) throw new Error(`no ${operationId}`);
  return found;
}

test('every route is under exactly one tag', () => {
  const shown = (document.tags ?? []).flatMap((tag) => routesOf(document, tag.name));
  const all = Object.values(document.paths).flatMap((one) => Object.values(one));
  expect(shown.length).toBe(all.length);
});

test('parameters go where the document says', () => {
  const charge = route('explain_charge');
  expect(addressOf(charge, { id: 'a/b' })).toBe('/v1/operator/charges/a%2Fb');
  const days = route('list_days');
  expect(addressOf(days, { cursor: '', limit: '2' })).toBe('/v1/operator/days?limit=2');
  const pay = route('pay');
  const headers = headersOf(pay, { 'Idempotency-Key': '"1"' }, 'secret', '');
  expect(headers).toEqual({ 'Idempotency-Key': '"1"', authorization: 'Bearer secret' });
  expect(headersOf(route('describe_city'), {}, 'secret', '')).toEqual({});
});

test('a body begins as an example that has every field it needs', () => {
  const refund = bodyOf(document, route('propose_refund').operation);
  expect(refund.kind).toBe('application/json');
  expect(Object.keys(JSON.parse(refund.text))).toEqual(
    expect.arrayContaining(['charge_id', 'amount_minor', 'reason', 'note']),
  );
  const device = bodyOf(document, route('register_device').operation);
  expect(JSON.parse(device.text).public_key).toHaveLength(43);
});
