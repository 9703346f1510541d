/** Closes an open menu when a person clicks elsewhere, leaves it with the keyboard, or presses Escape. */
export function closeMenus(): void {
  const menus = () => document.querySelectorAll<HTMLDetailsElement>('details.menu[open]');
  const closeOthers = ({ target }: Event) => {
    for (const menu of menus()) if (!(target instanceof Node && menu.contains(target))) menu.open = false;
  };
  document.addEventListener('click', closeOthers);
  document.addEventListener('focusin', closeOthers);
  document.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
    }
  });
}
