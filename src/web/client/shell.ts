/** What every page can do with a script besides being current: its menus. */
import { closeMenus } from './shell/menus.ts';

closeMenus();
