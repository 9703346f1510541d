import { type BuildEvent, buildEvents } from '../../kernel/build-events.ts';
import { type Status, statuses, statusWords } from '../../kernel/model.ts';
import { addressOf, type Filter, fieldsOf, isFiltered, noFilter } from './build-filter.ts';
import { Chip } from './chip.tsx';

const eventWords: { readonly [E in BuildEvent]: string } = {
  push: 'push',
  pull_request: 'pull request',
  schedule: 'schedule',
  manual: 'by hand',
  event: 'another event',
};

/** The filter of the list of builds: switches, what it is narrowed to, each to be removed by itself, and a form to narrow it more. */
export function Filters({ filter, repositories }: { filter: Filter; repositories: readonly string[] }) {
  const chips = chipsOf(filter);
  return (
    <div class="filter" id="filter">
      <Switch filter={filter} name="mine" title="Mine" />
      <Switch filter={filter} name="failing" title="Failing now" />
      <Switch filter={filter} name="favourites" title="Favourites" />
      {chips.map(({ field, value, without }) => (
        <Chip field={field} value={value} without={addressOf(without)} />
      ))}
      <details id="narrow">
        <summary class="chip">Filter</summary>
        <NarrowForm filter={filter} repositories={repositories} />
      </details>
      {isFiltered(filter) && (
        <a
          id="reset"
          href={addressOf({ ...noFilter, view: filter.view, repo: filter.view === 'grid' ? filter.repo : [] })}
        >
          Clear
        </a>
      )}
    </div>
  );
}

/** A link that switches a part of the filter on or off. */
function Switch({ filter, name, title }: { filter: Filter; name: 'mine' | 'failing' | 'favourites'; title: string }) {
  const on = filter[name];
  return (
    <a class="chip" href={addressOf({ ...filter, [name]: !on, view: 'list' })} aria-current={on ? 'true' : undefined}>
      {title}
    </a>
  );
}

interface Narrowed {
  field: string;
  value: string;
  /** the filter if this is removed */
  without: Filter;
}

function chipsOf(filter: Filter): Narrowed[] {
  const several = (
    name: 'repo' | 'branch' | 'status' | 'event' | 'author',
    field: string,
    word = (value: string) => value,
  ): Narrowed[] =>
    filter[name].map((value: string) => {
      const without = { ...filter, [name]: filter[name].filter((one: string) => one !== value) };
      return { field, value: word(value), without: without.repo.length === 1 ? without : { ...without, view: 'list' } };
    });
  return [
    ...several('repo', 'Repository'),
    ...several('branch', 'Branch'),
    ...(filter.pull === ''
      ? []
      : [{ field: 'Pull request', value: `#${filter.pull}`, without: { ...filter, pull: '' } }]),
    ...several('status', 'Status', (value) => statusWords[value as Status]),
    ...several('event', 'Started by', (value) => eventWords[value as BuildEvent]),
    ...several('author', 'Author'),
    ...(filter.text === '' ? [] : [{ field: 'Commit', value: filter.text, without: { ...filter, text: '' } }]),
  ];
}

/** Adds to the filter. Branches and authors are completed while one types, see client/builds.ts. */
function NarrowForm({ filter, repositories }: { filter: Filter; repositories: readonly string[] }) {
  const kept = fieldsOf({ ...filter, pull: '', text: '' });
  return (
    <form class="filters" method="get" action="/builds">
      {kept.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <TextField name="repo" label="Repository" list="repositories" />
      <datalist id="repositories">
        {repositories.map((name) => (
          <option value={name}></option>
        ))}
      </datalist>
      <TextField name="branch" label="Branch" list="branches" />
      <datalist id="branches" data-kind="branch"></datalist>
      <TextField name="author" label="Author" list="authors" />
      <datalist id="authors" data-kind="author"></datalist>
      <label>
        Status
        <select name="status">
          <option value="">Any</option>
          {statuses
            .filter((status) => status !== 'waiting')
            .map((status) => (
              <option value={status}>{statusWords[status]}</option>
            ))}
        </select>
      </label>
      <label>
        Started by
        <select name="event">
          <option value="">Any</option>
          {buildEvents.map((event) => (
            <option value={event}>{eventWords[event]}</option>
          ))}
        </select>
      </label>
      <TextField name="pull" label="Pull request" value={filter.pull} />
      <TextField name="text" label="Commit or subject" value={filter.text} />
      <button type="submit">Add filter</button>
    </form>
  );
}

function TextField({ name, label, value, list }: { name: string; label: string; value?: string; list?: string }) {
  return (
    <label>
      {label}
      <input name={name} value={value} list={list} placeholder="Any" autocomplete="off" spellcheck={false} />
    </label>
  );
}
