/** Whether long lines are wrapped, stored in the browser. Without a choice, the style sheet wraps them on narrow screens. */
const key = 'volt-log-wrap';

function chosen(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // the browser may forbid storage
    return null;
  }
}

/** Applies what the reader has chosen. @param log the element with the lines */
export function applyWrap(log: HTMLElement): void {
  const wrap = chosen();
  if (wrap === 'on' || wrap === 'off') log.dataset.wrap = wrap;
}

export function isWrapped(log: HTMLElement): boolean {
  return log.dataset.wrap === undefined ? matchMedia('(max-width: 44rem)').matches : log.dataset.wrap === 'on';
}

export function toggleWrap(log: HTMLElement): void {
  log.dataset.wrap = isWrapped(log) ? 'off' : 'on';
  try {
    localStorage.setItem(key, log.dataset.wrap);
  } catch {
    // then the choice applies to this page only
  }
}

/** On the root while the log fills the window; the style sheet hides everything else. */
const full = 'log-full';

export function isFullScreen(): boolean {
  return document.documentElement.classList.contains(full);
}

export function setFullScreen(on: boolean): void {
  document.documentElement.classList.toggle(full, on);
}
