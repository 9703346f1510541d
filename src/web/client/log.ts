/**
 * Replaces the page's own lines by a window over the whole log of a job. It fetches and draws only visible lines, so a log
 * of a million lines works like a short one. It follows a running job, searches on the server, folds steps and groups, and
 * keeps the search and the chosen lines in the address.
 */
import { setFullScreen } from './log/switches.ts';
import { LogView } from './log/view.ts';
import { hasSingleKeys } from './shell/keys.ts';

let view: LogView | undefined;

function begin(): void {
  view?.close();
  const section = document.querySelector<HTMLElement>('#log');
  view = section ? LogView.of(section) : undefined;
  // without a log there is nothing that could fill the window
  if (!view) setFullScreen(false);
}

/** Whether a key is meant for what has the focus, or for the browser. */
function isTaken({ target, ctrlKey, metaKey, altKey, key, defaultPrevented }: KeyboardEvent): boolean {
  if (defaultPrevented || ctrlKey || metaKey || altKey) return true;
  if (key !== 'Escape' && !hasSingleKeys()) return true;
  return key !== 'Escape' && target instanceof Element && target.closest('input, textarea, select, dialog') !== null;
}

begin();
document.addEventListener('volt:log', begin);
document.addEventListener('volt:updated', () => view?.takeSteps());
document.addEventListener('visibilitychange', () => view?.connect());
// before the keys of the page, some of which are the same: while matches are shown, `n` leads to the next one
document.addEventListener(
  'keydown',
  (event) => {
    if (!isTaken(event) && view?.press(event.key)) event.preventDefault();
  },
  { capture: true },
);
window.addEventListener('hashchange', () => view?.goToAddress());
