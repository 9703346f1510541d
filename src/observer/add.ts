import { branchMatcher } from '../git/refs.ts';
import { parseSource } from '../git/source.ts';
import { VoltError } from '../kernel/errors.ts';
import { checkRepositoryName, repositoryNameFrom } from '../kernel/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { setCredential } from '../record/credentials.ts';
import type { Record } from '../record/record.ts';
import { findRepository, type Repository, repositoryAt, saveRepository } from '../record/repositories.ts';

export interface RepositoryOptions {
  /** path or URL, as a person writes it */
  url: string;
  /** where it is missing, the last part of the URL */
  name?: string | undefined;
  /** globs; empty for the default branch */
  branches: string[];
  pollSeconds: number;
  commits: 'every' | 'latest';
  command: string | null;
}

/**
 * Begins to observe a repository, or changes how one is observed: it is recorded, then its polls are scheduled.
 * A password in its URL is kept as its credential, encrypted, and is nowhere else.
 * @throws VoltError `bad_url`, `no_repository`, `bad_name`, `bad_ref`, `bad_setting`, `name_taken`
 */
export async function addRepository(
  context: StageContext & { record: Record },
  options: RepositoryOptions,
): Promise<Repository> {
  const { record, queues, config } = context;
  const source = parseSource(options.url);
  branchMatcher(options.branches);
  if (!(options.pollSeconds >= 0.5 && options.pollSeconds <= 86_400)) {
    throw new VoltError('bad_setting', `a repository cannot be polled every ${options.pollSeconds} s`, {
      remedy: 'Give --poll a number of seconds from 0.5 to 86400.',
    });
  }
  const known = options.name === undefined ? await repositoryAt(record, source.url) : undefined;
  const name =
    known?.name ??
    (options.name === undefined ? await freeName(record, source.url) : checkRepositoryName(options.name));
  const repository: Repository = {
    name,
    url: source.url,
    host: source.kind === 'path' ? config.host : null,
    branches: options.branches,
    pollSeconds: options.pollSeconds,
    commits: options.commits,
    command: options.command,
  };
  await saveRepository(record, repository);
  if (source.kind === 'url' && source.credential) {
    const credential = { kind: 'https' as const, ...source.credential };
    const { user, password } = credential;
    // what stands alone in the place of a user name is a token
    const shown = { kind: credential.kind, user: password === '' ? null : user, publicKey: null, hostKeys: [] };
    await setCredential(record, config, name, { shown, credential });
  }
  await queues.scheduleObserve(repository.host, repository.name, repository.pollSeconds);
  return repository;
}

/** The name that follows from the URL, with a number behind it where another repository has that name. */
async function freeName(record: Record, url: string): Promise<string> {
  const name = repositoryNameFrom(url);
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name.slice(0, 60)}-${count}`;
    if (!(await findRepository(record, candidate))) return candidate;
  }
}
