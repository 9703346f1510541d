import type { Context } from 'hono';
import { type BuildSummary, parseBuildId, type Status, statuses, statusWords } from '../../kernel/model.ts';
import { listBuilds } from '../../record/builds.ts';
import { listRepositories } from '../../record/repositories.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import { systemStatus } from '../status.ts';
import { answerPage } from './layout.tsx';
import { Age, Problems, StatusMark, Took } from './parts.tsx';
import { shortRef } from './sentences.ts';

const pageSize = 50;

interface Filter {
  repo: string;
  branch: string;
  status: Status | '';
}

/** `/`: builds newest first, filtered by what the address says. */
export async function buildsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const filter = filterOf(context);
  const before = parseBuildId(context.req.query('before') ?? '');
  const [builds, repositories, { problems }] = await Promise.all([
    listBuilds(web.record, {
      repo: filter.repo || undefined,
      branch: filter.branch || undefined,
      status: filter.status || undefined,
      before,
      limit: pageSize + 1,
    }),
    listRepositories(web.record),
    systemStatus(web),
  ]);
  const shown = builds.slice(0, pageSize);
  const older = builds.length > pageSize ? shown.at(-1)?.id : undefined;
  return answerPage(context, web, {
    title: filter.repo || 'Builds',
    place: 'builds',
    content: (
      <>
        <h1 class="hidden">Builds</h1>
        <Problems problems={problems} />
        <Filters filter={filter} repositories={repositories.map(({ name }) => name)} />
        <div id="builds" data-live="">
          {shown.length > 0 ? (
            <BuildList builds={shown} now={Date.now()} />
          ) : (
            <Nothing filter={filter} observed={repositories.length} />
          )}
          <nav class="pages" aria-label="Pages">
            {before && <a href={address(filter)}>Newest</a>}
            {older && <a href={address(filter, older)}>Older</a>}
          </nav>
        </div>
      </>
    ),
  });
}

function filterOf(context: Context<WebEnv>): Filter {
  const text = (name: string) => (context.req.query(name) ?? '').trim().slice(0, 1024);
  const status = text('status');
  return { repo: text('repo'), branch: text('branch'), status: statuses.find((one) => one === status) ?? '' };
}

function address(filter: Filter, before?: string): string {
  const given = Object.entries({ ...filter, before: before ?? '' }).filter(([, value]) => value !== '');
  return given.length === 0 ? '/' : `/?${new URLSearchParams(given)}`;
}

function Filters({ filter, repositories }: { filter: Filter; repositories: string[] }) {
  const names =
    filter.repo === '' || repositories.includes(filter.repo) ? repositories : [filter.repo, ...repositories];
  return (
    <form class="filters" method="get" action="/">
      <label>
        Repository
        <select name="repo">
          <option value="">all</option>
          {names.map((name) => (
            <option value={name} selected={name === filter.repo}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Branch
        <input name="branch" value={filter.branch} placeholder="all" autocomplete="off" spellcheck={false} />
      </label>
      <label>
        Status
        <select name="status">
          <option value="">all</option>
          {statuses
            .filter((status) => status !== 'waiting')
            .map((status) => (
              <option value={status} selected={status === filter.status}>
                {statusWords[status]}
              </option>
            ))}
        </select>
      </label>
      <button type="submit">Show</button>
      {(filter.repo || filter.branch || filter.status) && (
        <a id="reset" href="/">
          all builds
        </a>
      )}
    </form>
  );
}

function BuildList({ builds, now }: { builds: BuildSummary[]; now: number }) {
  return (
    <table class="builds">
      <thead>
        <tr>
          <th>Status</th>
          <th>Build</th>
          <th>Commit</th>
          <th class="number">Duration</th>
          <th class="number">Age</th>
        </tr>
      </thead>
      <tbody>
        {builds.map((build) => (
          <tr>
            <td>
              <StatusMark status={build.status} />
            </td>
            <td class="name">
              <a href={`/builds/${build.id}`}>
                {build.repo}#{build.number}
              </a>
              <span class="branch">{shortRef(build.ref)}</span>
            </td>
            <td class="commit">
              <span class="subject">{build.subject}</span>
              <span class="by">
                <code title={build.sha}>{build.sha.slice(0, 7)}</code> {build.author}
                {build.trigger === 'manual' && ' · asked for by a person'}
              </span>
            </td>
            <td class="number">
              <Took from={build.startedAt} to={build.finishedAt} now={now} />
            </td>
            <td class="number">
              <Age time={build.createdAt} now={now} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Nothing({ filter, observed }: { filter: Filter; observed: number }) {
  if (filter.repo || filter.branch || filter.status) return <p class="empty">No build fits this filter.</p>;
  if (observed > 0)
    return <p class="empty">No builds yet. The first appears here when the repository has been looked at.</p>;
  return (
    <p class="empty">
      No repository is observed yet. Start Volt with <code>volt up --repo &lt;path or URL&gt;</code>.
    </p>
  );
}
