/** Markup of Volt's navigation bar above Bull Board. */
export function boardBar(): string {
  return String(
    <nav class="volt-bar" aria-label="Volt">
      <a class="brand" href="/">
        Volt
      </a>
      <a href="/">Start</a>
      <a href="/builds">Builds</a>
      <a href="/repos">Repositories</a>
      <a href="/runners">Runners</a>
      <a href="/internals" aria-current="true">
        Internals
      </a>
    </nav>,
  );
}
