import { type Status, statuses, statusWords } from '../../kernel/model.ts';

/** What the address of the list of builds asks for; empty for all. */
export interface Filter {
  repo: string;
  branch: string;
  status: Status | '';
  author: string;
  /** in the commit's first line, or the beginning of its id */
  text: string;
  /** the grid has jobs as its columns, so it is of one repository */
  view: 'grid' | '';
}

export function filterOf(query: (name: string) => string | undefined): Filter {
  const text = (name: string) => (query(name) ?? '').trim().slice(0, 1024);
  const repo = text('repo');
  return {
    repo,
    branch: text('branch'),
    status: statuses.find((one) => one === text('status')) ?? '',
    author: text('author'),
    text: text('text'),
    view: text('view') === 'grid' && repo !== '' ? 'grid' : '',
  };
}

/** The address of what a filter shows. */
export function addressOf(filter: Filter, before?: string): string {
  const given = Object.entries({ ...filter, before: before ?? '' }).filter(([, value]) => value !== '');
  return given.length === 0 ? '/' : `/?${new URLSearchParams(given)}`;
}

export function isFiltered({ view, ...filter }: Filter): boolean {
  return Object.values(filter).some((value) => value !== '');
}

/** Nobody looks through a longer list. */
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
            <option value="">all</option>
            {names.map((name) => (
              <option value={name} selected={name === filter.repo}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <TextField name="branch" label="Branch" value={filter.branch} />
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
      <TextField name="author" label="Author" value={filter.author} />
      <TextField name="text" label="Commit" value={filter.text} />
      {filter.view !== '' && <input type="hidden" name="view" value={filter.view} />}
      <button type="submit">Show</button>
      <span class="views">
        {isFiltered(filter) && (
          <a id="reset" href="/">
            all builds
          </a>
        )}
        {repositories.includes(filter.repo) && <a href={`/repos/${filter.repo}`}>about {filter.repo}</a>}
        {filter.repo !== '' && <Views filter={filter} />}
      </span>
    </form>
  );
}

function TextField({ name, label, value }: { name: string; label: string; value: string }) {
  return (
    <label>
      {label}
      <input name={name} value={value} placeholder="all" autocomplete="off" spellcheck={false} />
    </label>
  );
}

function Views({ filter }: { filter: Filter }) {
  return filter.view === 'grid' ? (
    <a href={addressOf({ ...filter, view: '' })}>as a list</a>
  ) : (
    <a href={addressOf({ ...filter, view: 'grid' })}>as a grid</a>
  );
}
