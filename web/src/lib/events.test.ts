import { describe, expect, it } from 'vitest';
import { EventReader } from './events.ts';

describe('a stream of events', () => {
  const stream = ': hello\r\n\r\nevent: activity\ndata: {"a":\ndata: 1}\n\ndata\n\nid: 7\n\n';
  const said = [
    { name: 'activity', data: '{"a":\n1}' },
    { name: 'message', data: '' },
  ];

  it('is read as the standard says', () => {
    expect(new EventReader().take(stream)).toEqual(said);
  });

  it('may come in pieces of any size', () => {
    for (let size = 1; size < stream.length; size += 1) {
      const reader = new EventReader();
      const heard = [];
      for (let at = 0; at < stream.length; at += size) {
        heard.push(...reader.take(stream.slice(at, at + size)));
      }
      expect(heard).toEqual(said);
    }
  });
});
