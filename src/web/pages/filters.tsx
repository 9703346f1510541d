import { type Status, statuses, statusWords } from '../../kernel/model.ts';
import { pullRequestNumber } from '../schemas/terms.ts';

/** The filter in the query of the list of builds; empty fields match everything. */
export interface Filter {
  repo: string;
  branch: string;
  /** number of a pull request */
  pull: string;
  status: Status | '';
  author: string;
  /** text in the commit's subject, or the beginning of its sha */
  text: string;
  /** the grid has jobs as columns, so it shows one repository */
  view: 'grid' | '';
}

export function filterOf(query: (name: string) => string | undefined): Filter {
  const text = (name: string) => (query(name) ?? '').trim().slice(0, 1024);
  const repo = text('repo');
  return {
    repo,
    branch: text('branch'),
    pull: pullRequestNumber.safeParse(text('pull')).success ? text('pull') : '',
    status: statuses.find((one) => one === text('status')) ?? '',
    author: text('author'),
    text: text('text'),
    view: text('view') === 'grid' && repo !== '' ? 'grid' : '',
  };
}

/** The path and query of a filtered list. */
export function addressOf(filter: Filter, before?: string): string {
  const given = Object.entries({ ...filter, before: before ?? '' }).filter(([, value]) => value !== '');
  return given.length === 0 ? '/' : `/?${new URLSearchParams(given)}`;
}

/** The address of the builds of a repository, filtered further or not. */
export function addressOfBuilds(repo: string, more: Partial<Filter> = {}): string {
  return addressOf({ ...filterOf(() => undefined), repo, ...more });
}

export function isFiltered({ view, ...filter }: Filter): boolean {
  return Object.values(filter).some((value) => value !== '');
}

/** With more repositories, a text field replaces the list. */
const mostChoices = 200;

export function Filters({ filter, repositories }: { filter: Filter; repositories: string[] }) {
  const names =
    filter.repo === '' || repositories.includes(filter.repo) ? repositories : [filter.repo, ...repositories];
  return (
    <form class="filters" method="get" action="/">
      {names.length > mostChoices ? (
        <TextField name="repo" label="Repository" value={filter.repo} />
      ) : (
        <label>
          Repository
          <select name="repo">
            <option value="">All</option>
            {names.map((name) => (
              <option value={name} selected={name === filter.repo}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <TextField name="branch" label="Branch" value={filter.branch} />
      <TextField name="pull" label="Pull request" value={filter.pull} />
      <label>
        Status
        <select name="status">
          <option value="">All</option>
          {statuses
            .filter((status) => status !== 'waiting')
            .map((status) => (
              <option value={status} selected={status === filter.status}>
                {statusWords[status]}
              </option>
            ))}
        </select>
      </label>
      <TextField name="author" label="Author" value={filter.author} />
      <TextField name="text" label="Commit or subject" value={filter.text} />
      {filter.view !== '' && <input type="hidden" name="view" value={filter.view} />}
      <button type="submit">Filter</button>
      <span class="views">
        {isFiltered(filter) && (
          <a id="reset" href="/">
            All builds
          </a>
        )}
      </span>
    </form>
  );
}

function TextField({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <label>
      {label}
      <input name={name} value={value} placeholder="Any" autocomplete="off" spellcheck={false} />
    </label>
  );
}
