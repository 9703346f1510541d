import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { VoltError } from '../../src/kernel/errors.ts';
import type { Place } from '../../src/web/logs/hits.ts';
import { Searches } from '../../src/web/logs/searches.ts';
import { shownText } from '../../src/web/logs/shown-text.ts';
import { logLine } from '../../src/web/text/log-line.ts';
import { Terminal } from '../../src/web/text/terminal.ts';

const ESC = '\u001b';
const start: Place = { position: 0, line: 0 };

describe('web: the search in a log', () => {
  const searches = new Searches();
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'volt-search-'));
    file = join(folder, 'log');
  });
  after(async () => {
    await searches.close();
    await rm(folder, { recursive: true });
  });

  interface Asked {
    regex?: boolean;
    matchCase?: boolean;
    limit?: number;
    from?: Place;
    before?: number;
  }
  const search = (text: string, { regex = false, matchCase = false, limit = 100, from = start, ...more }: Asked = {}) =>
    searches.find(file, { pattern: { text, regex, matchCase }, limit, from, ...more }, 'owner');
  /** Lines with what was found in them. */
  const found = async (text: string, asked?: Asked) =>
    (await search(text, asked)).hits.map(({ line, spans, from, found }) => {
      const shown = spans.map((span) => span.text).join('');
      return [line, ...found.map(([first, end]) => shown.slice(first - from, end - from))];
    });
  const errorOf = (promise: Promise<unknown>) =>
    promise.then(
      () => expect.fail('it succeeded'),
      (error: unknown) => (error instanceof VoltError ? error : expect.fail(String(error))),
    );

  it('ignores case and colours, and finds all places in a line', async () => {
    await writeFile(file, `a ${ESC}[31mNee${ESC}[0mdle, and a needle\nhay\nNEEDLE at the end`);
    expect(await found('needle')).to.deep.equal([
      [0, 'Needle', 'needle'],
      [2, 'NEEDLE'],
    ]);
    expect(await found('needle', { matchCase: true })).to.deep.equal([[0, 'needle']]);
    expect(await found('a.b')).to.deep.equal([]);
    const [hit] = (await search('needle')).hits;
    expect(hit?.spans).to.deep.equal([
      { text: 'a ', style: '' },
      { text: 'Nee', style: 'f1' },
      { text: 'dle, and a needle', style: '' },
    ]);
    expect(
      await searches.find(
        join(folder, 'none'),
        { pattern: { text: 'x', regex: true, matchCase: false }, limit: 1, from: start },
        '',
      ),
    ).to.deep.equal({ hits: [], next: null });
  });

  it('takes regular expressions, within single lines', async () => {
    await writeFile(file, 'ok 1 - a\nnot ok 22 - b\n\nok 3\n');
    expect(await found('ok \\d+', { regex: true })).to.deep.equal([
      [0, 'ok 1'],
      [1, 'ok 22'],
      [3, 'ok 3'],
    ]);
    expect(await found('^ok', { regex: true })).to.deep.equal([
      [0, 'ok'],
      [3, 'ok'],
    ]);
    expect(await found('^$', { regex: true })).to.deep.equal([[2]]);
    expect(await found('b\\s+ok|[^z]*2', { regex: true })).to.deep.equal([[1, 'not ok 22']]);
    expect(await found('OK', { regex: true, matchCase: true })).to.deep.equal([]);
    const error = await errorOf(search('(', { regex: true }));
    expect([error.code, error.message]).to.deep.equal(['bad_request', 'not a regular expression: Unterminated group']);
  });

  it('finds what the page shows: words for marks, and no text that was overwritten', async () => {
    await writeFile(file, '##[error]no such file\n##[endgroup]\n10%\rdone\nplain error: x\n');
    expect(await found('error: ')).to.deep.equal([
      [0, 'Error: '],
      [3, 'error: '],
    ]);
    for (const hidden of ['endgroup', '##', '10%']) expect(await found(hidden), hidden).to.deep.equal([]);
    expect((await search('error: no')).hits[0]?.mark).to.equal('error');
  });

  it('goes on where it has stopped, and ends before a line', async () => {
    const lines = Array.from({ length: 40_000 }, (_, i) => (i % 1000 === 999 ? `a needle ${i}` : `hay ${i}`));
    await writeFile(file, `${lines.join('\n')}\nneedle at the end`);
    const expected = [...lines.flatMap((line, i) => (line.startsWith('a ') ? [i] : [])), 40_000];
    for (const regex of [false, true]) {
      const all: number[] = [];
      let rounds = 0;
      for (let from: Place | null = start; from; rounds++) {
        const { hits, next }: Awaited<ReturnType<typeof search>> = await search('needle', { limit: 7, from, regex });
        all.push(...hits.map(({ line }) => line));
        from = next;
      }
      expect(all).to.deep.equal(expected);
      expect(rounds).to.equal(6);
      expect(await found('needle', { regex, before: 2000 })).to.deep.equal([
        [999, 'needle'],
        [1999, 'needle'],
      ]);
    }
    const [last] = (await search('needle 39999')).hits;
    expect(last).to.include({ line: 39_999, start: Buffer.byteLength(lines.slice(0, 39_999).join('\n')) + 1 });
  });

  it('gives an expression up that takes too long, and then works again', async () => {
    await writeFile(file, `${'a'.repeat(5000)}!\nafter\n`);
    const error = await errorOf(search('^(a+)+$', { regex: true }));
    expect(error.code).to.equal('bad_request');
    expect(error.message).to.match(/^the expression is too slow for this log: it took longer than 1 s/);
    expect(await found('after', { regex: true })).to.deep.equal([[1, 'after']]);
  });

  it('refuses more expressions than can wait', async () => {
    await writeFile(file, 'x\n');
    const many = await Promise.allSettled(Array.from({ length: 30 }, () => search('x', { regex: true })));
    const refused = many.flatMap((one) => (one.status === 'rejected' ? [(one.reason as VoltError).code] : []));
    expect(refused).to.deep.equal(Array(10).fill('rate_limited'));
  });

  it('shows the part of a long line that it has found', async () => {
    await writeFile(file, `${'x'.repeat(5000)}needle${'y'.repeat(1_000_000)}needle\nnext needle\n`);
    const [long, next] = (await search('needle')).hits;
    expect(long).to.deep.include({ line: 0, from: 4920, found: [[5000, 5006]] });
    expect(long?.spans.map(({ text }) => text).join('')).to.equal(`${'x'.repeat(80)}needle${'y'.repeat(914)}`);
    expect(next?.line).to.equal(1);
  });

  it('sees the same text as the page', () => {
    const pieces = [
      `${ESC}]8;;http://x${ESC}\\`,
      `${ESC}[31m`,
      `${ESC}[3`,
      `${ESC}(B`,
      `${ESC}M`,
      `${ESC}]0;t\u0007`,
      '\r',
      'ab',
      '\u0007',
      '\u009b',
      '##[error]',
      '##[endgroup]',
      '\t',
      'é',
      '\u0000',
    ];
    let seed = 11;
    const random = (below: number) => {
      // a linear congruential generator, so that a failure comes again
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let round = 0; round < 5000; round++) {
      const text = Array.from({ length: 7 }, () => pieces[random(pieces.length)]).join('');
      const [line = []] = new Terminal().write(`${text}\n`);
      const shown = logLine(line)
        .spans.map((span) => span.text)
        .join('');
      expect(shownText(text), JSON.stringify(text)).to.equal(shown);
    }
    const long = 'z'.repeat(20_000);
    expect(shownText(long)).to.equal(`${'z'.repeat(10_000)} …`);
  });
});
