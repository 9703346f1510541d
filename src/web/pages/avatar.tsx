/** The initials of a person as a sign beside the name; `alone` where it stands for the name. */
export function Avatar({ name, alone = false }: { name: string; alone?: boolean }) {
  return (
    <span class="avatar" title={alone ? name : undefined} aria-hidden={alone ? undefined : 'true'}>
      {initialsOf(name)}
    </span>
  );
}

/** The first letters of the first and the last word of a name. */
function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const chosen = [words[0], words.length > 1 ? words.at(-1) : undefined];
  return chosen
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}
