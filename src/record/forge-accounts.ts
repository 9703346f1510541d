import { apiAddress, type ForgeKind } from '../kernel/forge-kinds.ts';
import type { ProviderKind } from '../kernel/provider-kinds.ts';
import type { Database } from './database.ts';
import { findPerson, type Person } from './people.ts';
import { listProviders } from './providers.ts';

/**
 * The person to whom an account at a forge belongs: who has signed in with it at a provider that is that forge.
 * @param account id of the account at the forge
 */
export async function personOfAccount(
  { db }: Pick<Database, 'db'>,
  { kind, api }: { kind: ForgeKind; api: string },
  account: string,
): Promise<Person | undefined> {
  const providers = (await listProviders({ db })).filter(
    (provider) => forgesOf[provider.kind].includes(kind) && apiAddress(kind, provider.url) === api,
  );
  for (const { name, url } of providers) {
    const identity = await db
      .selectFrom('identities')
      .select('person_id')
      .where('issuer', '=', url)
      .where('subject', '=', account)
      .where('provider', '=', name)
      .executeTakeFirst();
    if (identity) return findPerson({ db }, identity.person_id);
  }
  return undefined;
}

/** Kinds of forges at which the subject of an identity is the id of the account, by the kind of provider. */
const forgesOf: { readonly [K in ProviderKind]: readonly ForgeKind[] } = {
  // GitLab is a provider of OpenID Connect
  oidc: ['gitlab'],
  github: ['github'],
  // each has the API of the other
  gitea: ['gitea', 'forgejo'],
  forgejo: ['gitea', 'forgejo'],
};
