import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import type { TestResult } from '../../src/kernel/model.ts';
import { packTests, unpackTests } from '../../src/queues/packed-tests.ts';
import { noFailure } from '../support/test-result.ts';

const result = (name: string, change: Partial<TestResult> = {}): TestResult => ({
  ...{ suite: 'sum', name, file: null, status: 'passed', duration: null, ...noFailure },
  ...change,
});
const summaryOf = (total: number) => ({ passed: total, failed: 0, skipped: 0, total, listed: total });

async function unpacked(packed: Parameters<typeof unpackTests>[0]): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for await (const batch of unpackTests(packed)) results.push(...batch);
  return results;
}

describe('results of single tests in a message', () => {
  it('are unpacked as they were packed, in order', async () => {
    const results = Array.from({ length: 1234 }, (_, index) => result(`é "${index}"\n`, { duration: index / 3 }));
    const packed = await packTests({ summary: summaryOf(1234), results }, 1_000_000);
    expect(packed.summary.listed).to.equal(1234);
    expect(await unpacked(packed)).to.deep.equal(results);
    expect(await unpacked(await packTests({ summary: summaryOf(0), results: [] }, 100))).to.deep.equal([]);
  });

  it('fit ten thousand usual tests', async () => {
    const results = Array.from({ length: 10_000 }, (_, index) =>
      result(`does what it should with the input ${index}`, {
        suite: `module ${index % 100} > part`,
        duration: index % 97,
      }),
    );
    const { summary, lines } = await packTests({ summary: summaryOf(10_000), results }, 1_000_000);
    expect(summary.listed).to.equal(10_000);
    expect(lines.length).to.be.lessThan(250_000);
  });

  it('lose details first if they are too large, then passed tests, and count what is left', async () => {
    const noise = () => randomBytes(1500).toString('base64');
    const results = Array.from({ length: 400 }, (_, index) =>
      index % 4 === 0
        ? result(`f${index}`, { status: 'failed', details: noise(), message: 'no' })
        : result(`p${index}`),
    );
    const whole = await packTests({ summary: summaryOf(400), results }, 1_000_000);
    const less = await packTests({ summary: summaryOf(400), results }, 20_000);
    expect(less.lines.length).to.be.lessThan(20_000);
    expect(less.summary).to.deep.equal(whole.summary);
    expect((await unpacked(less))[0]).to.include({ status: 'failed', message: 'no', details: null });
    const least = await packTests({ summary: summaryOf(400), results }, 1000);
    const kept = await unpacked(least);
    expect(least.summary).to.include({ total: 400, listed: kept.length });
    expect(kept.length).to.be.within(1, 200);
    const failed = kept.filter(({ status }) => status === 'failed').length;
    expect(failed).to.equal(Math.min(kept.length, 100));
  });

  it('are refused if they are malformed', async () => {
    const lines = (text: string) => ({ summary: summaryOf(1), lines: gzipSync(text).toString('base64') });
    for (const text of ['{}\n', 'nothing', '[1]\n']) {
      const error = await unpacked(lines(text)).catch((thrown: unknown) => thrown);
      expect(error, text).to.be.instanceOf(Error);
    }
  });
});
