import { Mirror } from '../git/mirror.ts';
import { branchMatcher } from '../git/refs.ts';
import { listRemote, type RemoteRefs } from '../git/remote.ts';
import { withoutCredentials } from '../git/run.ts';
import { dataPaths } from '../kernel/config.ts';
import { asVoltError, VoltError } from '../kernel/errors.ts';
import type { CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import { findCredential } from '../record/credentials.ts';
import { failIntent, type Intent, openTriggers } from '../record/intents.ts';
import type { Record } from '../record/record.ts';
import { cursorsOf, findRepository, noteObserved, noteObserveError, type Repository } from '../record/repositories.ts';
import { offersOf } from './offers.ts';

/** A quiet repository is noted as looked at this often (ms), not at every look. */
const noteInterval = 60_000;
/** Milliseconds that a remote may be silent. */
const remoteSilence = 30_000;

/** Looks at repositories and offers their new commits. */
export class Observations {
  readonly #context: StageContext & { record: Record };
  /** repositories that are being looked at, and whether somebody has asked for another look meanwhile */
  readonly #looking = new Map<string, { again: boolean }>();
  readonly #noted = new Map<string, { at: number; branch: string | null }>();
  readonly #failing = new Set<string>();

  constructor(context: StageContext & { record: Record }) {
    this.#context = context;
  }

  /**
   * Looks at a repository. While that is under way already, it is only noted that another look must follow, so that a
   * remote that hangs holds no more than one place. Never rejects for what a repository does.
   */
  async look(name: string): Promise<void> {
    const underWay = this.#looking.get(name);
    if (underWay) {
      underWay.again = true;
      return;
    }
    const look = { again: false };
    this.#looking.set(name, look);
    try {
      do {
        look.again = false;
        await this.#look(name);
      } while (look.again);
    } finally {
      this.#looking.delete(name);
    }
  }

  async #look(name: string): Promise<void> {
    const { record, logger } = this.#context;
    const repository = await findRepository(record, name);
    // it has been removed while a poll was on its way
    if (!repository) return;
    try {
      const branch = await this.#offer(repository);
      await this.#note(name, branch);
    } catch (error) {
      const known = observeError(error, repository);
      if (!this.#failing.has(name))
        logger.info(`cannot observe ${name}: ${known.message}`, { repo: name, code: known.code });
      this.#failing.add(name);
      this.#noted.delete(name);
      await noteObserveError(record, name, known);
      // a fault of ours will pass; what a person asked for waits for that
      if (known.code === 'fetch_failed') await this.#failTriggers(name, known);
    }
  }

  /** @returns name of the default branch */
  async #offer(repository: Repository): Promise<string | null> {
    const { record, queues, config } = this.#context;
    const mirror = new Mirror(dataPaths(config.dataDir).mirrors, repository.url);
    const access = { url: repository.url, credential: () => findCredential(record, config, repository.name) };
    const remote = await listRemote(repository.url, { silence: remoteSilence, access });
    const cursors = await cursorsOf(record, repository.name);
    const triggers = await openTriggers(record, repository.name);
    const moved = observedRefs(repository, remote).filter(({ ref, sha }) => cursors.get(ref)?.sha !== sha);
    if (moved.length === 0 && triggers.length === 0) return remote.defaultBranch;
    await mirror.fetch({ access });
    for (const { ref, sha } of moved) {
      const offers = await offersOf(mirror, repository, ref, sha, cursors.get(ref), config.backlog);
      if (offers.length > 0) await queues.sendCommits(offers);
    }
    for (const trigger of triggers) await this.#answer(trigger, repository, mirror, remote);
    return remote.defaultBranch;
  }

  /** What a person asked for becomes a commit message of its own, or an error that says why not. */
  async #answer(trigger: Intent, repository: Repository, mirror: Mirror, remote: RemoteRefs): Promise<void> {
    const { record, queues } = this.#context;
    try {
      const name = trigger.ref ?? remote.defaultBranch;
      if (name === null)
        throw new VoltError('commit_missing', 'the repository has no default branch', { remedy: 'Name a ref.' });
      const { ref, sha } = await mirror.resolve(name);
      const commit = await mirror.commit(sha);
      const message: CommitMessage = {
        v: 1,
        repo: repository.name,
        ref,
        ...commit,
        trigger: 'manual',
        intent: trigger.id,
        passedOver: 0,
        more: false,
      };
      await queues.sendCommits([message]);
    } catch (error) {
      await failIntent(record, trigger.id, asVoltError(error));
    }
  }

  async #failTriggers(name: string, error: VoltError): Promise<void> {
    for (const trigger of await openTriggers(this.#context.record, name))
      await failIntent(this.#context.record, trigger.id, error);
  }

  async #note(name: string, branch: string | null): Promise<void> {
    const { record, logger } = this.#context;
    if (this.#failing.delete(name)) logger.info(`can observe ${name} again`, { repo: name });
    const noted = this.#noted.get(name);
    if (noted && noted.branch === branch && Date.now() - noted.at < noteInterval) return;
    this.#noted.set(name, { at: Date.now(), branch });
    await noteObserved(record, name, branch);
  }
}

/** The refs that count, with the commits they point to. */
function observedRefs(repository: Repository, { heads, defaultBranch }: RemoteRefs): { ref: string; sha: string }[] {
  const wanted =
    repository.branches.length > 0 ? branchMatcher(repository.branches) : (branch: string) => branch === defaultBranch;
  return [...heads].map(([ref, sha]) => ({ ref, sha })).filter(({ ref }) => wanted(ref.slice('refs/heads/'.length)));
}

/** What went wrong with a repository, in words for the person who observes it. */
function observeError(error: unknown, repository: Repository): VoltError {
  const known = asVoltError(error);
  if (known.code !== 'git_failed') return known;
  return new VoltError('fetch_failed', `cannot read ${withoutCredentials(repository.url)}: ${known.message}`, {
    remedy: known.remedy,
    cause: error,
  });
}
