import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import type { BuildId, JobId } from '../../src/kernel/model.ts';
import { makeNotices } from '../../src/notifier/make-notices.ts';
import { NoticeDelivery } from '../../src/notifier/notice-delivery.ts';
import { sendersWith } from '../../src/notifier/targets/send.ts';
import type { Database } from '../../src/record/database.ts';
import { releaseHolds } from '../../src/record/holds.ts';
import { openRetry } from '../../src/record/intents.ts';
import { queueJob } from '../../src/record/job-transitions.ts';
import { addNoticeTarget } from '../../src/record/notice-targets.ts';
import { listNotices } from '../../src/record/notices.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { endBuild } from '../support/ended-build.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { recordedBuild, withRecord } from '../support/record.ts';

/** How many builds there are, and what decides their order and verdicts. */
const builds = 250;
const seed = 2026;

type Verdict = 'success' | 'failure' | 'error';
interface Begun {
  id: BuildId;
  branch: string;
  author: string;
  verdict: Verdict | undefined;
  attempt: number;
}

/**
 * What a reader who knows all ends so far expects to be told when a build ends. It is written the other way round than Volt: from
 * the whole history of the branch, each time.
 */
class Expectation {
  readonly told: string[] = [];
  readonly #states = new Map<string, { isBroken: boolean | undefined; lastWasError: boolean }>();

  ended(build: Begun, before: Verdict | undefined, all: readonly Begun[]): void {
    const ofBranch = all.filter(({ branch }) => branch === build.branch);
    const state = this.#states.get(build.branch) ?? { isBroken: undefined, lastWasError: false };
    const decided = ofBranch.filter(({ verdict }) => verdict === 'success' || verdict === 'failure');
    const newest = decided.at(-1);
    if (build.verdict === 'error') {
      if (!state.lastWasError && before !== 'error') this.#tell(build, 'error');
      this.#states.set(build.branch, { ...state, lastWasError: true });
      return;
    }
    const isBroken = newest?.verdict === 'failure';
    this.#states.set(build.branch, { isBroken, lastWasError: false });
    if (build !== newest && !isBroken) return;
    if (build.verdict === 'success') {
      if (build === newest && state.isBroken) this.#tell(build, 'fixed');
      return;
    }
    if (state.isBroken !== true) {
      this.#tell(build, state.isBroken === undefined ? 'failing' : 'broken');
      return;
    }
    // somebody else fails on a broken branch
    const lastGood = ofBranch.findLastIndex(({ verdict }) => verdict === 'success');
    if (ofBranch.indexOf(build) < lastGood || before === 'failure') return;
    const failed = ofBranch.slice(lastGood + 1).filter((each) => each.verdict === 'failure' && each !== build);
    if (!failed.some(({ author }) => author === build.author)) this.#tell(build, 'still_broken');
  }

  #tell({ id }: Begun, event: string): void {
    this.told.push(`${id} ${event}`);
  }
}

describe('over some hundred builds with retries, kills and a target that fails, notices', function () {
  this.timeout(180_000);
  let database: Database;
  let config: Config;
  let receiver: NoticeReceiver;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error' });
  });
  beforeEach(async () => {
    receiver = await NoticeReceiver.start();
  });
  afterEach(() => receiver.stop());

  it('are what was to be told, none missing and none doubled', async () => {
    let state = seed;
    /** @see G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (2003) */
    const random = (below: number) => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state >>> 0) % below;
    };
    await addNoticeTarget(database, config, {
      ...{
        name: 'team',
        kind: 'webhook',
        shown: '',
        mayBePrivate: true,
        createdBy: 'owner',
        options: {},
        on: 'change',
      },
      address: { to: receiver.url, secret: `whsec_${randomBytes(24).toString('base64')}` },
      ...{ repos: [], branches: ['**'] },
    });
    const expected = new Expectation();
    const all: Begun[] = [];
    const open: Begun[] = [];
    const senders = sendersWith(config, () => 'https://ci.example.org');
    const context = { config, database, senders, logger: createLogger('silent'), site: () => 'https://ci.example.org' };
    let notifiers = 0;
    let delivery = new NoticeDelivery({ ...context, holder: 'n0' }, 'team');
    const restart = async () => {
      // a notifier that was killed holds its targets for a while
      await releaseHolds(database, `n${notifiers}`);
      delivery = new NoticeDelivery({ ...context, holder: `n${++notifiers}` }, 'team');
    };
    const deliver = async () => {
      const killed = new AbortController();
      if (random(4) === 0) setImmediate(() => killed.abort());
      receiver.answer = { status: random(5) === 0 ? 503 : 200 };
      await makeNotices(database, killed.signal);
      await delivery.deliver(killed.signal);
      if (killed.signal.aborted) await restart();
      if (random(3) === 0)
        await database.db.updateTable('notices').set({ due_at: 1 }).where('due_at', 'is not', null).execute();
    };
    const end = async (build: Begun) => {
      // an error after a failure would leave the reader with the failure
      const possible = (['success', 'success', 'failure', 'failure', 'error'] as const).slice(
        0,
        build.verdict === 'failure' ? 4 : 5,
      );
      const verdict = possible[random(possible.length)] ?? 'success';
      await endBuild(database, build.id, verdict, { attempt: build.attempt });
      const before = build.verdict;
      build.verdict = verdict;
      expected.ended(build, before, all);
    };
    while (all.length < builds || open.length > 0) {
      if (all.length < builds && (open.length === 0 || random(2) === 0)) {
        const about = { branch: `b${random(3)}`, author: `a${random(4)}` };
        const planned = { ref: `refs/heads/${about.branch}`, authorAddress: `${about.author}@example.org` };
        const build = { id: await recordedBuild(database, planned), ...about, verdict: undefined, attempt: 1 };
        all.push(build);
        open.push(build);
      } else {
        const [build] = open.splice(random(open.length), 1);
        if (!build) continue;
        await end(build);
        // a retry of a build that is not the newest says nothing new of its branch
        const isNewest = all.filter(({ branch, verdict }) => branch === build.branch && verdict).at(-1) === build;
        if (isNewest && build.verdict !== 'success' && random(4) === 0) {
          const id = await openRetry(database, 'app', build.id, { job: null, failedOnly: false });
          await retryJobs(database, { id, build: build.id }, (jobs) => jobs.map((job) => job.id));
          await queueJob(database, `${build.id}-1` as JobId);
          build.attempt++;
          await deliver();
          await end(build);
        }
      }
      await deliver();
    }
    receiver.answer = { status: 200 };
    await restart();
    await makeNotices(database, new AbortController().signal);
    await database.db.updateTable('notices').set({ due_at: 1 }).where('due_at', 'is not', null).execute();
    await delivery.deliver(new AbortController().signal);
    const log = (await listNotices(database, { limit: 500 })).reverse();
    const made = log.map(({ about, event }) => `${about?.build} ${event}`);
    expect(made).to.deep.equal(expected.told);
    expect(log.filter(({ state }) => state === 'waiting')).to.deep.equal([]);
    const sent = log.filter((each) => each.state === 'sent').map(({ id }) => `team.${id}`);
    const received = receiver.received.map(({ headers }) => String(headers['webhook-id']));
    for (const id of sent) expect(received).to.include(id);
    expect(received.filter((id) => !log.some((each) => `team.${each.id}` === id))).to.deep.equal([]);
    expect(sent.length).to.be.greaterThan(20);
  });
});
