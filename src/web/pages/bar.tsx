/** Markup of the bar that stands above Bull Board, so that it is a place of Volt's like the others. */
export function boardBar(): string {
  return String(
    <nav class="volt-bar" aria-label="Volt">
      <a class="brand" href="/">
        Volt
      </a>
      <a href="/">Builds</a>
      <a href="/repos">Repositories</a>
      <a href="/runners">Runners</a>
      <a href="/queues" aria-current="page">
        Queues
      </a>
    </nav>,
  );
}
