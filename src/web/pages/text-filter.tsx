interface Filtered {
  action: string;
  label: string;
  text: string;
}

/** A form that filters a list by text. */
export function TextFilter({ action, label, text }: Filtered) {
  return (
    <form class="filters" method="get" action={action}>
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
