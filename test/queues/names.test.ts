import { expect } from 'chai';
import type { JobId } from '../../src/kernel/model.ts';
import { labelPattern, parseLabels } from '../../src/kernel/names.ts';
import type { CommitMessage, ResultMessage } from '../../src/queues/messages.ts';
import { jobQueue, messageIds, observeQueue } from '../../src/queues/names.ts';

/** Every set that can be made of these labels, in canonical order. */
function setsOf(labels: string[]): string[][] {
  return Array.from({ length: 2 ** labels.length }, (_, bits) =>
    parseLabels(labels.filter((_label, index) => bits & (2 ** index))),
  );
}

describe('the queue of a set of labels', () => {
  // a label may hold anything that the name of a queue uses, but "+" and "="
  const sets = setsOf(['a', 'b', 'a.b', 'a-b', 'a_b', 'a:b', 'b:a', 'jobs', '0']);

  it('differs from that of any other set', () => {
    expect(new Set(sets.map(jobQueue)).size).to.equal(sets.length);
  });

  it('has a name that BullMQ takes', () => {
    for (const set of sets) expect(jobQueue(set)).to.match(/^jobs(\.[a-z0-9._=+-]+)?$/);
  });

  it('uses separators that no label contains', () => {
    for (const separator of ['+', '=']) expect(`a${separator}b`).to.not.match(labelPattern);
  });

  it('without labels is "jobs"', () => {
    expect(jobQueue([])).to.equal('jobs');
  });
});

describe('the queue of polls', () => {
  it('is the same for all URLs, and another one for each machine with local repositories', () => {
    expect(observeQueue(null)).to.equal('observe');
    expect(observeQueue('Build1.example.org')).to.equal('observe.build1.example.org');
    expect(observeQueue('::1')).to.not.include(':');
  });
});

describe('ids of messages', () => {
  const commit = (change: Partial<CommitMessage> = {}) =>
    messageIds.commit({
      repo: 'app',
      ref: 'refs/heads/main',
      sha: 'a'.repeat(40),
      cursor: { generation: 0, before: null },
      ...change,
    });
  const results = (['started', 'steps', 'finished', 'returned'] as const).map((kind) => ({
    kind,
    job: '7-1' as JobId,
    attempt: 2,
  }));
  const decided = { kind: 'decided', job: '7-1' as JobId, attempt: 0 };
  const result = (message: object, revision = 1) => messageIds.result({ ...message, revision } as ResultMessage);

  it('are accepted by BullMQ: without ":", and not a number alone', () => {
    const strange = { ref: 'refs/heads/a:b', repo: 'app' };
    const ids = [
      commit(strange),
      messageIds.commit({ repo: '1', ref: 'x', sha: 'a'.repeat(40), intent: 5 }),
      messageIds.job({ job: '7-1' as JobId, attempt: 2 }),
      ...[...results, decided].map((message) => result(message, 3)),
    ];
    for (const id of ids)
      expect(id)
        .to.match(/^[^:]+$/)
        .and.not.match(/^\d+$/);
  });

  it('distinguish commits by repository, ref, sha and generation', () => {
    const different = [
      {},
      { repo: 'other' },
      { ref: 'refs/heads/other' },
      { sha: 'b'.repeat(40) },
      { cursor: { generation: 1, before: null } },
    ];
    expect(new Set(different.map(commit)).size).to.equal(different.length);
  });

  it('of a commit do not depend on its subject and author', () => {
    const before = { generation: 0, sha: 'c'.repeat(40) };
    expect(commit({ cursor: { generation: 0, before } })).to.equal(commit());
  });

  it('of requests of persons are unique for each request', () => {
    const base = { repo: 'app', ref: 'refs/heads/main', sha: 'a'.repeat(40) };
    const ids = [1, 2].map((intent) => messageIds.commit({ ...base, intent }));
    expect(new Set([...ids, commit()]).size).to.equal(3);
  });

  it('of results are one for each kind and attempt, and one for each revision of the steps', () => {
    const ids = [...results, { ...results[0], attempt: 3 }, decided].map((message) => result(message));
    expect(new Set(ids).size).to.equal(ids.length);
    expect(result(results[0] as object, 1)).to.equal(result(results[0] as object, 2));
    expect(result(results[1] as object, 1)).to.not.equal(result(results[1] as object, 2));
  });
});
