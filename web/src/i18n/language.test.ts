import { describe, expect, it } from 'vitest';
import { en } from './en.ts';
import { ko } from './ko.ts';
import { zh } from './zh.ts';

/** Each message as text, functions called with a mark that must come through. */
function texts(messages: object): Map<string, string> {
  const entries = Object.entries(messages).map(([name, value]): [string, string] => {
    if (typeof value === 'function') return [name, value('«a»', '«b»')];
    return [name, Array.isArray(value) ? value.join('|') : String(value)];
  });
  return new Map(entries);
}

describe.each([
  ['zh', zh, /\p{Script=Han}/u],
  ['ko', ko, /\p{Script=Hangul}/u],
] as const)('the messages in %s', (_, messages, script) => {
  it('are all there, in its script, with everything that the English ones name', () => {
    const english = texts(en);
    for (const [name, text] of texts(messages)) {
      const original = english.get(name) ?? '';
      expect([name, (text.match(/«.»/g) ?? []).sort()]).toEqual([
        name,
        (original.match(/«.»/g) ?? []).sort(),
      ]);
      if (!['rule', 'to'].includes(name)) expect([name, script.test(text)]).toEqual([name, true]);
    }
    expect(Object.keys(messages)).toEqual(Object.keys(en));
  });
});
