interface Filtered {
  action: string;
  text: string;
}

/** A form that filters a list by text: as one types where there are scripts, see client/live.ts. */
export function TextFilter({ action, label, text }: Filtered & { label: string }) {
  return (
    <form class="filters" method="get" action={action} data-typed="">
      <label>
        {label}
        <input name="text" value={text} placeholder="Any" autocomplete="off" spellcheck={false} />
      </label>
      <button type="submit">Filter</button>
      {text !== '' && (
        <span class="views">
          <a href={action}>All</a>
        </span>
      )}
    </form>
  );
}

interface Paged {
  action: string;
  /** what the list is filtered by, without what is empty */
  filter: { readonly [name: string]: string };
  after: string | undefined;
  next: string | null;
}

/** Links to the first and the next page of such a list. */
export function PageLinks({ action, filter, after, next }: Paged) {
  const given = Object.entries(filter).filter(([, value]) => value !== '');
  const address = (more: [string, string][]) => {
    const query = new URLSearchParams([...given, ...more]);
    return query.size === 0 ? action : `${action}?${query}`;
  };
  return (
    <nav class="pages" aria-label="Pages">
      {after && <a href={address([])}>First page</a>}
      {next !== null && <a href={address([['after', next]])}>Next page</a>}
    </nav>
  );
}
