import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { readFrames } from '../../src/engine/frames.ts';

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('the frames of a container command', () => {
  const sent = Buffer.concat([frame(1, 'out '), frame(2, 'error '), frame(1, ''), frame(1, 'ä end')]);

  for (const size of [1, 3, 8, 1000]) {
    it(`are taken apart in order when they come in pieces of ${size} bytes`, async () => {
      const got: Buffer[] = [];
      await readFrames(inPieces(sent, size), (chunk) => void got.push(Buffer.from(chunk)));
      expect(Buffer.concat(got).toString()).to.equal('out error ä end');
    });
  }

  it('are not read on while the receiver is busy', async () => {
    let isBusy = false;
    await readFrames(inPieces(sent, 20), async () => {
      expect(isBusy).to.equal(false);
      isBusy = true;
      await setImmediate();
      isBusy = false;
    });
  });

  it('are refused when they end within one', async () => {
    const cut = sent.subarray(0, -2);
    const error = await readFrames(inPieces(cut, 7), () => undefined).catch((thrown: Error) => thrown);
    expect(error).to.be.an('error').with.property('message', 'the output ends within a frame');
  });
});
