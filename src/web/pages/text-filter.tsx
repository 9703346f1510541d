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

/** Links to the first and the next page of such a list. */
export function PageLinks({
  action,
  text,
  after,
  next,
}: Filtered & { after: string | undefined; next: string | null }) {
  const address = (query: { [name: string]: string }) => `${action}?${new URLSearchParams(query)}`;
  const filter = text === '' ? {} : { text };
  return (
    <nav class="pages" aria-label="Pages">
      {after && <a href={text === '' ? action : address(filter)}>First page</a>}
      {next !== null && <a href={address({ ...filter, after: next })}>Next page</a>}
    </nav>
  );
}
