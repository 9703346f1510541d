import { randomBytes } from 'node:crypto';
import type { Config } from '../../src/kernel/config.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import type { BuildId, FinalStatus } from '../../src/kernel/model.ts';
import { makeNotices } from '../../src/notifier/make-notices.ts';
import { NoticeDelivery } from '../../src/notifier/notice-delivery.ts';
import { type Spacing, sendersWith } from '../../src/notifier/targets/send.ts';
import type { Database } from '../../src/record/database.ts';
import { addNoticeTarget, listNoticeTargets, type NewNoticeTarget } from '../../src/record/notice-targets.ts';
import { listNotices } from '../../src/record/notices.ts';
import type { NewBuild } from '../../src/record/plans.ts';
import { type Ended, endBuild } from './ended-build.ts';
import { recordedBuild } from './record.ts';

/** Secret of the webhooks of tests. */
export const webhookSecret = `whsec_${randomBytes(24).toString('base64')}`;

/** Ends builds, and sends what people hear of them, on a database of the test's own. */
export class Noticing {
  readonly #database: Database;
  readonly #config: Config;
  /** address of the dashboard in links */
  site = 'https://ci.example.org';
  /** none, so that many notices take no time */
  spacing: Spacing = {};

  constructor({ database, config }: { database: Database; config: Config }) {
    this.#database = database;
    this.#config = config;
  }

  /** Adds a target; a webhook by default. */
  add(to: string, change: Partial<NewNoticeTarget> = {}) {
    return addNoticeTarget(this.#database, this.#config, {
      ...{ name: 'team', kind: 'webhook', address: { to, secret: webhookSecret }, shown: to, mayBePrivate: true },
      ...{ createdBy: 'owner', maintainer: null, repos: [], branches: [], on: 'change', options: {}, ...change },
    });
  }

  /** Adds a target of mail. */
  addMail(to: string, change: Partial<NewNoticeTarget> = {}) {
    const secret = randomBytes(32).toString('base64');
    return this.add(to, { name: 'mail', kind: 'mail', address: { to, secret }, ...change });
  }

  /** Ends a build of the default branch, or another one. */
  async end(status: FinalStatus, change: Partial<NewBuild> = {}, ended: Ended = {}): Promise<BuildId> {
    const build = await recordedBuild(this.#database, { authorAddress: 'ada@example.org', ...change });
    await endBuild(this.#database, build, status, ended);
    return build;
  }

  /** Makes all notices, and sends what is due. @param holder id of the notifier */
  async deliver(holder = 'one'): Promise<void> {
    const { signal } = new AbortController();
    const [database, config, site] = [this.#database, this.#config, () => this.site];
    await makeNotices(database, signal);
    const context = { ...{ config, database, holder, site, spacing: this.spacing }, logger: createLogger('silent') };
    const senders = sendersWith(config, site);
    for (const { name } of await listNoticeTargets(database))
      await new NoticeDelivery({ ...context, senders }, name).deliver(signal);
  }

  /** Lets what waits be due now. */
  async later(): Promise<void> {
    await this.#database.db.updateTable('notices').set({ due_at: 1 }).where('due_at', 'is not', null).execute();
  }

  /** What became of all notices, the oldest first: `mail ada@example.org broken sent`. */
  async log(): Promise<string[]> {
    const notices = await listNotices(this.#database, { limit: 500 });
    return notices
      .reverse()
      .map(({ target, recipient, event, state, dropped }) =>
        [target, recipient, event, state, dropped].filter((part) => part !== '' && part !== null).join(' '),
      );
  }
}
