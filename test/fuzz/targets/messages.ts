import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import type * as z from 'zod';
import { logFile } from '../../../src/kernel/data-paths.ts';
import type { AttemptRef } from '../../../src/kernel/model.ts';
import { readable, whyNotUnderstood } from '../../../src/queues/dead-letters.ts';
import {
  advanceMessage,
  commitMessage,
  jobMessage,
  observeMessage,
  resultMessage,
  secretsMessage,
} from '../../../src/queues/messages.ts';
import { Archive } from '../../../src/reporter/archive.ts';
import { TestFolders } from '../../support/folder.ts';
import { type Target, target } from '../target.ts';
import { anyBytes, anyText } from '../texts.ts';

const at = '2026-01-02T03:04:05.000Z';
const sha = 'a'.repeat(40);
const runner = { id: 'r~1', name: 'r', host: 'h' };
const step = { name: 's', status: 'success', exitCode: 0, startedAt: at, finishedAt: at };
const tests = { summary: { passed: 0, failed: 0, skipped: 0, total: 0, listed: 0 }, lines: '' };

/** One message of each kind. */
const good: [z.ZodType, object][] = [
  [observeMessage, { v: 1, repo: 'app', cause: 'schedule' }],
  [advanceMessage, { v: 1, build: '7' }],
  [
    commitMessage,
    {
      ...{
        v: 1,
        repo: 'app',
        ref: 'refs/heads/main',
        sha,
        subject: 's',
        author: 'A',
        committedAt: at,
        trigger: 'commit',
      },
      ...{ passedOver: 0, more: false, cursor: { generation: 0, before: { generation: 0, sha } } },
      workflows: { files: [{ path: 'a.yml', text: 'on: push' }], changed: ['a'], defaultBranch: 'main' },
      event: { name: 'workflow_dispatch', workflow: 'a.yml', inputs: { a: 'b' } },
    },
  ],
  [
    jobMessage,
    {
      ...{ v: 1, job: '7-1', attempt: 1, build: '7', name: 'test', labels: ['linux'], ref: 'refs/heads/main', sha },
      ...{ repo: { name: 'app', url: 'https://example.com/app' }, plan: { kind: 'discover' }, timeout: 60 },
    },
  ],
  [secretsMessage, { v: 1, job: '7-1', attempt: 1, runner: 'r~1', kind: 'secrets' }],
  [resultMessage, { v: 1, kind: 'started', job: '7-1', attempt: 1, runner, at }],
  [resultMessage, { v: 1, kind: 'steps', job: '7-1', attempt: 1, runner, revision: 1, steps: [step] }],
  [
    resultMessage,
    {
      ...{ v: 1, kind: 'finished', job: '7-1', attempt: 1, runner, status: 'success', reason: null, message: null },
      ...{ exitCode: 0, steps: [step], tests, logBytes: 3, startedAt: at, finishedAt: at, outputs: { a: 'b' } },
    },
  ],
  [resultMessage, { v: 1, kind: 'returned', job: '7-1', attempt: 1, runner, message: 'm', at }],
  [
    resultMessage,
    { v: 1, kind: 'decided', job: '7-1', attempt: 0, status: 'skipped', reason: 'needs_failed', message: 'm', at },
  ],
];

const strange: fc.Arbitrary<unknown> = fc.oneof(
  anyText(6),
  fc.double(),
  fc.constantFrom<unknown>(null, true, -1, 1e21, [], {}, '9'.repeat(400), [[[[]]]]),
  fc.jsonValue(),
);

/** A copy with another value at one path, which numbers choose. */
function changed(message: unknown, way: readonly number[], value: unknown): unknown {
  const [step, ...rest] = way;
  if (step === undefined || typeof message !== 'object' || message === null) return value;
  const keys = Object.keys(message);
  if (keys.length === 0) return value;
  const key = keys[step % keys.length] as string;
  const copy = (Array.isArray(message) ? [...message] : { ...message }) as { [key: string]: unknown };
  copy[key] = rest.length === 0 ? value : changed(copy[key], rest, value);
  return copy;
}

const log = fc.record({
  bytes: anyBytes(anyText(30)),
  sent: fc.array(fc.tuple(fc.nat(1000), fc.nat(200)), { maxLength: 20 }),
});

export const messageTargets: Target[] = [
  target(
    'messages',
    'a message of any content is understood or set aside with a sentence, and never breaks who takes it',
    1000,
    fc.tuple(fc.constantFrom(...good), fc.array(fc.nat(20), { maxLength: 4 }), strange),
    ([[schema, message], way, value]) => {
      expect(schema.safeParse(message).success, JSON.stringify(message)).to.equal(true);
      const text = JSON.stringify(changed(message, way, value)) ?? 'null';
      const parsed = schema.safeParse(JSON.parse(text));
      if (!parsed.success) expect(whyNotUnderstood(parsed.error)).to.match(/\S/);
      // invalid JSON is wrapped, so that people can see it
      for (const data of [text, text.slice(0, text.length / 2), text.slice(1)])
        expect(() => JSON.parse(readable({ data } as never).data || '{}')).to.not.throw();
    },
  ),
  {
    name: 'archive',
    holds: 'an archived log is the beginning of the log, whatever pieces come how often and in what order',
    runs: 40,
    open() {
      const folders = new TestFolders();
      const dataDir = folders.make();
      let number = 0;
      const property = fc.asyncProperty(log, async ({ bytes, sent }) => {
        const ref = { job: `${++number}-1`, attempt: 1 } as AttemptRef;
        const archive = new Archive(dataDir);
        const kept = () => readFileSync(logFile(dataDir, ref));
        for (const [from, length] of sent) {
          const offset = from % (bytes.length + 1);
          const known = await archive.append(ref, offset, bytes.subarray(offset, offset + length), Date.now());
          expect(kept().equals(bytes.subarray(0, known))).to.equal(true);
        }
        // another reporter continues where that one ended
        await archive.close();
        const other = new Archive(dataDir);
        await other.append(ref, 0, bytes);
        expect(kept().equals(bytes)).to.equal(true);
        await other.close();
      });
      return { property, close: async () => folders.remove() };
    },
  },
];
