import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  attemptName,
  type BuildId,
  buildIdOf,
  finalStatuses,
  isFinal,
  type JobId,
  jobIdOf,
  moves,
  parseAttemptName,
  parseBuildId,
  parseJobId,
  type Status,
  statuses,
  statusesBefore,
  statusWords,
} from '../../src/kernel/model.ts';

/** What is not an id, in the ways in which people and attackers write it. */
const notNumbers = [
  '',
  ' ',
  '0',
  '01',
  '-1',
  '+1',
  '1.0',
  '1e3',
  '0x1',
  ' 1',
  '1 ',
  '1\n',
  '１',
  'one',
  '../1',
  '1/../2',
  '1\0',
  '%31',
];

describe('statuses and their moves', () => {
  const before: Record<Status, Status[]> = {
    waiting: [],
    queued: ['waiting', 'running'],
    running: ['queued'],
    success: ['queued', 'running'],
    failure: ['queued', 'running'],
    error: ['waiting', 'queued', 'running'],
    cancelled: ['waiting', 'queued', 'running'],
    skipped: ['waiting', 'queued', 'running'],
  };
  for (const status of statuses) {
    it(`${status} is reached from ${before[status].join(', ') || 'nowhere'} only`, () => {
      expect(statusesBefore(status)).to.have.members(before[status]);
    });
  }

  it('a final status never moves', () => {
    for (const status of statuses) expect(moves[status].length === 0, status).to.equal(isFinal(status));
  });

  it('exactly the five final statuses are final', () => {
    expect(statuses.filter(isFinal)).to.have.members([...finalStatuses]);
  });

  it('all have words for people, which docs/running.md explains', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/running.md'), 'utf8');
    for (const status of statuses) expect(page).to.contain(`\n| ${statusWords[status]} | \`${status}\` |`);
  });

  it('no job becomes a success or a failure without having been queued', () => {
    expect(moves.waiting).to.not.include.members(['success']);
    expect(moves.waiting).to.not.include.members(['failure']);
  });
});

describe('ids', () => {
  it('a build is a decimal number', () => {
    for (const text of ['1', '42', '999999999999999']) expect(parseBuildId(text)).to.equal(text);
    for (const text of [...notNumbers, '1-1', '1'.repeat(16), '1'.repeat(100_000)]) {
      expect(parseBuildId(text), JSON.stringify(text.slice(0, 20))).to.equal(undefined);
    }
  });

  it('a job is its build and a position', () => {
    for (const text of ['1-1', '42-17', '999999999999999-99999']) expect(parseJobId(text)).to.equal(text);
    const positions = notNumbers.flatMap((part) => [`1-${part}`, `${part}-1`]);
    for (const text of [
      ...positions,
      '1',
      '1-',
      '-1',
      '1--1',
      '1-1-1',
      '1_1',
      '1-100000',
      `1-${'1'.repeat(100_000)}`,
    ]) {
      expect(parseJobId(text), JSON.stringify(text.slice(0, 20))).to.equal(undefined);
    }
  });

  it('a job leads back to its build', () => {
    const id = jobIdOf('42' as BuildId, 3);
    expect(parseJobId(id)).to.equal('42-3');
    expect(buildIdOf(id)).to.equal('42');
  });

  it('an attempt can be read back from its name', () => {
    const ref = { job: '42-3' as JobId, attempt: 12 };
    expect(attemptName(ref)).to.equal('42-3.12');
    expect(parseAttemptName('42-3.12')).to.deep.equal(ref);
  });

  it('any other text is not the name of an attempt', () => {
    const numbers = notNumbers.flatMap((part) => [`1-1.${part}`, `${part}.1`]);
    for (const text of [...numbers, '1-1', '1-1.', '.1', '.', '1-1.1.1', '1-1.1234567', '1-1.1/../../x', '../1-1.1']) {
      expect(parseAttemptName(text), JSON.stringify(text)).to.equal(undefined);
    }
  });
});
