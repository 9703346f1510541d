import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import * as z from 'zod';
import { testResult, testSummary } from '../kernel/model/shapes.ts';
import type { JobTests, TestResult } from '../kernel/model.ts';

/**
 * Results of single tests in a message: one line of JSON each, compressed, so that ten thousand results fit into the message
 * of the attempt's outcome, and need no messages of their own.
 */

export const packedTests = z.object({
  summary: testSummary,
  /** base64 of gzip */
  lines: z.base64().max(1_048_576),
});
export type PackedTests = z.infer<typeof packedTests>;

/** Most bytes of unpacked results. */
const mostBytes = 64 * 1024 * 1024;
/** Results that are handled at a time. */
const batch = 100;

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** What is left out, step by step, if the results are too large. */
const lighter: readonly ((results: TestResult[]) => TestResult[])[] = [
  (results) => results,
  (results) => results.map((result) => ({ ...result, details: result.details?.slice(0, 1000) ?? null })),
  (results) => results.map((result) => ({ ...result, details: null, message: result.message?.slice(0, 200) ?? null })),
];

/** @param limit most bytes in the message; results that do not fit are left out, and `listed` counts the rest */
export async function packTests({ summary, results }: JobTests, limit: number): Promise<PackedTests> {
  let kept = results;
  for (let step = 0; ; step++) {
    const lighten = lighter[step];
    if (lighten) kept = lighten(results);
    else {
      // failed tests are kept longest
      const ordered = [...kept].sort((a, b) => weight(b) - weight(a));
      kept = ordered.slice(0, Math.floor(kept.length / 2));
    }
    const lines = (await compress(await linesOf(kept))).toString('base64');
    if (lines.length <= limit || kept.length === 0) return { summary: { ...summary, listed: kept.length }, lines };
  }
}

/**
 * Unpacks the results, some at a time, so that many of them do not block the event loop.
 * @throws Error if they were not made by `packTests`
 */
export async function* unpackTests({ lines }: PackedTests): AsyncGenerator<TestResult[]> {
  const text = (await decompress(Buffer.from(lines, 'base64'), { maxOutputLength: mostBytes })).toString();
  let results: TestResult[] = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    results.push(testResult.parse(JSON.parse(text.slice(from, end))));
    from = end + 1;
    if (results.length < batch && from < text.length) continue;
    yield results;
    results = [];
    await setImmediate();
  }
}

async function linesOf(results: TestResult[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let from = 0; from < results.length; from += batch) {
    const lines = results.slice(from, from + batch).map((result) => `${JSON.stringify(result)}\n`);
    parts.push(Buffer.from(lines.join('')));
    await setImmediate();
  }
  return Buffer.concat(parts);
}

function weight({ status }: TestResult): number {
  return status === 'failed' || status === 'error' ? 1 : 0;
}
