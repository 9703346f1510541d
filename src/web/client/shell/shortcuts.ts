import { hasSingleKeys, isForPage, setSingleKeys } from './keys.ts';
import { nextJob, nextRow } from './rows.ts';

/** Milliseconds within which the second key of a pair has to follow. */
const pairTime = 1500;

/** Where `g` and a second key lead; pages/shortcuts.tsx lists them. */
const places: { readonly [key: string]: string } = {
  s: '/',
  b: '/builds',
  r: '/repos',
  u: '/runners',
};

/** Single keys that move about the page. None of them changes anything. */
const moves: { readonly [key: string]: () => boolean } = {
  j: () => nextJob('next') || nextRow(1),
  k: () => nextJob('previous') || nextRow(-1),
  n: () => nextJob('next', true),
  p: () => nextJob('previous', true),
};

/** Makes the keys work. @param openPalette for `/` and Ctrl-K */
export function useShortcuts(openPalette: () => void): void {
  let first: { key: string; at: number } | undefined;
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      return openPalette();
    }
    if (!isForPage(event) || !hasSingleKeys()) return;
    const { key } = event;
    const place = first?.key === 'g' && Date.now() - first.at < pairTime ? places[key] : undefined;
    first = { key, at: Date.now() };
    if (place !== undefined) location.assign(place);
    else if (key === '/') openPalette();
    else if (key === '?') void showHelp();
    else if (moves[key]?.() !== true) return;
    event.preventDefault();
  });
  useSwitch(document);
}

/** Shows the list of `/shortcuts` in a dialog. */
async function showHelp(): Promise<void> {
  const answer = await fetch('/shortcuts', { headers: { accept: 'text/html' } });
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const list = page.getElementById('shortcuts');
  if (!list || document.querySelector('dialog.help')) return;
  const dialog = document.createElement('dialog');
  dialog.className = 'help';
  dialog.setAttribute('aria-label', 'Keyboard shortcuts');
  const close = document.createElement('button');
  close.type = 'button';
  close.textContent = 'Close';
  close.addEventListener('click', () => dialog.close());
  dialog.append(document.adoptNode(list), close);
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  useSwitch(dialog);
  dialog.showModal();
}

/** The box that switches single keys on and off; it is hidden without this script. */
function useSwitch(within: ParentNode): void {
  const box = within.querySelector<HTMLInputElement>('#single-keys');
  if (!box) return;
  box.checked = hasSingleKeys();
  box.addEventListener('change', () => setSingleKeys(box.checked));
  box.closest<HTMLElement>('[hidden]')?.removeAttribute('hidden');
}
