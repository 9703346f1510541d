import type { VoltError } from '../kernel/errors.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { CalledByCommits } from './called-by-commits.ts';
import { ForgeLists } from './forge-lists.ts';
import { MovedRefMessages } from './moved-ref-messages.ts';
import { PullRequestHeads, usualPatience } from './pull-request-heads.ts';
import { longestTime, PullRequests } from './pull-requests.ts';
import { type PollParts, type PollResult, RepositoryPoll } from './repository-poll.ts';
import { Startable } from './startable.ts';
import { failTriggers } from './triggers.ts';

/** Refs that one poll reads; the next poll reads the others. A push can have any number, and each starts git several times. */
const mostRefs = 200;

export interface PollBounds {
  /** how many refs one poll reads */
  refs?: number;
  /** milliseconds of one poll after which further pull requests, and what happens to them, wait for the next one */
  longest?: number;
  /** milliseconds that a poll waits for the head of a pull request */
  patience?: number;
}

/** Polls repositories, and keeps what outlasts a poll; see repository-poll.ts for what a poll does. */
export class RepositoryPolls {
  readonly #parts: PollParts;

  /** @param pollAgain polls a repository once what a commit waited for is here */
  constructor(
    context: StageContext & { database: Database },
    pollAgain: (name: string) => Promise<void>,
    { refs = mostRefs, longest = longestTime, patience = usualPatience }: PollBounds = {},
  ) {
    const lists = new ForgeLists(context);
    const heads = new PullRequestHeads(pollAgain, patience);
    this.#parts = {
      ...{ context, lists, heads, longest },
      called: new CalledByCommits(context, pollAgain),
      moved: new MovedRefMessages(context, refs),
      pullRequests: new PullRequests(context, { lists, heads, longest }),
      startable: new Startable(context.database),
    };
  }

  /** Ends the fetches of workflows of other repositories and of heads of pull requests, and the reading of files. */
  async close(): Promise<void> {
    const { called, heads, startable } = this.#parts;
    await Promise.all([called.close(), heads.close(), startable.close()]);
  }

  /** Answers what people have asked of a repository that cannot be fetched. */
  async fail(name: string, problem: VoltError): Promise<void> {
    const { context, startable } = this.#parts;
    await failTriggers(context.database, name, problem);
    await startable.fail(name, problem);
  }

  forget(name: string): void {
    const { moved, pullRequests, lists } = this.#parts;
    moved.forget(name);
    pullRequests.forget(name);
    lists.forget(name);
  }

  /** @param isCalled whether a webhook has called since the last poll */
  poll(repository: ObservedRepository, isCalled: boolean): Promise<PollResult> {
    return new RepositoryPoll(this.#parts, repository).run(isCalled);
  }
}
