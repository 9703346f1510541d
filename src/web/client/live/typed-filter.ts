/**
 * Filters a list while a person types: the address follows the form, and the live parts of the page follow the address.
 * Without scripts the form is sent by its button.
 * @param follow fetches the page at the new address
 */
export function filterAsTyped(follow: () => void): void {
  document.addEventListener('input', ({ target }) => {
    const form = target instanceof HTMLInputElement ? target.closest<HTMLFormElement>('form[data-typed]') : null;
    if (!form) return;
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form))
      if (typeof value === 'string' && value !== '') query.set(name, value);
    history.replaceState(null, '', query.size === 0 ? location.pathname : `?${query}`);
    follow();
  });
}
