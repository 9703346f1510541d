import { VoltError } from '../kernel/errors.ts';
import { type Delivery, Later } from '../queues/consumer.ts';
import type { CommitMessage } from '../queues/messages.ts';
import { messageIds } from '../queues/names.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { failIntent } from '../record/intents.ts';
import { recordPlan } from '../record/plans.ts';
import { findRepository, type ObservedRepository } from '../record/repositories.ts';
import { variablesFor } from '../record/variables.ts';
import { announceChange } from '../redis/channels.ts';
import { advance } from './advance.ts';
import { type OfWorkflows, planBuild } from './plan.ts';
import { type Ending, endingOf, planner } from './planner.ts';
import { routeBuild } from './route.ts';
import { Suspects, whyGuilty } from './suspects.ts';
import { refusedJob } from './workflow-build.ts';

/**
 * A commit waits for the one before it, which another dispatcher may be writing just now: so many times so long (ms).
 * The times are counted by the queue, since each delivery may come to another dispatcher.
 */
const turnInterval = 50;
const turns = 40;
/** A commit whose repository is to wait does so this many times as long, at most, when it has come again and again. */
const mostSteps = 12;

type Counts = Pick<Delivery, 'count' | 'deaths'>;

/** Turns one commit into a build: plan, one transaction, and the jobs on their way. */
export class CommitHandler {
  readonly #context: StageContext & { database: Database };
  readonly #suspects = new Suspects();

  constructor(context: StageContext & { database: Database }) {
    this.#context = context;
  }

  async handle(message: CommitMessage, delivery: Counts = { count: 1, deaths: 0 }): Promise<void> {
    await this.#suspects.handle(
      delivery,
      () => this.#plan(message, delivery),
      () => this.#plan(message, delivery, { reason: 'planning_failed', message: whyGuilty(delivery) }),
    );
  }

  /** @param fault why nothing can be planned of it */
  async #plan(message: CommitMessage, delivery: Counts, fault?: Ending): Promise<void> {
    const { database, queues, access, config, logger } = this.#context;
    const repository = await findRepository(database, message.repo);
    if (!repository) return this.#dropUnknown(message);
    const workflows = fault ? this.#refused(fault) : await this.#workflows(message, repository, delivery);
    if (workflows === 'refused') return;
    const plan = planBuild(message, repository, config, workflows);
    const planned = await recordPlan(database, plan);
    if (planned.outcome === 'unknown_repository') return this.#dropUnknown(message);
    if (planned.outcome === 'out_of_turn') return this.#waitForTurn(message, delivery);
    await routeBuild(this.#context, planned.build);
    if (workflows?.workflows) await advance(this.#context, planned.build);
    if (planned.outcome === 'made') {
      logger.info(`planned ${message.sha.slice(0, 12)} ${message.subject}`, {
        repo: message.repo,
        build: planned.build,
      });
      await announceChange(access, { build: planned.build, repo: message.repo, status: 'queued' });
    }
    if (message.more) await queues.sendObserve(repository.host, { v: 1, repo: message.repo, cause: 'batch' });
  }

  /** What the commit's workflow files make of it; a person who has asked for what they do not have is told so. */
  async #workflows(
    message: CommitMessage,
    repository: ObservedRepository,
    { count }: Counts,
  ): Promise<OfWorkflows | 'refused' | undefined> {
    if (repository.command !== null || message.skip !== undefined) return undefined;
    try {
      return await this.#readWorkflows(message, repository);
    } catch (error) {
      const ending = endingOf(error);
      if (ending) return this.#refused(ending);
      // however many wait for the same reason, they come back now and then
      if (error instanceof Later) throw new Later(error.ms * Math.min(count, mostSteps), error.message);
      if (message.intent === undefined || !(error instanceof VoltError)) throw error;
      await failIntent(this.#context.database, message.intent, error);
      return 'refused' as const;
    }
  }

  async #readWorkflows(
    message: CommitMessage,
    { name, defaultBranch: known }: ObservedRepository,
  ): Promise<OfWorkflows> {
    const { database, config } = this.#context;
    const files = message.workflows?.files ?? [];
    const read = await planner.read(name, files, message.workflows?.called ?? []);
    const defaultBranch = message.workflows ? message.workflows.defaultBranch : known;
    const schedules = message.cursor !== undefined && message.ref === `refs/heads/${defaultBranch}`;
    if (files.length === 0 && !message.event) return schedules ? { schedules: [] } : {};
    const paths = files.map(({ path }) => ({ path, text: null }));
    return planner.build(name, messageIds.commit(message), {
      message: message.workflows
        ? { ...message, workflows: { ...message.workflows, files: paths, called: [] } }
        : message,
      read,
      defaultBranch,
      vars: await variablesFor(database, name),
      timeout: config.jobTimeout,
      schedules,
    });
  }

  #refused({ reason, message }: Ending): OfWorkflows {
    return { jobs: [refusedJob(this.#context.config.jobTimeout, reason, message)] };
  }

  /**
   * The cursor is not where this commit begins. Either the commit before is being written by another dispatcher, which
   * takes a moment; or the ref has moved otherwise, and the observer's next look will offer what is right then.
   */
  #waitForTurn(message: CommitMessage, { count }: Pick<Delivery, 'count'>): void {
    if (count <= turns) throw new Later(turnInterval, 'the commit before is not recorded yet');
    this.#context.logger.debug(`dropped an offer that is out of date: ${message.repo} ${message.sha}`);
  }

  async #dropUnknown(message: CommitMessage): Promise<void> {
    this.#context.logger.debug(`dropped a commit of ${message.repo}, which is not observed any more`);
    if (message.intent !== undefined) {
      const error = new VoltError('not_found', `${message.repo} is not observed any more`, { remedy: '' });
      await failIntent(this.#context.database, message.intent, error);
    }
  }
}
