/**
 * Keys that do something without Ctrl, Alt or Meta. A person may switch them off, since software for dictation and some
 * keyboards press keys that were not meant (WCAG 2.2, 2.1.4). The choice is stored in the browser.
 */
const stored = 'volt-single-keys';

export function hasSingleKeys(): boolean {
  try {
    return localStorage.getItem(stored) !== 'off';
  } catch {
    // the browser may forbid storage
    return true;
  }
}

export function setSingleKeys(on: boolean): void {
  try {
    if (on) localStorage.removeItem(stored);
    else localStorage.setItem(stored, 'off');
  } catch {
    // then they are on
  }
}

/** Whether a key is for the page: not for a field, a dialog or an open menu, and with no other key held. */
export function isForPage(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
  const target = event.target instanceof Element ? event.target : null;
  const field = target?.closest('input, textarea, select, [contenteditable], dialog');
  // the field of a dialog that has just been closed keeps the focus until the next frame
  return !field?.checkVisibility();
}
