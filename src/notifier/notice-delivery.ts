import { VoltError } from '../kernel/errors.ts';
import { namedRecipients } from '../kernel/notices.ts';
import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { noteProblem } from '../record/delivery-problems.ts';
import { wantsNoMail } from '../record/mail-choice.ts';
import { type OpenNoticeTarget, openNoticeTarget } from '../record/notice-targets.ts';
import {
  type DueNotice,
  nextNotice,
  noteNoticeBegun,
  noteNoticeDropped,
  noteNoticeFailed,
  noteNoticeSent,
  postponeNotices,
} from '../record/notices.ts';
import { pause } from '../system/wait.ts';
import { committerAt } from './committer-mail.ts';
import { DeliveryHold } from './delivery-hold.ts';
import { notOwned } from './maintained.ts';
import { type NoticeMessage, noticeMessage } from './notice-message.ts';
import { quietUntil } from './quiet-hours.ts';
import { TargetFault } from './targets/fault.ts';
import type { Senders, Spacing } from './targets/send.ts';
import { pauseOf, type TryPauses } from './try-pauses.ts';

/** How long (ms) a notifier has a target for itself, and when it claims it again. One notice takes at most some 30 s. */
const holding = { lasts: 120_000, renewedBefore: 60_000 };
/** How long (ms) a notice is tried: a day. */
const longestTry = 86_400_000;
/** How often a notice is tried that the target refuses for what it is. */
const mostRefusals = 3;
/** The first and the longest pause (ms) before a target is tried again. */
const pauses: TryPauses = { first: 5000, most: 900_000 };

export interface NoticeContext extends Pick<StageContext, 'config' | 'logger'> {
  database: Database;
  /** id of the notifier */
  holder: string;
  /** address of the web stage that people use */
  site: () => string;
  senders: Senders;
  spacing: Spacing;
}

/** Sends the notices of one target, one after the other, at least once each. */
export class NoticeDelivery {
  readonly #context: NoticeContext;
  readonly #name: string;
  #failures = 0;
  /** when the target has answered last, by `performance.now()` */
  #answeredAt = Number.NEGATIVE_INFINITY;
  readonly #hold: DeliveryHold;

  constructor(context: NoticeContext, name: string) {
    this.#context = context;
    this.#name = name;
    const { database, holder } = context;
    this.#hold = new DeliveryHold(database, { table: 'notice_targets', name, holder, ...holding });
  }

  /** Sends what is due, until nothing is, the target pauses, or the signal aborts. */
  async deliver(signal: AbortSignal): Promise<void> {
    const { database, config } = this.#context;
    while (!signal.aborted) {
      if (!(await this.#hold.keep())) return;
      const target = await openNoticeTarget(database, config, this.#name);
      const quiet = quietUntil(target.options, serverNow());
      if (quiet !== undefined) await postponeNotices(database, this.#name, quiet);
      const notice = await nextNotice(database, this.#name);
      if (!notice) return;
      const wait = this.#answeredAt + (this.#context.spacing[target.kind] ?? 0) - performance.now();
      // what is due, and whether this notifier may send it, can change meanwhile
      if (wait > 0) await pause(wait, signal);
      else await this.#handle(target, notice);
    }
  }

  async #handle(target: OpenNoticeTarget, notice: DueNotice): Promise<void> {
    const { database, holder, site, senders, logger } = this.#context;
    const message = await noticeMessage(database, notice, { target, site: site() });
    if (!message) return noteNoticeDropped(database, notice.id, { dropped: 'there is nothing to tell any more' });
    const dropped = await this.#refusal(target, notice, message);
    if (dropped !== undefined) return noteNoticeDropped(database, notice.id, { dropped });
    if (!(await noteNoticeBegun(database, notice.id, holder))) return this.#hold.doubt();
    try {
      const { kind, address, mayBePrivate } = target;
      await senders[kind](message, { address, recipient: notice.recipient, mayBePrivate });
      await noteNoticeSent(database, notice.id);
      this.#failures = 0;
      if (target.hasProblem) await noteProblem(database, 'notice_targets', target.name, undefined);
      logger.debug(`sent a notice to ${target.name}: ${message.headline}`);
    } catch (error) {
      if (!(error instanceof VoltError) || error.code.startsWith('record_')) throw error;
      await this.#failed(target, notice, error);
    } finally {
      this.#answeredAt = performance.now();
    }
  }

  /** Why a notice is not sent that was right when it was made. */
  async #refusal(target: OpenNoticeTarget, { recipient }: DueNotice, { about }: NoticeMessage) {
    const { kind, address, options, maintainer } = target;
    const { database } = this.#context;
    const lost = about ? notOwned(maintainer, about.repo) : undefined;
    if (lost !== undefined || kind !== 'mail') return lost;
    if (await wantsNoMail(database, recipient)) return 'the recipient wants no mail from Volt';
    const named = namedRecipients({ kind, to: address.to, owners: options.owners });
    // a committer may have been blocked, or have lost the role, while the notice waited
    return about && !named.includes(recipient)
      ? (await committerAt(database.db, target, about.repo, recipient)).dropped
      : undefined;
  }

  async #failed({ name }: OpenNoticeTarget, notice: DueNotice, error: VoltError): Promise<void> {
    const { database, logger } = this.#context;
    const { code, message, remedy } = error;
    const problem: Problem = { code, message, remedy: remedy.replaceAll('NAME', name) };
    const { scope = 'target', after, mayHaveArrived = false } = error instanceof TargetFault ? error : {};
    if (scope === 'notice' && notice.attempts + 1 >= mostRefusals)
      return noteNoticeDropped(database, notice.id, { dropped: 'the target refuses it', problem });
    if (serverNow() - notice.createdAt > longestTry)
      return noteNoticeDropped(database, notice.id, { dropped: 'the target did not take it for a day', problem });
    const ms = after ?? pauseOf(pauses, scope === 'target' ? this.#failures : notice.attempts);
    const dueAt = serverNow() + ms;
    await noteNoticeFailed(database, notice, { dueAt, problem, mayHaveArrived });
    if (scope === 'notice') return;
    if (this.#failures === 0) logger.warn(`notices do not reach ${name}: ${message}`);
    this.#failures++;
    await noteProblem(database, 'notice_targets', name, problem);
    // the next try is about another notice, if there is one: this one may be what the target fails at
    await postponeNotices(database, name, dueAt - 1);
  }
}
