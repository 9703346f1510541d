/** The buttons above a log. */
export interface Tools {
  /** goes to another match */
  previous: HTMLButtonElement;
  next: HTMLButtonElement;
  times: HTMLButtonElement;
  wrap: HTMLButtonElement;
  fullScreen: HTMLButtonElement;
  /** goes to the newest lines of a log that grows; hidden while they are in sight */
  newest: HTMLButtonElement;
}

/** Makes the buttons, which need scripts. */
export function addTools(section: HTMLElement, goTo: { top(): void; end(): void }): Tools {
  const previous = button('↑', 'Previous match (Shift-Enter, or N)');
  const next = button('↓', 'Next match (Enter, or n)');
  const times = button('Times', 'Show the time of each line, in your time zone');
  const wrap = button('Wrap', 'Wrap long lines');
  const fullScreen = button('Full screen', 'Show the log alone (f; Escape ends it)');
  const top = button('Top', 'First line of the log');
  const end = button('End', 'Last line of the log');
  top.addEventListener('click', () => goTo.top());
  end.addEventListener('click', () => goTo.end());
  section.querySelector('.match-tools')?.replaceChildren(previous, next);
  section.querySelector('.log-tools')?.replaceChildren(times, wrap, fullScreen, top, end);
  const newest = button('↓ Newest lines', 'Follow the log');
  newest.className = 'newest';
  newest.hidden = true;
  newest.addEventListener('click', () => goTo.end());
  section.querySelector('.log-frame')?.append(newest);
  return { previous, next, times, wrap, fullScreen, newest };
}

/** Shows whether something is switched on. */
export function press(made: HTMLButtonElement, on: boolean): void {
  made.setAttribute('aria-pressed', String(on));
}

function button(text: string, title: string): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.title = title;
  if (!/\w/.test(text)) made.setAttribute('aria-label', title);
  return made;
}
