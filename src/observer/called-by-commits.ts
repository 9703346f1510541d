import type { Access } from '../git/access/credential-files.ts';
import { refMatcher } from '../git/remote/ref-names.ts';
import { fetchPolicyOf } from '../job/fetch-policy.ts';
import { gitLimitsOf } from '../job/sandbox/limits-of-settings.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { pullRequestTrust, trustOf } from '../kernel/trust.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { ObservedRepository } from '../record/repositories.ts';
import { findTrust } from '../record/trust.ts';
import { fetchCalled } from './called-files.ts';
import { CalledWorkflows, callsOthers } from './called-workflows.ts';

/** The workflows of other repositories that commits call, fetched with the right of the commits' own trust class. */
export class CalledByCommits {
  readonly #context: StageContext & { database: Database };
  readonly #files = new CalledWorkflows();
  readonly #pollAgain: (name: string) => Promise<void>;

  /** @param pollAgain polls a repository once the files are here */
  constructor(context: StageContext & { database: Database }, pollAgain: (name: string) => Promise<void>) {
    this.#context = context;
    this.#pollAgain = pollAgain;
  }

  /** Ends the fetches. */
  async close(): Promise<void> {
    await this.#files.close();
  }

  /** Adds to messages the workflows of other repositories that they call. They are fetched beside this poll. */
  async attach(
    repository: ObservedRepository,
    defaultBranch: string | null,
    access: Access,
    messages: CommitMessage[],
  ): Promise<{ ready: CommitMessage[]; waitsFor: string[] }> {
    const [first] = messages;
    if (!first || !messages.some(callsOthers)) return { ready: messages, waitsFor: [] };
    const { database, config } = this.#context;
    const { named } = await findTrust(database, repository.name);
    const trust =
      first.pullRequest || first.mergeGroup
        ? pullRequestTrust(first.ref)
        : trustOf(first.ref, { defaultBranch, named: named && refMatcher(named) });
    const { name, url } = repository;
    const fetch = (texts: string[], room: number, signal: AbortSignal) => {
      const source = {
        mirrors: dataPaths(config.dataDir).mirrors,
        baseUrl: config.actionsUrl,
        url,
        fetchPolicy: fetchPolicyOf(config, { repo: { name, url }, trust }, access.credential),
        limits: gitLimitsOf(config),
      };
      return fetchCalled(source, texts, room, signal);
    };
    const by = trust.trusted ? 'trusted' : trust.class;
    return this.#files.attach(messages, { repo: name, by }, fetch, () => void this.#pollAgain(name));
  }
}
