/** What the list of grants is narrowed to. */
export interface GrantFilterFields {
  readonly who: string;
  readonly repo: string;
  readonly [field: string]: string;
}

interface Shown {
  filter: GrantFilterFields;
  /** people and groups, and repositories, that the browser completes */
  known: readonly string[];
  repos: readonly string[];
}

/** The form that narrows the list of grants. */
export function GrantFilter({ filter: { who, repo }, known, repos }: Shown) {
  return (
    <form class="filters" method="get" action="/access">
      <label>
        Person or group
        <input name="who" value={who} placeholder="Any" list="who-filter" autocomplete="off" spellcheck={false} />
      </label>
      <label>
        Repository
        <input name="repo" value={repo} placeholder="Any" list="repo-filter" autocomplete="off" spellcheck={false} />
      </label>
      <button type="submit">Filter</button>
      {(who !== '' || repo !== '') && (
        <span class="views">
          <a href="/access">All</a>
        </span>
      )}
      <Completions id="who-filter" of={known} />
      <Completions id="repo-filter" of={repos} />
    </form>
  );
}

function Completions({ id, of }: { id: string; of: readonly string[] }) {
  return (
    <datalist id={id}>
      {of.map((one) => (
        <option value={one}></option>
      ))}
    </datalist>
  );
}
