import type { Told } from './told.ts';

/** Asks the API of a forge for a value, or for a whole list, with the token of who signs in. */
export type GetJson = (path: string) => Promise<unknown>;

interface ForgeApi {
  /** how a list is asked for as many entries a page as the forge gives */
  pageQuery: string;
  /** what the token endpoint says of an unknown code, where the error itself does not tell */
  unknownCode?: string;
  whoIs(get: GetJson): Promise<Told>;
}

type Fields = { readonly [name: string]: unknown };

/** Sources: GitHub's REST API "users", "emails", "teams", and "Troubleshooting OAuth app access token request errors". */
const github: ForgeApi = {
  pageQuery: 'per_page=100',
  whoIs: async (get) => {
    const { id, login, name } = fieldsOf(await get('/user'));
    const teams = listOf(await get('/user/teams')).map((team) =>
      teamName(fieldsOf(team.organization).login, team.slug),
    );
    return {
      ...{ subject: id, login, displayName: name },
      groups: [...listOf(await get('/user/orgs')).map((org) => org.login), ...teams],
      addresses: verifiedIn(await get('/user/emails')),
    };
  },
};

/** Sources: Gitea's API /api/swagger, and its file routers/web/auth/oauth2_provider.go. */
const gitea: ForgeApi = {
  pageQuery: 'limit=50',
  unknownCode: 'client is not authorized',
  whoIs: async (get) => {
    const { id, login, full_name } = fieldsOf(await get('/user'));
    const teams = listOf(await get('/user/teams')).map((team) =>
      teamName(orgName(fieldsOf(team.organization)), team.name),
    );
    return {
      ...{ subject: id, login, displayName: full_name },
      groups: [...listOf(await get('/user/orgs')).map(orgName), ...teams],
      addresses: verifiedIn(await get('/user/emails')),
    };
  },
};

/** How each kind of forge tells who somebody is. */
export const forgeApis = { github, gitea, forgejo: gitea };

function fieldsOf(value: unknown): Fields {
  return Object(value) as Fields;
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** Older versions call it `username`. */
function orgName({ name, username }: Fields): unknown {
  return name ?? username;
}

function teamName(organization: unknown, team: unknown): string | undefined {
  return typeof organization === 'string' && typeof team === 'string' ? `${organization}/${team}` : undefined;
}

function verifiedIn(addresses: unknown): unknown[] {
  return listOf(addresses).flatMap(({ email, verified }) => (verified === true ? [email] : []));
}
