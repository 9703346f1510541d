import { refMatcher } from '../git/remote/ref-names.ts';
import type { Decision, ProjectJob } from '../job/discovery/decide.ts';
import { VoltError } from '../kernel/errors.ts';
import { forgeAddresses } from '../kernel/known-forges.ts';
import type { PullRequestFacts } from '../kernel/pull-request.ts';
import { trustOf } from '../kernel/trust.ts';
import { type Delivery, Later } from '../queues/consumer.ts';
import type { CommitMessage } from '../queues/messages.ts';
import { messageIds } from '../queues/names.ts';
import { anyForge, forgeScopes } from '../record/forges.ts';
import { failIntent } from '../record/intents.ts';
import { recordApproved, recordPlan, type StandingTriggers } from '../record/plans.ts';
import { pullRequestFacts } from '../record/pull-request-facts.ts';
import { findRepository, type ObservedRepository } from '../record/repositories.ts';
import { findTrust } from '../record/trust.ts';
import { variablesFor } from '../record/variables.ts';
import { announceChange } from '../redis/channels.ts';
import { advance } from './advance.ts';
import type { DispatcherContext } from './context.ts';
import { CrashGuard, crashMessage } from './crash-guard.ts';
import { type PlannedWorkflows, planBuild } from './plan-build.ts';
import { type Ending, endingOf, planner } from './planner.ts';
import { projectJobs } from './project-jobs.ts';
import { isOptional, refusedJob } from './workflow-build.ts';

/**
 * A commit waits for the commit before it, which another dispatcher may be recording: so many times, so long (ms) each. The
 * queue counts the times, since each delivery may go to another dispatcher.
 */
const orderInterval = 50;
const mostOrderWaits = 40;
/** The wait of a commit whose repository is throttled grows with each delivery, up to this factor. */
const mostSteps = 12;

type Counts = Pick<Delivery, 'count' | 'deaths'>;

/** Turns one commit into a build: plans it, records it in one transaction and sends its jobs. */
export class CommitHandler {
  readonly #context: DispatcherContext;
  readonly #crashGuard = new CrashGuard();

  constructor(context: DispatcherContext) {
    this.#context = context;
  }

  async handle(message: CommitMessage, delivery: Counts = { count: 1, deaths: 0 }): Promise<void> {
    await this.#crashGuard.handle(
      delivery,
      () => this.#plan(message, delivery),
      () => this.#plan(message, delivery, { reason: 'planning_failed', message: crashMessage(delivery) }),
    );
  }

  /** @param fault why the commit cannot be planned */
  async #plan(message: CommitMessage, delivery: Counts, fault?: Ending): Promise<void> {
    const { database, queues, access, config, logger } = this.#context;
    const repository = await findRepository(database, message.repo);
    if (!repository) return this.#dropUnknown(message);
    const workflows = fault ? this.#refused(fault) : await this.#workflows(message, repository, delivery);
    if (workflows === 'refused') return;
    const plan = planBuild(message, repository, config, workflows);
    if (message.approved) {
      // an order to end the build may have been faster
      if (await recordApproved(database, message.approved, plan)) await advance(this.#context, message.approved.build);
      return;
    }
    const planned = await recordPlan(database, plan);
    if (planned.outcome === 'unknown_repository') return this.#dropUnknown(message);
    if (planned.outcome === 'out_of_turn') return this.#waitForOrder(message, delivery);
    await advance(this.#context, planned.build);
    if (planned.outcome === 'made') {
      // another dispatcher carries the order out if this one does not
      for (const build of planned.superseded) await queues.sendAdvance({ v: 1, build });
      logger.info(`planned ${message.sha.slice(0, 12)} ${message.subject}`, {
        repo: message.repo,
        build: planned.build,
      });
      await announceChange(access, { build: planned.build, repo: message.repo, status: 'queued' });
      if (await anyForge(database)) await queues.sendNotices();
    }
    const isAskedFor = planned.outcome === 'made' && (plan.requests ?? []).length > 0;
    if (message.more || isAskedFor)
      await queues.sendObserve(repository.host, { v: 1, repo: message.repo, cause: 'batch' });
  }

  /** How the commit is tested; undefined where its message does not tell, or is about a workflow. */
  async #decide(message: CommitMessage, repository: ObservedRepository): Promise<Decision | undefined> {
    const { settings, workflows, tree, ref } = message;
    const { name } = repository;
    if (message.event || (settings === undefined && tree === undefined)) return undefined;
    const { named } = await findTrust(this.#context.database, name);
    const defaultBranch = defaultBranchOf(message, repository);
    const isOfPull = message.pullRequest !== undefined || message.mergeGroup !== undefined;
    const trusted = !isOfPull && trustOf(ref, { defaultBranch, named: named && refMatcher(named) }).trusted;
    const texts =
      settings && (trusted ? { own: settings.own } : { own: settings.own, trusted: settings.trusted ?? null });
    return planner.decide(name, { settings: texts, hasWorkflows: workflows !== undefined, tree });
  }

  /** The jobs of the commit's workflow files. A person who has asked for a workflow that is not there gets an error. */
  async #workflows(
    message: CommitMessage,
    repository: ObservedRepository,
    { count }: Counts,
  ): Promise<PlannedWorkflows | 'refused' | undefined> {
    const isDecided = message.skip !== undefined || message.pullRequest?.conflicts || message.approval;
    const isOnlyForWorkflows = message.event !== undefined && isOptional(message.event);
    if (!isOnlyForWorkflows && (repository.command !== null || isDecided)) return undefined;
    try {
      const decision = await this.#decide(message, repository);
      if (decision?.kind === 'jobs') return this.#discovered(decision.jobs, message, repository);
      if (decision?.kind === 'error') return this.#refused(decision, 'test');
      return await this.#readWorkflows(message, repository);
    } catch (error) {
      const ending = endingOf(error);
      if (ending) return this.#refused(ending);
      // when many commits wait, each comes back less often
      if (error instanceof Later) throw new Later(error.ms * Math.min(count, mostSteps), error.message);
      if (message.intent === undefined || !(error instanceof VoltError)) throw error;
      await failIntent(this.#context.database, message.intent, error);
      return 'refused' as const;
    }
  }

  /** Where `.volt.yml` has a command, nothing but commits starts builds of the repository. */
  #discovered(jobs: readonly ProjectJob[], message: CommitMessage, repository: ObservedRepository): PlannedWorkflows {
    return {
      jobs: projectJobs(jobs, repository, this.#context.config),
      ...(setsStanding(message, repository) && { standing: nothingStands }),
    };
  }

  async #readWorkflows(message: CommitMessage, repository: ObservedRepository): Promise<PlannedWorkflows> {
    const { database, config } = this.#context;
    const { name } = repository;
    const files = (repository.command === null && message.workflows?.files) || [];
    const read = await planner.read(name, files, message.workflows?.called ?? []);
    const defaultBranch = defaultBranchOf(message, repository);
    const standing = setsStanding(message, repository);
    if (files.length === 0 && !message.event) return standing ? { standing: nothingStands } : {};
    const paths = files.map(({ path }) => ({ path, text: null }));
    return planner.build(name, messageIds.commit(message), {
      message: message.workflows
        ? { ...message, workflows: { ...message.workflows, files: paths, called: [] } }
        : message,
      read,
      defaultBranch,
      vars: await variablesFor(database, name),
      timeout: config.jobTimeout,
      standing,
      forge: forgeAddresses(repository, await forgeScopes(database.db)),
      pullRequestFacts: await this.#factsFor(message),
    });
  }

  async #factsFor({ repo, pullRequest, event }: CommitMessage): Promise<PullRequestFacts | null> {
    const number = event?.name === 'pull_request_target' ? event.number : pullRequest?.number;
    return number === undefined ? null : pullRequestFacts(this.#context.database, repo, number);
  }

  #refused({ reason, message }: Ending, name?: string): PlannedWorkflows {
    return { jobs: [refusedJob(this.#context.config.jobTimeout, reason, message, name)] };
  }

  /**
   * The ref's cursor is not at the commit before this one. Either another dispatcher is recording that commit, which takes a
   * moment; or the ref has moved otherwise, and the observer's next poll sends the right commits.
   */
  #waitForOrder(message: CommitMessage, { count }: Pick<Delivery, 'count'>): void {
    if (count <= mostOrderWaits) throw new Later(orderInterval, 'the commit before is not recorded yet');
    this.#context.logger.debug(`dropped an outdated commit message: ${message.repo} ${message.sha}`);
  }

  async #dropUnknown(message: CommitMessage): Promise<void> {
    this.#context.logger.debug(`dropped a commit of ${message.repo}, which is no longer observed`);
    if (message.intent !== undefined) {
      const error = new VoltError('not_found', `${message.repo} is no longer observed`, { remedy: '' });
      await failIntent(this.#context.database, message.intent, error);
    }
  }
}

function defaultBranchOf({ workflows }: CommitMessage, { defaultBranch }: ObservedRepository): string | null {
  return workflows ? workflows.defaultBranch : defaultBranch;
}

const nothingStands: StandingTriggers = { schedules: [], awaited: [] };

/** Whether this commit decides what else starts workflows of the repository, such as schedules. */
function setsStanding(message: CommitMessage, repository: ObservedRepository): boolean {
  return message.cursor !== undefined && message.ref === `refs/heads/${defaultBranchOf(message, repository)}`;
}
