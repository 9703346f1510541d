import { type ProjectLinks, projectLinks } from '../kernel/forge-links.ts';
import type { GivenLinks } from '../kernel/link-templates.ts';
import type { Database } from './database.ts';
import { forgeScopes } from './forges.ts';

/** The pages of repositories at their forges, by name; only of those whose forge is known. */
export async function linksOf(
  { db }: Pick<Database, 'db'>,
  names: readonly string[],
): Promise<ReadonlyMap<string, ProjectLinks>> {
  if (names.length === 0) return new Map();
  const [scopes, rows] = await Promise.all([
    forgeScopes(db),
    db
      .selectFrom('repositories')
      .select(['name', 'url', 'project'])
      .where('name', 'in', [...new Set(names)])
      .execute(),
  ]);
  return new Map(
    rows.flatMap((row): [string, ProjectLinks][] => {
      const links = projectLinks({ ...row, project: JSON.parse(row.project) as GivenLinks }, scopes);
      return links ? [[row.name, links]] : [];
    }),
  );
}
