import { expect } from 'chai';
import { BoundedLog } from '../../src/cli/up/bounded-log.ts';

describe('the log that volt up prints', () => {
  async function printed(pieces: string[][]): Promise<string[]> {
    const lines: string[] = [];
    const log = new BoundedLog(async (more) => void lines.push(...more), 'volt logs app#1');
    for (const piece of pieces) await log.add(piece);
    await log.end();
    return lines;
  }

  const numbered = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => `line ${first + index}`);

  it('has all lines of a short log', async () => {
    expect(await printed([numbered(1, 300), numbered(301, 100)])).to.deep.equal(numbered(1, 400));
  });

  it('has the first and the last lines of a log of a million, and the command for the others', async () => {
    const pieces = Array.from({ length: 1000 }, (_, index) => numbered(index * 1000 + 1, 1000));
    expect(await printed(pieces)).to.deep.equal([
      ...numbered(1, 400),
      '… the log is long; its end follows. All of it: volt logs app#1 -f',
      '… 999,500 more lines: volt logs app#1',
      ...numbered(999_901, 100),
    ]);
  });

  it('leaves out nothing of a log that is hardly too long', async () => {
    const lines = await printed([numbered(1, 399), numbered(400, 50)]);
    expect(lines.filter((line) => line.startsWith('line'))).to.deep.equal(numbered(1, 449));
    expect(lines.join('\n')).to.not.include('more lines');
  });

  it('cuts long lines', async () => {
    const [line = ''] = await printed([['x'.repeat(1_000_000)]]);
    expect(line).to.equal(`${'x'.repeat(2000)}…`);
  });
});
