import type { Context } from 'hono';
import type { ProjectLinks } from '../../../kernel/forge-links.ts';
import type { BuildSummary } from '../../../kernel/model.ts';
import { shortRef } from '../../../kernel/ref-name.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { type ObservedRef, observedRefs } from '../../../record/branches.ts';
import { linksOf } from '../../../record/project-links.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { offers } from '../../access/rights.ts';
import type { Web } from '../../services.ts';
import { Author } from '../author.tsx';
import { addressOfBuilds } from '../build-filter.ts';
import { Age, BuildMark, CommitId } from '../parts.tsx';
import { type Column, Table } from '../table.tsx';
import { TextFilter } from '../text-filter.tsx';
import { answerRepositoryPage } from './frame.tsx';
import { RecentResults } from './recent-results.tsx';

/** Refs on the page; a search finds the others. */
const mostRefs = 200;
/** Builds of each ref whose results are shown. */
const recent = 10;
/** Days without a new commit after which a branch is stale. */
const staleAfter = 30;

/** `/repos/:name/branches`: the observed branches and tags with their last results. */
export async function branchesPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { database } = web;
  const repository = await readRepository(database, context.get('reader'), context.req.param('name') ?? '');
  const { name, defaultBranch } = repository;
  const text = (context.req.query('text') ?? '').trim().slice(0, 1024);
  const filter = { text: text || undefined, limit: mostRefs + 1, builds: recent, reader: context.get('reader') };
  const [found, projects] = await Promise.all([observedRefs(database, name, filter), linksOf(database, [name])]);
  const links = projects.get(name);
  const now = serverNow();
  const refs = defaultFirst(found.slice(0, mostRefs), defaultBranch);
  const isStale = ({ ref, movedAt }: ObservedRef) =>
    ref !== `refs/heads/${defaultBranch}` && now - Date.parse(movedAt) > staleAfter * 24 * 3600 * 1000;
  const stale = refs.filter(isStale);
  const shown = { repo: name, links, now, mayBuild: offers(context, 'run', name) };
  return answerRepositoryPage(context, web, {
    repository,
    page: 'branches',
    links,
    content: (
      <>
        <TextFilter action={`/repos/${name}/branches`} label="Branch or tag" text={text} />
        <section id="branches" data-live="">
          {found.length === 0 && <p class="empty">{text ? 'No branch or tag matches.' : 'No branches or tags yet.'}</p>}
          <Refs {...shown} refs={refs.filter((ref) => !isStale(ref))} />
          {stale.length > 0 && (
            <details id="stale" open={text !== ''}>
              <summary>
                {stale.length} stale {stale.length === 1 ? 'branch or tag' : 'branches and tags'}{' '}
                <span class="faint">without a new commit for {staleAfter} days</span>
              </summary>
              <Refs {...shown} refs={stale} />
            </details>
          )}
          {found.length > mostRefs && (
            <p class="faint">These are the {mostRefs} that moved last. Search for others by name.</p>
          )}
        </section>
      </>
    ),
  });
}

function defaultFirst(refs: ObservedRef[], branch: string | null): ObservedRef[] {
  const isDefault = ({ ref }: ObservedRef) => ref === `refs/heads/${branch}`;
  return [...refs.filter(isDefault), ...refs.filter((ref) => !isDefault(ref))];
}

interface Shown {
  repo: string;
  refs: ObservedRef[];
  links: ProjectLinks | undefined;
  mayBuild: boolean;
  now: number;
}

function Refs(shown: Shown) {
  const { repo, refs, links, mayBuild, now } = shown;
  if (refs.length === 0) return null;
  return (
    <Table
      class="cards"
      rows={refs}
      columns={[
        {
          head: 'Status',
          label: false,
          cell: ({ builds: [newest] }) =>
            newest ? <BuildMark build={newest} /> : <span class="faint">not built</span>,
        },
        { head: 'Branch or tag', class: 'name', cell: ({ ref }) => <RefName repo={repo} of={ref} /> },
        {
          head: 'Latest build',
          class: 'commit',
          label: false,
          cell: ({ sha, builds: [newest] }) => (
            <>
              {newest && (
                <a href={`/builds/${newest.id}`} class="subject">
                  #{newest.number} {newest.subject}
                </a>
              )}
              <span class="by">
                <CommitId sha={sha} at={links?.commit(sha)} /> {newest && <Author build={newest} />}
              </span>
            </>
          ),
        },
        { head: 'Last results', cell: ({ builds }) => <RecentResults builds={builds} /> },
        {
          head: 'Age',
          class: 'number',
          cell: ({ movedAt, builds: [newest] }) => <Age time={newest?.createdAt ?? movedAt} now={now} />,
        },
        ...(mayBuild ? [actsOf(repo)] : []),
      ]}
    />
  );
}

function RefName({ repo, of }: { repo: string; of: string }) {
  const name = shortRef(of);
  if (!of.startsWith('refs/heads/')) return <>{name}</>;
  return <a href={addressOfBuilds(repo, { branch: [name] })}>{name}</a>;
}

/** The column of what can be done with each. */
function actsOf(repo: string): Column<ObservedRef> {
  return {
    head: 'Actions',
    class: 'actions',
    cell: ({ ref, builds }) => <RefActs repo={repo} of={ref} builds={builds} />,
  };
}

/** What can be done with a branch or tag. */
function RefActs({ repo, of, builds }: { repo: string; of: string; builds: BuildSummary[] }) {
  const name = shortRef(of);
  const queued = builds.filter(({ status }) => status === 'queued').length;
  const query = (more: { [name: string]: string }) => new URLSearchParams(more).toString();
  return (
    <span class="row-acts">
      {queued > 0 && of.startsWith('refs/heads/') && (
        <a href={`/builds/cancel-queued?${query({ repo, branch: name })}`}>
          Cancel queued<span class="hidden"> of {name}</span>
        </a>
      )}
      <a href={`/repos/${repo}/build?${query({ ref: name })}`}>
        Build<span class="hidden"> {name}</span>
      </a>
    </span>
  );
}
