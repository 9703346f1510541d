interface Filtered {
  action: string;
  label: string;
  text: string;
}

/** What narrows a list by a text that its entries hold. */
export function TextFilter({ action, label, text }: Filtered) {
  return (
    <form class="filters" method="get" action={action}>
      <label>
        {label}
        <input name="text" value={text} placeholder="all" autocomplete="off" spellcheck={false} />
      </label>
      <button type="submit">Show</button>
      {text !== '' && (
        <span class="views">
          <a href={action}>all</a>
        </span>
      )}
    </form>
  );
}
