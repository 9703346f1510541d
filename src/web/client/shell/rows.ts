/** Rows of a list that one can step through: each leads somewhere by its first link. */
const rows = 'main table tbody tr, main .search-results li, main [data-rows] > *';

/** Focuses the link of the next row, so that Enter opens it. @returns whether there is one */
export function nextRow(step: 1 | -1): boolean {
  const all = [...document.querySelectorAll<HTMLElement>(rows)].filter(
    (row) => row.checkVisibility() && row.querySelector('a[href]') !== null,
  );
  const now = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[now < 0 ? 0 : now + step];
  if (!next) return false;
  const link = next.querySelector<HTMLElement>('a[href]');
  link?.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
  return true;
}

/**
 * Shows the next or previous job of a build, as a click on its link does.
 * @param failed only one that has failed
 * @returns whether the page has jobs
 */
export function nextJob(direction: 'next' | 'previous', failed = false): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>('#jobs a[data-swap="job"]')];
  if (links.length === 0) return false;
  // by the address, which changes at once; the list is marked when the job has been fetched
  const chosen = jobOf(location.href);
  const now = links.findIndex((link) => (chosen ? jobOf(link.href) === chosen : link.hasAttribute('aria-current')));
  const rest = direction === 'next' ? links.slice(now + 1) : links.slice(0, Math.max(0, now)).reverse();
  const next = rest.find((link) => !failed || link.matches('.failure, .error, :has(.failure, .error)'));
  next?.closest('details')?.setAttribute('open', '');
  next?.click();
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}

function jobOf(address: string): string | null {
  return new URL(address).searchParams.get('job');
}
