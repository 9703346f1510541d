import type { Context } from 'hono';
import { nearest } from '../../kernel/similar-words.ts';
import { branchNames } from '../../record/branches.ts';
import type { Database } from '../../record/database.ts';
import type { WebEnv } from '../access/env.ts';
import { addressOf, type Filter, isFiltered } from './build-filter.ts';
import { NoRepositories } from './no-repositories.tsx';
import { Nothing } from './nothing.tsx';
import { WhoAreYou } from './who-are-you.tsx';

/** Branches that are compared with a name that no build has. */
const comparedBranches = 1000;

interface Shown {
  context: Context<WebEnv>;
  database: Database;
  filter: Filter;
  repositories: readonly string[];
  /** whether nothing tells which commits are the reader's */
  isUnknown: boolean;
}

/** What stands in place of the list if it is empty, and what to do next. */
export async function NoBuilds({ context, database, filter, repositories, isUnknown }: Shown) {
  if (filter.mine && isUnknown) return <WhoAreYou context={context} me="" />;
  if (filter.favourites && !isFiltered({ ...filter, favourites: false }))
    return (
      <p class="empty">
        No builds of your favourites. Mark a repository with ☆ on the <a href="/">start page</a> or in the{' '}
        <a href="/repos">list of repositories</a>.
      </p>
    );
  if (isFiltered(filter)) {
    const meant = await suggestions(context, database, filter, repositories);
    return (
      <p class="empty">
        {filter.failing ? 'No branch is failing.' : 'No builds match this filter.'}
        {meant.map(({ name, address }) => (
          <>
            {' '}
            Did you mean <a href={address}>{name}</a>?
          </>
        ))}
      </p>
    );
  }
  if (repositories.length === 0) return <NoRepositories context={context} />;
  return (
    <Nothing title="No builds yet">
      <p>The first one appears here when Volt has checked a repository and found a commit to build.</p>
    </Nothing>
  );
}

/** Names similar to those of the filter that do not exist, with the address that has them instead. */
async function suggestions(
  context: Context<WebEnv>,
  database: Database,
  filter: Filter,
  repositories: readonly string[],
): Promise<{ name: string; address: string }[]> {
  const repo = correction(filter.repo, repositories);
  const known =
    filter.branch.length === 0 ? [] : await branchNames(database, context.get('reader'), filter.repo, comparedBranches);
  const branch = correction(filter.branch, known);
  return [
    ...(repo ? [{ name: repo.meant, address: addressOf({ ...filter, repo: repo.values }) }] : []),
    ...(branch ? [{ name: branch.meant, address: addressOf({ ...filter, branch: branch.values }) }] : []),
  ];
}

/** The values with the first unknown one replaced by the known name that it resembles or begins. */
function correction(values: readonly string[], known: readonly string[]) {
  const wrong = values.find((value) => !known.includes(value));
  if (wrong === undefined) return undefined;
  const meant = nearest(wrong, known) ?? known.find((name) => name.toLowerCase().includes(wrong.toLowerCase()));
  return meant === undefined ? undefined : { meant, values: values.map((value) => (value === wrong ? meant : value)) };
}
