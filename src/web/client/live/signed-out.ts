/**
 * Tells a reader that they have been signed out while the page was open: they have signed out elsewhere, or somebody has ended their
 * session. `data-caller` of a page's body says for whom the page was made, and is empty for nobody.
 */

const { caller } = document.body.dataset;

/** Whether a fetched page is for nobody, though this one is for somebody. */
export function isSignedOut(fresh: Document): boolean {
  return Boolean(caller) && fresh.body.dataset.caller === '';
}

/** Says it in place of what the page is out of date for. */
export function showSignedOut(sign: HTMLElement): void {
  const link = document.createElement('a');
  link.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  link.textContent = 'Sign in';
  sign.replaceChildren('You were signed out; this page may be out of date. ', link);
}
