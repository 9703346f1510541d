/**
 * Keeps the reader's place in a list to which entries are added above: `data-newest` of its region names the first one. While the
 * list is being read, the page is asked for as it is from that entry on, and offers the newer ones in a button (`data-newer`).
 */

/** Milliseconds after a movement of the pointer in which a person may be about to click. */
const aiming = 2000;

let movedAt = 0;

/** The address of the page, which keeps the reader's place in its list. */
export function addressInPlace(): string {
  const region = document.querySelector<HTMLElement>('[data-newest]');
  if (!region || !isBeingRead(region)) return location.href;
  const address = new URL(location.href);
  address.searchParams.set('upto', region.dataset.newest ?? '');
  return address.href;
}

function isBeingRead(region: HTMLElement): boolean {
  const focused = document.activeElement;
  const isFocused = focused !== region && region.contains(focused);
  return window.scrollY > 0 || isFocused || isSelectedIn(region) || Date.now() - movedAt < aiming;
}

/** Whether text of the part is selected: an update would remove the selection. */
export function isSelectedIn(part: HTMLElement): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(part, true);
}

/** Gives up the place when the reader asks for the newer entries. @param show fetches the page again */
export function offerNewer(show: () => void): void {
  document.addEventListener('pointermove', ({ target }) => {
    if (target instanceof Element && target.closest('[data-newest]')) movedAt = Date.now();
  });
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('[data-newer]') : null;
    const region = document.querySelector<HTMLElement>('[data-newest]');
    if (!link || !region || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    getSelection()?.removeAllRanges();
    movedAt = 0;
    window.scrollTo(0, 0);
    region.focus({ preventScroll: true });
    show();
  });
}
