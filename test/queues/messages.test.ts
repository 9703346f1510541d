import { expect } from 'chai';
import type * as z from 'zod';
import { newStep } from '../../src/kernel/model.ts';
import { advanceMessage, commitMessage, jobMessage, observeMessage, resultMessage } from '../../src/queues/messages.ts';

const sha = 'a'.repeat(40);
const at = '2026-01-02T03:04:05.678Z';
const runner = { id: 'box~1', name: 'box', host: 'box' };
const attempt = { v: 1, job: '1-1', attempt: 1, runner };

const step = { ...newStep('test'), status: 'success', exitCode: 0, startedAt: at, finishedAt: at };
const job = {
  v: 1,
  job: '1-1',
  attempt: 1,
  build: '1',
  name: 'test',
  labels: ['gpu', 'host:box'],
  repo: { name: 'app', url: '/srv/app' },
  ref: 'refs/heads/main',
  sha,
  plan: { kind: 'command', command: 'make test' },
  trust: { trusted: true, class: 'default' },
  timeout: 60,
};
const commit = {
  v: 1,
  repo: 'app',
  ref: 'refs/heads/main',
  sha,
  subject: 's',
  author: 'a',
  committedAt: at,
  trigger: 'commit',
  passedOver: 0,
  more: false,
};

/** A good message of each kind. */
const good: [string, z.ZodType, object][] = [
  ['observe', observeMessage, { v: 1, repo: 'app', cause: 'schedule' }],
  ['commits', commitMessage, { ...commit, cursor: { generation: 1, before: { generation: 0, sha } } }],
  ['commits, of a new ref', commitMessage, { ...commit, cursor: { generation: 0, before: null } }],
  ['commits, of a person', commitMessage, { ...commit, trigger: 'manual', intent: 7 }],
  ['advance', advanceMessage, { v: 1, build: '1' }],
  ['jobs', jobMessage, job],
  ['jobs, to be discovered', jobMessage, { ...job, plan: { kind: 'discover' } }],
  ['started', resultMessage, { ...attempt, kind: 'started', at }],
  [
    'steps',
    resultMessage,
    {
      ...attempt,
      kind: 'steps',
      revision: 1,
      steps: [step, { ...step, exitCode: null, startedAt: null, finishedAt: null }],
    },
  ],
  [
    'finished',
    resultMessage,
    {
      ...attempt,
      kind: 'finished',
      status: 'failure',
      reason: 'exit_code',
      message: 'no',
      exitCode: 1,
      steps: [step],
      logBytes: 5,
      startedAt: at,
      finishedAt: at,
    },
  ],
  ['returned', resultMessage, { ...attempt, kind: 'returned', message: 'stopping', at }],
  [
    'decided',
    resultMessage,
    { v: 1, kind: 'decided', job: '1-1', attempt: 0, status: 'skipped', reason: 'needs_failed', message: 'no', at },
  ],
];

describe('messages', () => {
  for (const [name, schema, message] of good) {
    it(`of "${name}" arrive as they were sent`, () => {
      expect(schema.parse(JSON.parse(JSON.stringify(message)))).to.deep.equal(message);
    });

    it(`of "${name}" are refused in another version or without a version`, () => {
      for (const v of [0, 2, '1', null, undefined])
        expect(schema.safeParse({ ...message, v }).success, String(v)).to.equal(false);
    });

    it(`of "${name}" are refused without a required field`, () => {
      for (const key of Object.keys(message).filter((part) => !['cursor', 'intent', 'trust'].includes(part))) {
        expect(schema.safeParse({ ...message, [key]: undefined }).success, key).to.equal(false);
      }
    });

    it(`of "${name}" lose unknown fields`, () => {
      expect(schema.parse({ ...message, password: 'secret' })).to.deep.equal(message);
    });
  }

  const bad: [string, z.ZodType, object, object][] = [
    ['a repository that is a path', observeMessage, good[0]?.[2] ?? {}, { repo: '../x' }],
    ['a commit that is a name', commitMessage, commit, { sha: 'HEAD' }],
    ['a short commit', jobMessage, job, { sha: 'abc123' }],
    ['a job whose id is a path', jobMessage, job, { job: '1-1/../../x' }],
    ['an attempt below 1', jobMessage, job, { attempt: 0 }],
    ['a label that holds a separator', jobMessage, job, { labels: ['a+b'] }],
    ['a plan of a kind that is not known', jobMessage, job, { plan: { kind: 'magic' } }],
    ['an empty command', jobMessage, job, { plan: { kind: 'command', command: '' } }],
    ['trust without a class', jobMessage, job, { trust: { trusted: true } }],
    ['a timeout of nothing', jobMessage, job, { timeout: 0 }],
    ['a time that is none', commitMessage, commit, { committedAt: 'yesterday' }],
    ['a negative length', resultMessage, good[9]?.[2] ?? {}, { logBytes: -1 }],
    ['an outcome that is not final', resultMessage, good[9]?.[2] ?? {}, { status: 'running' }],
    ['a reason that nobody knows', resultMessage, good[9]?.[2] ?? {}, { reason: 'bad_luck' }],
    ['a text without end', resultMessage, good[10]?.[2] ?? {}, { message: 'x'.repeat(10_001) }],
  ];
  for (const [what, schema, message, change] of bad) {
    it(`with ${what} are refused`, () => {
      expect(schema.safeParse(message).success).to.equal(true);
      expect(schema.safeParse({ ...message, ...change }).success).to.equal(false);
    });
  }

  it('of a job without a trust class, as of an older Volt, are untrusted', () => {
    const { trust: _, ...older } = job;
    expect(jobMessage.parse(older).trust).to.deep.equal({ trusted: false, class: job.ref });
  });
});
