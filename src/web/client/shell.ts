/** What every page can do with a script besides being current: menus, the command palette, keys and notifications. */
import { closeMenus } from './shell/menus.ts';
import { Palette } from './shell/palette.ts';
import { forgetPages, rememberPage } from './shell/recent.ts';
import { useShortcuts } from './shell/shortcuts.ts';
import { notifyOfBuilds } from './shell/watched.ts';

const palette = new Palette();
const open = () => palette.open();

closeMenus();
useShortcuts(open);
rememberPage();
notifyOfBuilds();

const find = document.getElementById('find');
find?.querySelector('kbd')?.removeAttribute('hidden');
find?.setAttribute('aria-keyshortcuts', '/ Control+K');
find?.addEventListener('click', (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
document.querySelector('form[action="/sign-out"]')?.addEventListener('submit', forgetPages);
