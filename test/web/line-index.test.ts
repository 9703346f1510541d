import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LineIndex, type LogWindow } from '../../src/web/logs/line-index.ts';

const texts = ({ lines }: LogWindow) => lines.map(({ spans }) => spans.map(({ text }) => text).join(''));

describe('web: the lines of a log', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'volt-lines-'));
    file = join(folder, 'log');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are none if there is no file', async () => {
    expect(await new LineIndex(file).window(0, 10)).to.deep.equal({ from: 0, lines: [], total: 0, end: 0, rest: null });
    expect(await new LineIndex(file).lineAt(100)).to.equal(0);
  });

  it('are found by number and by byte position while the log grows', async () => {
    const index = new LineIndex(file);
    const all: string[] = [];
    for (let round = 0; round < 5; round++) {
      const more = Array.from({ length: 3000 }, (_, i) => `${all.length + i}: ${'é'.repeat((i * 7) % 90)}`);
      await appendFile(file, `${more.join('\n')}\n`);
      all.push(...more);
      for (const from of [0, 1, 255, 256, 257, all.length - 700, all.length - 1, all.length]) {
        const part = await index.window(from, 600);
        expect(texts(part), `from ${from}`).to.deep.equal(all.slice(from, from + 600));
        expect(part.total).to.equal(all.length);
        const [first] = part.lines;
        if (first) expect(await index.lineAt(first.start)).to.equal(from);
        if (first) expect(await index.lineAt(first.start + 1)).to.equal(from);
      }
    }
    expect(texts(await index.window(-2, 600))).to.deep.equal(all.slice(-2));
    expect((await index.window(0, 1)).end).to.equal(Buffer.byteLength(`${all.join('\n')}\n`));
  });

  it('are found by byte position in any order, again and again', async () => {
    const index = new LineIndex(file);
    const lines = Array.from({ length: 1000 }, (_, i) => `${i}: ${'x'.repeat((i * 7919) % 5000)}`);
    const starts: number[] = [];
    let position = 0;
    for (const line of lines) {
      starts.push(position);
      position += line.length + 1;
    }
    await writeFile(file, `${lines.join('\n')}\n`);
    for (let round = 0; round < 700; round++) {
      const line = (round * 397) % lines.length;
      const start = starts[line] as number;
      const within = (round * 31) % ((lines[line] as string).length + 1);
      expect(await index.lineAt(start + within), `line ${line}, byte ${within}`).to.equal(line);
    }
  });

  it('are found quickly in a very long log', async () => {
    const index = new LineIndex(file);
    // more than positions are kept for at the first stride
    const count = 3_000_000;
    await writeFile(file, 'x\n'.repeat(count - 1));
    await appendFile(file, 'the last\n');
    expect(texts(await index.window(count - 1, 5))).to.deep.equal(['the last']);
    expect((await index.window(1_234_567, 1)).lines[0]?.start).to.equal(1_234_567 * 2);
    expect(await index.lineAt(2 * 2_222_222 + 1)).to.equal(2_222_222);
  });

  it('begin with the colours of the lines before', async () => {
    const lines = Array.from({ length: 600 }, (_, i) =>
      i === 250 ? '\u001b[31mred' : i === 300 ? 'plain\u001b[0m' : 'x',
    );
    await writeFile(file, `${lines.join('\n')}\n`);
    const { lines: shown } = await new LineIndex(file).window(256, 60);
    expect(shown[0]?.spans).to.deep.equal([{ text: 'x', style: 'f1' }]);
    expect(shown[50]?.spans).to.deep.equal([{ text: 'x', style: '' }]);
  });

  it('are cut if too long, and an incomplete line is answered separately', async () => {
    await writeFile(file, `${'y'.repeat(3_000_000)}\nshort\nopen`);
    const part = await new LineIndex(file).window(0, 10);
    expect(texts(part)).to.deep.equal([`${'y'.repeat(10_000)} …`, 'short']);
    expect(part.rest).to.deep.equal([{ text: 'open', style: '' }]);
    expect((await new LineIndex(file).window(0, 1)).rest).to.equal(null);
  });
});
