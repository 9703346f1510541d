import { expect } from 'chai';
import { readEvents, type ServerEvent } from '../../src/cli/sse.ts';

/** What is read of a stream that arrives in pieces of the given size. */
async function read(text: string, size: number): Promise<ServerEvent[]> {
  const bytes = new TextEncoder().encode(text);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const events: ServerEvent[] = [];
  for await (const event of readEvents(pieces())) events.push(event);
  return events;
}

describe('the reader of server-sent events', () => {
  const text =
    ': hello\n\nevent: chunk\nid: 5\ndata: "grün"\n\ndata: a\ndata: b\r\n\r\nid: 9\nevent: end\ndata:x\n\ndata: cut off';

  it('reads the same events wherever the stream is cut', async () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      expect(await read(text, size), `pieces of ${size}`).to.deep.equal([
        { event: 'chunk', data: '"grün"', id: '5' },
        { event: 'message', data: 'a\nb', id: '5' },
        { event: 'end', data: 'x', id: '9' },
      ]);
    }
  });
});
