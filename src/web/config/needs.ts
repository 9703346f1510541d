import { VoltError, withRemedy } from '../../kernel/errors.ts';
import { allSecretNames } from '../../record/all-settings.ts';
import { listCredentials } from '../../record/credentials.ts';
import type { Database } from '../../record/database.ts';
import { secretName } from '../../secrets/names.ts';
import type { ConfigNeed, ConfigProblem } from '../schemas/config.ts';
import type { Path } from './kind.ts';
import { keyOf, pathOf, placesIn } from './paths.ts';

/** Secrets that the settings name without their values: somebody has to set them by a command. */

const secretLists: readonly Path[] = [
  ['secrets'],
  ['repositories', '*', 'secrets'],
  ['repositories', '*', 'environments', '*', 'secrets'],
];
const credentials: Path = ['repositories', '*', 'credential'];

/** What is named, with its place: the path of a list and a name, or that of a credential and its kind. */
interface Named {
  path: Path;
  names: readonly string[];
  name: string;
  /** its place in a list of the file */
  index?: number;
}

/** The secrets that are set. */
export async function readNames(database: Database): Promise<Named[]> {
  const secrets = (await allSecretNames(database)).map(({ repo, environment, name }) => {
    const names = [repo, environment].filter((each) => each !== null);
    return { path: pathOf(secretLists[names.length] ?? [], names), names, name };
  });
  const kinds = (await listCredentials(database)).map(({ repo, kind }) => ({
    ...{ path: pathOf(credentials, [repo]), names: [repo], name: kind },
  }));
  return [...secrets, ...kinds];
}

/** What the settings name and nobody has set. */
export async function missingIn(database: Database, settings: unknown): Promise<ConfigNeed[]> {
  const keyOfName = ({ path, name }: Named) => `${keyOf(path)} ${name.toUpperCase()}`;
  const known = new Set((await readNames(database)).map(keyOfName));
  return namesIn(settings)
    .filter((named) => !known.has(keyOfName(named)))
    .map(({ path, names, name }) => ({ path: [...path], ...wordsOf(path, names, name) }));
}

/** Names that no secret can have. */
export function wrongNamesIn(settings: unknown): ConfigProblem[] {
  return namesIn(settings).flatMap(({ path, index, name }): ConfigProblem[] => {
    if (index === undefined) return [];
    try {
      secretName(name);
      return [];
    } catch (error) {
      if (!(error instanceof VoltError)) throw error;
      return [{ path: [...path, String(index)], message: withRemedy(error) }];
    }
  });
}

function namesIn(settings: unknown): Named[] {
  const listed = secretLists.flatMap((at) =>
    placesIn(settings, at).flatMap(({ names, value }) =>
      (Array.isArray(value) ? value : []).flatMap((name: unknown, index) =>
        typeof name === 'string' ? [{ path: pathOf(at, names), names, index, name }] : [],
      ),
    ),
  );
  const kinds = placesIn(settings, credentials).flatMap(({ names, value }) =>
    typeof value === 'string' ? [{ path: pathOf(credentials, names), names, name: value }] : [],
  );
  return [...listed, ...kinds];
}

function wordsOf(
  path: Path,
  [repo, environment]: readonly string[],
  name: string,
): Pick<ConfigNeed, 'what' | 'command'> {
  if (path.at(-1) === 'credential')
    return { what: `the credential of ${repo}`, command: `volt credential set ${repo} --${name}` };
  const secret = name.toUpperCase();
  if (repo === undefined) return { what: `the secret ${secret}`, command: `volt secret set ${secret}` };
  if (environment === undefined)
    return { what: `the secret ${secret} of ${repo}`, command: `volt secret set ${secret} --repo ${repo}` };
  return {
    what: `the secret ${secret} of the environment ${environment} of ${repo}`,
    command: `volt secret set ${secret} --repo ${repo} --environment ${/^[\w.-]+$/.test(environment) ? environment : JSON.stringify(environment)}`,
  };
}
