import type { Config } from '../kernel/config.ts';
import { VoltError } from '../kernel/errors.ts';
import { type ForgeKind, forgeKinds } from '../kernel/forge-kinds.ts';
import { type ForgeScope, projectAt } from '../kernel/forge-projects.ts';
import { kindsLikeGithub } from '../kernel/known-forges.ts';
import { Vault } from '../secrets/vault.ts';
import type { Sql, Write } from './database.ts';
import { jobTokenOf, writingVault } from './secret-key.ts';

/** The columns of a forge's token for jobs. */
interface JobTokenColumns {
  job_token: string | null;
  job_token_key_id: string | null;
}

/** @returns null for a forge whose jobs get none */
export function openedJobToken(
  vault: Vault,
  { name, api, job_token: box, job_token_key_id: keyId }: JobTokenColumns & { name: string; api: string },
): string | null {
  return box === null || keyId === null ? null : vault.decrypt({ box, keyId }, jobTokenOf({ name, api }));
}

/** A repository, whose name and address tell its forge. */
export type RepositoryAtForge = Parameters<typeof projectAt>[1];

/**
 * Encrypts a token for jobs.
 * @param token null removes it
 * @throws VoltError `bad_request` at a forge whose programs do not look for a GITHUB_TOKEN; errors of the key file
 */
export async function jobTokenColumns(
  db: Write,
  config: Config,
  { name, kind, api }: { name: string; kind: ForgeKind; api: string },
  token: string | null,
): Promise<JobTokenColumns> {
  if (token === null) return { job_token: null, job_token_key_id: null };
  if (!kindsLikeGithub.includes(kind)) {
    throw new VoltError('bad_request', `${forgeKinds[kind].title} has no token for jobs`, {
      remedy: 'Only GitHub, Gitea and Forgejo have one. Give jobs a secret with another name: `volt secret set`.',
    });
  }
  const { box, keyId } = (await writingVault(db, config)).encrypt(token, jobTokenOf({ name, api }));
  return { job_token: box, job_token_key_id: keyId };
}

/**
 * The token that jobs of a repository get as GITHUB_TOKEN.
 * @throws VoltError errors of the key file, `secrets_key_wrong`, `secrets_damaged`
 */
export async function findJobToken(
  db: Sql,
  config: Config,
  repository: RepositoryAtForge,
): Promise<string | undefined> {
  const forge = forgeOfRepository(await forgesWithJobTokens(db), repository);
  return forge && Vault.open(config).decrypt({ box: forge.box, keyId: forge.keyId }, jobTokenOf(forge));
}

interface ForgeWithJobToken extends ForgeScope {
  name: string;
  box: string;
  keyId: string;
}

/** The forges with a token for jobs that a person has given. */
export async function forgesWithJobTokens(db: Sql): Promise<ForgeWithJobToken[]> {
  const rows = await db
    .selectFrom('forges')
    .select(['name', 'kind', 'api', 'repos', 'job_token as box', 'job_token_key_id as keyId'])
    .where('job_token', 'is not', null)
    .$narrowType<{ box: string; keyId: string }>()
    .orderBy('name')
    .execute();
  return rows.map(({ repos, ...row }) => ({ ...row, repos: JSON.parse(repos) as string[] }));
}

function forgeOfRepository(forges: readonly ForgeWithJobToken[], repository: RepositoryAtForge) {
  return forges.find((forge) => projectAt(forge, repository) !== undefined);
}
