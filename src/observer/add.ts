import { isDeepStrictEqual } from 'node:util';
import { parseSource, type Source } from '../git/access/source.ts';
import { checkRepositoryName, repositoryNameFrom } from '../kernel/names.ts';
import type { StageContext } from '../queues/stage.ts';
import { setCredential } from '../record/credentials.ts';
import type { Database } from '../record/database.ts';
import { recordLocalAction } from '../record/local-actions.ts';
import {
  createRepository,
  findRepository,
  type GivenSettings,
  mayTakeName,
  type Repository,
  type RepositorySettings,
  repositoryAt,
  saveRepository,
  visibilityOf,
} from '../record/repositories.ts';
import { checkSettings, completeSettings, usualSettings } from './settings.ts';

export interface RepositoryOptions extends GivenSettings {
  /** path or URL, as a person writes it */
  url: string;
  /** the last part of the URL where it is missing */
  name?: string | undefined;
}

type Context = Pick<StageContext, 'config'> & { database: Database };

/**
 * Starts to watch a repository, or changes how it is watched: records it, then schedules its polls.
 * A password in its URL becomes its credential, which is encrypted, and is kept nowhere else.
 * @throws VoltError `bad_url`, `no_repository`, `bad_name`, `bad_ref`, `bad_setting`, `name_taken`, `conflict`
 */
export async function addRepository(
  context: StageContext & { database: Database },
  options: RepositoryOptions,
): Promise<Repository> {
  const { database, queues } = context;
  const source = parseSource(options.url);
  const known = options.name === undefined ? await repositoryAt(database, source.url) : undefined;
  const repository = await repositoryOf(context, source, { ...options, name: known?.name ?? options.name });
  const before = await findRepository(database, repository.name);
  await saveRepository(database, repository);
  await keepCredential(context, repository.name, source);
  // a start with the settings of before changes nothing
  if (!before || !hasAll(before, repository)) {
    const action = before ? 'repos.change' : 'repos.add';
    await recordLocalAction(database, context.config, { action, target: repository.name });
  }
  await queues.scheduleObserve(repository.host, repository.name, repository.pollSeconds);
  return repository;
}

function hasAll(known: Repository, wanted: Repository): boolean {
  return Object.entries(wanted).every(([part, value]) => isDeepStrictEqual(known[part as keyof Repository], value));
}

/**
 * Records a repository under a name that no watched repository has. An observer schedules its polls.
 * @throws VoltError as `addRepository`
 */
export async function recordNewRepository(context: Context, options: RepositoryOptions): Promise<Repository> {
  const source = parseSource(options.url);
  const repository = await repositoryOf(context, source, options);
  await createRepository(context.database, repository);
  await keepCredential(context, repository.name, source);
  return repository;
}

async function repositoryOf(
  { database, config }: Context,
  source: Source,
  options: RepositoryOptions,
): Promise<Repository> {
  const name = options.name === undefined ? await freeName(database, source.url) : checkRepositoryName(options.name);
  const known = await findRepository(database, name);
  const visibility = (await visibilityOf(database, name)) ?? usualSettings.visibility;
  const settings = completeSettings(options, { ...(known ? keptOf(known) : usualSettings), visibility });
  checkSettings(settings);
  return {
    name,
    url: source.url,
    host: source.kind === 'path' ? config.host : null,
    ...settings,
  };
}

/** What a repository keeps if a person adds it again without saying anything of it. */
function keptOf(known: RepositorySettings): RepositorySettings {
  const { branches, tags, pollSeconds, commits, command } = usualSettings;
  return { ...known, branches, tags, pollSeconds, commits, command };
}

async function keepCredential({ database, config }: Context, name: string, source: Source): Promise<void> {
  if (source.kind !== 'url' || !source.credential) return;
  const credential = { kind: 'https' as const, ...source.credential };
  const { user, password } = credential;
  // a user name without a password is a token
  const shown = { kind: credential.kind, user: password === '' ? null : user, publicKey: null, hostKeys: [] };
  await setCredential(database, config, name, { shown, credential });
}

/** The name that follows from the URL, with a number at its end where another repository has that name. */
async function freeName(database: Database, url: string): Promise<string> {
  const name = repositoryNameFrom(url);
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name.slice(0, 60)}-${count}`;
    if (await mayTakeName(database, candidate, url)) return candidate;
  }
}
