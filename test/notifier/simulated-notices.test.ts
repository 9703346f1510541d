import { expect } from 'chai';
import { type Config, loadConfig } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import type { Notice } from '../../src/kernel/model/notice-shapes.ts';
import type { JobId } from '../../src/kernel/model.ts';
import { makeNotices } from '../../src/notifier/make-notices.ts';
import { NoticeDelivery } from '../../src/notifier/notice-delivery.ts';
import { type Senders, sendersWith } from '../../src/notifier/targets/send.ts';
import type { Database } from '../../src/record/database.ts';
import { releaseHolds } from '../../src/record/holds.ts';
import { openRetry } from '../../src/record/intents.ts';
import { queueJob } from '../../src/record/job-transitions.ts';
import { mute, unmute } from '../../src/record/notice-mutes.ts';
import { changeNoticeTarget } from '../../src/record/notice-targets.ts';
import { listNotices } from '../../src/record/notices.ts';
import { retryJobs } from '../../src/record/retries.ts';
import { endBuild } from '../support/ended-build.ts';
import { MailServer } from '../support/mail-server.ts';
import { NoticeReceiver } from '../support/notice-receiver.ts';
import { Noticing } from '../support/noticing.ts';
import { recordedBuild, withRecord } from '../support/record.ts';
import { type Begun, ExpectedNotices } from './expected-notices.ts';

/** How many builds there are, and what decides their order, verdicts and faults. */
const builds = 1000;
const seeds = [2026];

const branches = ['b0', 'b1', 'b2'];
const authors = ['a0', 'a1', 'a2', 'a3'].map((name) => `${name}@example.org`);

const owner = 'owner@example.org';

/** A test that is known to be flaky. */
const flakyTest = 'sometimes fails';

/** Xorshift. @see G. Marsaglia, Xorshift RNGs, Journal of Statistical Software 8 (2003) */
function randomBy(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What happens instead of the rest when a notifier is killed. */
class Killed extends Error {}

describe('over a thousand builds with retries, flaky tests, faults, kills, quiet hours and mutes, notices by two notifiers', function () {
  this.timeout(600_000);
  let database: Database;
  let config: Config;
  let receiver: NoticeReceiver;
  let mail: MailServer;
  withRecord((opened, dataDir) => {
    database = opened;
    config = loadConfig({ dataDir, logLevel: 'error', smtpUrl: mail.url, mailFrom: 'volt@example.org' });
  });
  before(async () => {
    mail = await MailServer.start();
  });
  after(() => mail.stop());
  beforeEach(async () => {
    mail.received.length = 0;
    receiver = await NoticeReceiver.start();
  });
  afterEach(() => receiver.stop());

  for (const seed of seeds) {
    it(`are what was to be told, none missing and none doubled (seed ${seed})`, async () => {
      const random = randomBy(seed);
      const noticing = new Noticing({ database, config });
      await noticing.add(receiver.url, { branches: ['**'] });
      await noticing.addMail('committers', {
        ...{ branches: ['**'], options: { domains: ['example.org'], owners: [owner] } },
      });
      const expected = new ExpectedNotices();
      await knowFlakyTest();
      const all: Begun[] = [];
      const open: Begun[] = [];
      const muted = new Set<string>();
      /** ids of mails in the order in which they were taken, with what was muted then */
      const takenWhileMuted: string[] = [];
      let kills = 0;
      const site = () => 'https://ci.example.org';
      const real = sendersWith(config, site);
      const wrap = (send: Senders['mail']): Senders['mail'] => {
        return async (message, destination) => {
          const fate = random(12);
          // killed before the notice is sent, or after, before that is noted
          if (fate === 0) throw new Killed();
          await send(message, destination);
          if (message.about && muted.has(`${destination.recipient} ${message.about.branch}`))
            takenWhileMuted.push(message.id);
          if (fate === 1) throw new Killed();
        };
      };
      const senders = { ...real, mail: wrap(real.mail), webhook: wrap(real.webhook) };
      const logger = createLogger('silent');
      const notifiers = ['n0', 'n1'];
      const notify = async (index: number) => {
        const stopping = new AbortController();
        await makeNotices(database, stopping.signal);
        for (const name of ['team', 'mail']) {
          const holder = `${notifiers[index]}`;
          const context = { config, database, senders, logger, site, holder, spacing: {} };
          await new NoticeDelivery(context, name).deliver(stopping.signal).catch(async (error) => {
            if (!(error instanceof Killed)) throw error;
            kills++;
            // its hold ends by itself, after a while
            await releaseHolds(database, holder);
            notifiers[index] = `n${index}-${kills}`;
          });
        }
      };
      const later = () => noticing.later();
      const deliver = async () => {
        receiver.answer = { status: random(5) === 0 ? 503 : 200 };
        receiver.hangUp = random(10) === 0;
        mail.refuses = random(6) === 0 ? () => 451 : () => undefined;
        if (random(15) === 0) {
          const quiet = random(2) === 0 ? { from: '00:00', to: '23:59' } : null;
          await changeNoticeTarget(database, config, 'team', { by: null, options: { quiet } });
        }
        if (random(20) === 0) await toggleMute();
        await Promise.all([notify(0), notify(1)]);
        if (random(3) === 0) await later();
      };
      const toggleMute = async () => {
        const [recipient = '', branch = ''] = [authors[random(authors.length)], branches[random(branches.length)]];
        const key = `${recipient} ${branch}`;
        const of = { target: 'mail', recipient };
        if (muted.delete(key)) return unmute(database, of, { repo: 'app', branch });
        await mute(database, of, { repo: 'app', branch });
        muted.add(key);
      };
      const end = async (build: Begun) => {
        // what says nothing of the commit, after a failure, would leave the reader with the failure
        const possible = (['success', 'success', 'failure', 'failure', 'flaky', 'error'] as const).slice(
          0,
          build.verdict === 'failure' ? 4 : 6,
        );
        const verdict = possible[random(possible.length)] ?? 'success';
        const { attempt } = build;
        if (verdict === 'flaky') await endBuild(database, build.id, 'failure', { attempt, tests: [flakyTest] });
        else await endBuild(database, build.id, verdict, { attempt });
        const before = build.verdict;
        build.verdict = verdict;
        expected.ended(build, before, all);
      };
      while (all.length < builds || open.length > 0) {
        if (all.length < builds && (open.length === 0 || random(2) === 0)) {
          const about = { branch: branches[random(3)] ?? '', author: authors[random(4)] ?? '' };
          const planned = { ref: `refs/heads/${about.branch}`, authorAddress: about.author };
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
      // everything works again, and nobody is killed any more
      receiver.answer = { status: 200 };
      receiver.hangUp = false;
      mail.refuses = () => undefined;
      await changeNoticeTarget(database, config, 'team', { by: null, options: { quiet: null } });
      for (const holder of notifiers) await releaseHolds(database, holder);
      await later();
      await noticing.deliver('last');

      const log = await wholeLog();
      const ofTeam = log.filter(({ target }) => target === 'team');
      expect(ofTeam.map(({ about, event }) => `${about?.build} ${event}`)).to.deep.equal(expected.told);
      expect(log.filter(({ state }) => state === 'waiting')).to.deep.equal([]);
      const toAuthors = log.filter(({ target, recipient }) => target === 'mail' && recipient !== owner);
      expect(toAuthors.filter(({ event }) => event === 'error' || event === 'flaky')).to.deep.equal([]);
      const reasons = new Set(log.flatMap(({ dropped }) => dropped ?? []));
      expect([...reasons].filter((reason) => !allowed.some((each) => each.test(reason)))).to.deep.equal([]);
      // what was sent has arrived, and nothing else, and a receiver can tell what it has twice
      const ids = receiver.received.map(({ headers }) => String(headers['webhook-id']));
      for (const { id, state } of ofTeam) if (state === 'sent') expect(ids).to.include(`team.${id}`);
      expect(ids.filter((id) => !ofTeam.some((each) => `team.${each.id}` === id))).to.deep.equal([]);
      const mails = mail.received.map(({ messageId = '' }) => messageId);
      for (const { id, target, state } of log)
        if (target === 'mail' && state === 'sent') expect(mails).to.include(`<mail.${id}@ci.example.org>`);
      // everybody knows in the end how it is
      for (const branch of branches)
        expect(lastTold(ofTeam, branch), branch).to.equal(expected.isBroken(branch) ? 'broken' : 'works');
      for (const recipient of authors) {
        const own = log.filter((each) => each.target === 'mail' && each.recipient === recipient);
        for (const branch of branches) {
          // who had it muted when it was mended, did not want to hear of that
          if (!expected.isBroken(branch) && !wasMuted(own, branch))
            expect(lastTold(own, branch), `${recipient} ${branch}`).to.not.equal('broken');
        }
      }
      expect(takenWhileMuted).to.deep.equal([]);
      const sent = log.filter(({ state }) => state === 'sent').length;
      expect(sent).to.be.greaterThan(builds / 10);
      expect(kills).to.be.greaterThan(builds / 20);
    });
  }

  /** A build of a tag, which says nothing of a branch, shows the flaky test. */
  const knowFlakyTest = async () => {
    await endBuild(database, await recordedBuild(database, { ref: 'refs/tags/v1' }), 'success', { tests: [flakyTest] });
    await database.db.updateTable('tests').set({ flaky_commits: 1 }).execute();
  };

  const wholeLog = async () => {
    const log: Notice[] = [];
    for (;;) {
      const before = log.length === 0 ? undefined : Number(log.at(-1)?.id);
      const page = await listNotices(database, { limit: 500, before });
      log.push(...page);
      if (page.length < 500) return log.reverse();
    }
  };
});

/** Why a notice may not be sent. */
const allowed = [
  /^the branch (worked|broke) again before it was sent$/,
  /^the recipient had not been told yet that the branch was broken$/,
  /^the recipient has muted b\d of app$/,
];

/** Whether somebody had a branch muted at the last time when there was something to tell of it. */
function wasMuted(log: readonly Notice[], branch: string): boolean {
  const last = log.findLast(({ about }) => about?.ref === `refs/heads/${branch}`);
  return last?.dropped?.startsWith('the recipient has muted') === true;
}

/** What somebody was told last of a branch. */
function lastTold(log: readonly Notice[], branch: string): 'broken' | 'works' | undefined {
  const told = log.filter(
    ({ about, state, event }) =>
      state === 'sent' && about?.ref === `refs/heads/${branch}` && event !== 'error' && event !== 'flaky',
  );
  const last = told.at(-1)?.event;
  if (last === undefined) return undefined;
  return last === 'fixed' ? 'works' : 'broken';
}
