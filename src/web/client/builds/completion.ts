/** Milliseconds after the last key before the server is asked. */
const settle = 150;
/** Characters that a search takes. */
const longest = 200;

/** Fills the lists of fields (`datalist[data-kind]`) with what the search finds while a person types. */
export function completeFields(): void {
  for (const list of document.querySelectorAll<HTMLDataListElement>('datalist[data-kind]')) {
    for (const field of document.querySelectorAll<HTMLInputElement>(`input[list="${list.id}"]`)) {
      let planned: number | undefined;
      field.addEventListener('input', () => {
        window.clearTimeout(planned);
        planned = window.setTimeout(() => void complete(field, list), settle);
      });
    }
  }
}

async function complete(field: HTMLInputElement, list: HTMLDataListElement): Promise<void> {
  const { value } = field;
  const query = new URLSearchParams({ q: value.slice(0, longest), kind: list.dataset.kind ?? '', limit: '20' });
  const repo = field.form && new FormData(field.form).getAll('repo').find((name) => isRepository(String(name)));
  if (repo) query.set('repo', String(repo));
  try {
    const answer = await fetch(`/api/v1/search?${query}`);
    if (!answer.ok || field.value !== value) return;
    const { results } = (await answer.json()) as { results: { name: string }[] };
    list.replaceChildren(...[...new Set(results.map(({ name }) => name))].map((name) => new Option(name, name)));
  } catch {
    // without an answer, the field is a plain one
  }
}

/** Whether a text names one of the repositories of the page's list. */
function isRepository(text: string): boolean {
  const known = document.querySelectorAll<HTMLOptionElement>('#repositories option');
  return [...known].some(({ value }) => value === text);
}
