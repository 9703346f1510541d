/**
 * The link of a row covers its empty space, but not its texts, so that one can select them (styles/builds.css). A click on a text
 * follows the link, too, as a middle click or one with a key does, unless it ends a selection.
 */
export function followRows(): void {
  document.addEventListener('click', follow);
  document.addEventListener('auxclick', follow);
}

function follow(event: MouseEvent): void {
  if (!(event.target instanceof Element) || event.defaultPrevented || event.button > 1) return;
  const link = event.target.closest('tr')?.querySelector<HTMLAnchorElement>('a.row-link');
  if (!link) return;
  if (getSelection()?.isCollapsed === false) {
    if (link.contains(event.target)) event.preventDefault();
    return;
  }
  if (event.target.closest('a, button')) return;
  const { metaKey, shiftKey } = event;
  const ctrlKey = event.ctrlKey || event.button === 1;
  link.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey, metaKey, shiftKey }));
}
