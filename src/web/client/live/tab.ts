/** What a browser's tab shows of the page: its title with the sign of its state, and an icon for the state. */
let title = document.title;
let isAway = false;

/** Shows the state that the page has now. */
export function showState(fresh: Document): void {
  title = fresh.title;
  showTitle();
  const icon = iconOf(document);
  const other = iconOf(fresh)?.getAttribute('href');
  if (icon && other && icon.getAttribute('href') !== other) icon.href = other;
}

/** @param away whether Volt does not answer, so that the state may be an old one */
export function showAway(away: boolean): void {
  isAway = away;
  showTitle();
}

function showTitle(): void {
  document.title = isAway ? `Volt does not answer · ${title}` : title;
}

function iconOf(page: Document): HTMLLinkElement | null {
  return page.querySelector<HTMLLinkElement>('link[rel="icon"]');
}
