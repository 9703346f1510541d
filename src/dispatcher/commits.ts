import { VoltError } from '../kernel/errors.ts';
import { type Delivery, Later } from '../queues/consumer.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { failIntent } from '../record/intents.ts';
import { recordPlan } from '../record/plans.ts';
import type { Record } from '../record/record.ts';
import { findRepository, type ObservedRepository } from '../record/repositories.ts';
import { variablesFor } from '../record/variables.ts';
import { announceChange } from '../redis/channels.ts';
import { advance } from './advance.ts';
import { startTagsNow } from './fairness.ts';
import { planBuild } from './plan.ts';
import { WorkflowReader } from './reading.ts';
import { routeBuild } from './route.ts';
import { takeSchedules } from './schedules.ts';
import { workflowBuild } from './workflow-build.ts';

/**
 * A commit waits for the one before it, which another dispatcher may be writing just now: so many times so long (ms).
 * The times are counted by the queue, since each delivery may come to another dispatcher.
 */
const turnInterval = 50;
const turns = 40;

/** Turns one commit into a build: plan, one transaction, and the jobs on their way. */
export class CommitHandler {
  readonly #context: StageContext & { record: Record };
  readonly #reader = new WorkflowReader();

  constructor(context: StageContext & { record: Record }) {
    this.#context = context;
  }

  async handle(message: CommitMessage, delivery: Pick<Delivery, 'count'> = { count: 1 }): Promise<void> {
    const { record, queues, access, config, logger } = this.#context;
    const repository = await findRepository(record, message.repo);
    if (!repository) return this.#dropUnknown(message);
    const workflows = await this.#workflows(message, repository);
    if (workflows === 'refused') return;
    const plan = planBuild(message, repository, config, workflows);
    const planned = await recordPlan(record, plan, await startTagsNow(access));
    if (planned.outcome === 'unknown_repository') return this.#dropUnknown(message);
    if (planned.outcome === 'out_of_turn') return this.#waitForTurn(message, delivery);
    await routeBuild(this.#context, planned.build);
    if (workflows) await advance(this.#context, planned.build);
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
  async #workflows(message: CommitMessage, { name, command, defaultBranch: known }: ObservedRepository) {
    const { record, config } = this.#context;
    const files = message.workflows?.files ?? [];
    if (command !== null || message.skip !== undefined) return undefined;
    const read = await this.#reader.read(name, files);
    const defaultBranch = message.workflows ? message.workflows.defaultBranch : known;
    if (message.cursor && message.ref === `refs/heads/${defaultBranch}`) {
      await takeSchedules(record, name, read.workflows);
    }
    if (files.length === 0 && !message.event) return undefined;
    try {
      return workflowBuild(message, read, {
        defaultBranch,
        vars: await variablesFor(record, name),
        timeout: config.jobTimeout,
      });
    } catch (error) {
      if (message.intent === undefined || !(error instanceof VoltError)) throw error;
      await failIntent(record, message.intent, error);
      return 'refused' as const;
    }
  }

  async close(): Promise<void> {
    await this.#reader.close();
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
      await failIntent(this.#context.record, message.intent, error);
    }
  }
}
