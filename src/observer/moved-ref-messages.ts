import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { CommitMessage } from '../queues/messages.ts';
import { fittingCommit } from '../queues/queues.ts';
import type { StageContext } from '../queues/stage.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { allDescribed } from './described-commits.ts';
import { headsOf } from './moved-refs.ts';
import { type MovedRef, nextMessages } from './next-messages.ts';
import type { Attach } from './pull-requests.ts';
import { RefProblems } from './ref-problems.ts';
import { allWithWorkflows } from './workflow-files.ts';

/** Sends the new commits of refs to the dispatcher. A ref that cannot be read holds up no other. */
export class MovedRefMessages {
  readonly #context: StageContext;
  readonly #problems = new RefProblems();
  /** how many refs one poll reads */
  readonly perPoll: number;

  constructor(context: StageContext, perPoll: number) {
    this.#context = context;
    this.perPoll = perPoll;
  }

  /** What is wrong with refs of a repository. */
  problemsOf(name: string) {
    return this.#problems.of(name);
  }

  forget(name: string): void {
    this.#problems.forget(name);
  }

  /** Sends the new commits of each ref, of the default branch first; where there are many refs, the next poll goes on. */
  async send(
    repository: ObservedRepository,
    mirror: Mirror,
    moved: readonly MovedRef[],
    { remote, options, attach }: { remote: RemoteRefs; options: UpdateOptions; attach: Attach },
  ): Promise<void> {
    const { queues, config, logger } = this.#context;
    const { name } = repository;
    const { defaultBranch } = remote;
    const base = defaultBranch === null ? undefined : `refs/heads/${defaultBranch}`;
    const ready = this.#problems.ready(name, moved).sort((a, b) => Number(b.ref === base) - Number(a.ref === base));
    const now = ready.slice(0, this.perPoll);
    if (now.length > 0) await mirror.follow(headsOf(now, base, remote), options);
    for (const each of now) {
      let messages: CommitMessage[];
      try {
        const next = await nextMessages(mirror, repository, each, { backlog: config.backlog, base });
        messages = await allWithWorkflows(mirror, repository, next, defaultBranch, options);
        messages = await allDescribed(mirror, repository, messages, defaultBranch, options);
        messages = (await attach(each.ref, messages)).map(fittingCommit);
        this.#problems.settle(name, each);
      } catch (error) {
        if (error instanceof VoltError && concernsAllRefs(error)) throw error;
        if (this.#problems.note(name, each, error, repository.pollSeconds))
          logger.info(`${name}: cannot read ${each.ref}: ${errorText(error)}`, { repo: name });
        continue;
      }
      const last = messages.at(-1);
      // when the dispatcher has recorded it, the repository is polled again
      if (last && ready.length > this.perPoll) messages[messages.length - 1] = { ...last, more: true };
      if (messages.length > 0) await queues.sendCommits(messages);
    }
  }
}

/** Whether an error would meet every other ref as well: a server that does not answer, or a database that is away. */
function concernsAllRefs({ code }: VoltError): boolean {
  return code === 'fetch_failed' || /^(record|redis|git_missing)/.test(code);
}
